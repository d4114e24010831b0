//! The production that runs, asked over its HTTP entrance: found by the files in its store directory.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::TcpStream;

use super::arguments::SettingsArguments;
use super::exit::{Exit, Failure};
use super::{Program, say, wait_for};
use crate::director::http::{ADDRESS_FILE, TOKEN_FILE};
use crate::events::{escaped, escaped_lines};
use crate::message::MessageId;
use crate::settings::StoreChoice;

/// Longer than any call may take there.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A production that runs in another process.
#[derive(Debug)]
pub(crate) struct Remote {
    address: SocketAddr,
    token: String,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

#[derive(Debug, Deserialize)]
struct FailureBody {
    error: String,
    path: Option<String>,
}

impl Remote {
    /// The production whose store is in this directory.
    pub(crate) fn of(directory: &Path) -> Result<Self, Failure> {
        let read = |file: &str| std::fs::read_to_string(directory.join(file));
        let address = read(ADDRESS_FILE).ok().and_then(|text| text.trim().parse().ok());
        let Some(address) = address else { return Err(not_running(directory)) };
        let token = read(TOKEN_FILE).map_err(|error| {
            let file = directory.join(TOKEN_FILE);
            Failure::new(Exit::Refused, format!("cannot read the token in {}: {error}", file.display()))
        })?;
        Ok(Self { address, token: token.trim().to_owned() })
    }

    /// One call.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        key: Option<MessageId>,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        if let Some(key) = key {
            request = request.header("idempotency-key", key.to_string());
        }
        let request = request.body(Full::new(body)).map_err(Failure::failed)?;
        match tokio::time::timeout(TIMEOUT, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::failed(format!("{} did not answer in time", self.address))),
        }
    }

    /// One call, and its answer as a value.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Bytes) -> Result<T, Failure> {
        let body = self.call(method, path, None, body).await?.accepted()?;
        serde_json::from_slice(&body).map_err(Failure::failed)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        let gone = |error: &dyn std::fmt::Display| {
            Failure::new(Exit::NotRunning, format!("the production at {} is not running: {error}", self.address))
        };
        let stream = TcpStream::connect(self.address).await.map_err(|error| gone(&error))?;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| gone(&error))?;
        let answer = async move {
            let response = sender.send_request(request).await?;
            let status = response.status();
            let body = response.into_body().collect().await?.to_bytes();
            Ok::<_, hyper::Error>(Answer { status, body })
        };
        // The connection ends when the answer is whole and its sender is gone.
        let (answer, _) = futures_util::future::join(answer, connection).await;
        answer.map_err(|error| gone(&error))
    }
}

impl Answer {
    /// As [`accepted`](Self::accepted), where the error may have several lines.
    pub(crate) fn accepted_lines(self) -> Result<Bytes, Failure> {
        let told = serde_json::from_slice::<FailureBody>(&self.body).map(|body| body.error);
        self.accepted().map_err(|failure| match told {
            Ok(lines) => Failure::new(failure.exit, escaped_lines(&lines)),
            Err(_) => failure,
        })
    }

    /// The answer, or what its status means for a command.
    pub(crate) fn accepted(self) -> Result<Bytes, Failure> {
        let exit = match self.status {
            status if status.is_success() => return Ok(self.body),
            StatusCode::NOT_FOUND => Exit::FoundNothing,
            StatusCode::UNAUTHORIZED | StatusCode::MISDIRECTED_REQUEST => Exit::Refused,
            StatusCode::SERVICE_UNAVAILABLE => Exit::NotRunning,
            _ => Exit::Failed,
        };
        let text = match serde_json::from_slice::<FailureBody>(&self.body) {
            // The error names the field already, or there is none to name: `.` is the body as a whole.
            Ok(FailureBody { error, path: Some(path) }) if path != "." && !error.contains(&path) => {
                format!("{error} (at {path})")
            }
            Ok(FailureBody { error, .. }) => error,
            Err(_) => format!("the production answered {}", self.status),
        };
        Err(Failure::new(exit, escaped(&text)))
    }
}

fn not_running(directory: &Path) -> Failure {
    Failure::new(
        Exit::NotRunning,
        format!("no production is running with the store {}; start it with `run`", directory.display()),
    )
}

/// A name as a segment of a path.
pub(crate) fn segment(name: &str) -> String {
    let mut segment = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

impl Program {
    /// The production that runs with the store of the settings.
    pub(crate) fn remote(self, arguments: &SettingsArguments) -> Result<Remote, Failure> {
        match self.engine_settings(arguments)?.store {
            StoreChoice::Memory => Err(Failure::new(
                Exit::NotRunning,
                "a production that keeps its messages in memory cannot be found by its store; call its HTTP entrance",
            )),
            StoreChoice::Sqlite(directory) => Remote::of(&directory),
        }
    }

    /// `start`, `stop`, `restart`.
    pub(crate) fn order(self, arguments: &SettingsArguments, item: &str, what: &str) -> Result<Exit, Failure> {
        let remote = self.remote(arguments)?;
        let path = format!("/api/v1/items/{}/{what}", segment(item));
        let body = wait_for(async { remote.call(Method::POST, &path, None, Bytes::new()).await?.accepted() })?;
        let changed = serde_json::from_slice::<Value>(&body).is_ok_and(|body| body["changed"] == true);
        let state = if what == "stop" { "stopped" } else { "running" };
        say(&format!("`{}` {} {state}", escaped(item), if changed { "is" } else { "was already" }));
        Ok(Exit::Done)
    }
}
