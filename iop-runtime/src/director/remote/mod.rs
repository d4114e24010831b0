//! A production in another process, driven over its API: through the socket in its store, or over the network with a token.

#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
mod tls;
mod way;

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use self::way::{Broken, Way, exchange};
use super::http::{ADDRESS_FILE, TOKEN_FILE};
use super::json::{JsonAnswer, JsonDirector};
use super::view::SessionTrace;
use super::{CallFailure, Called, FailureKind};
use crate::engine::Stop;
use crate::message::{MessageId, SessionId};

/// Longer than any call may take there.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A production that runs in another process.
#[derive(Clone)]
pub struct RemoteDirector {
    ways: Vec<Way>,
    token: Option<String>,
}

impl fmt::Debug for RemoteDirector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteDirector").field("ways", &self.ways).finish_non_exhaustive()
    }
}

/// What a production answered.
#[derive(Debug, Clone)]
pub struct RemoteAnswer {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Bytes,
}

fn not_running(text: String) -> CallFailure {
    CallFailure::new(FailureKind::NotRunning, text)
}

impl RemoteDirector {
    /// The production that runs with the store in this directory: through its socket, where it has one.
    ///
    /// # Errors
    /// Where no production runs with it, or its token cannot be read.
    pub fn of_store(directory: &Path) -> Result<Self, CallFailure> {
        let mut ways = Vec::new();
        #[cfg(unix)]
        {
            let socket = directory.join(super::http::SOCKET_FILE);
            if socket.exists() {
                ways.push(Way::Socket(socket));
            }
        }
        let read = |file: &str| std::fs::read_to_string(directory.join(file));
        let address = read(ADDRESS_FILE).ok();
        if ways.is_empty() && address.as_deref().is_some_and(|text| text.starts_with("https://")) {
            let text = "it speaks TLS, and there is no socket in its store: name it by `--url https://NAME:PORT`";
            return Err(CallFailure::new(FailureKind::Refused, text));
        }
        let address = address.and_then(|text| text.trim().parse::<SocketAddr>().ok());
        let token = match (address, read(TOKEN_FILE)) {
            (Some(address), Ok(token)) => {
                ways.push(Way::Network(address.to_string()));
                Some(token.trim().to_owned())
            }
            (Some(_), Err(error)) if ways.is_empty() => {
                let file = directory.join(TOKEN_FILE);
                let text = format!("cannot read the token in {}: {error}", file.display());
                return Err(CallFailure::new(FailureKind::Refused, text));
            }
            _ => None,
        };
        if ways.is_empty() {
            let store = directory.display();
            return Err(not_running(format!("no production is running with the store {store}; start it with `run`")));
        }
        Ok(Self { ways, token })
    }

    /// The production whose entrance has this URL, `http://127.0.0.1:4100`, for whoever has this token.
    ///
    /// # Errors
    /// Where it is no such URL.
    pub fn at(url: &str, token: &str) -> Result<Self, CallFailure> {
        let authority = way::authority(url, "http://", 80)?;
        Ok(Self { ways: vec![Way::Network(authority)], token: Some(token.trim().to_owned()) })
    }

    /// The same over TLS, `https://iop.example.org:4100`, with one whose certificate is vouched for by one in this PEM file.
    ///
    /// # Errors
    /// Where it is no such URL, the file has no certificate in it, or this program cannot speak TLS.
    pub fn over_tls(url: &str, token: &str, authorities: &Path) -> Result<Self, CallFailure> {
        let authority = way::authority(url, "https://", 443)?;
        let way = Way::Tls(tls::Trust::to(&authority, authorities)?, authority);
        Ok(Self { ways: vec![way], token: Some(token.trim().to_owned()) })
    }

    /// One call of the API: a method, a path that begins with `/api/v1/`, and a body.
    ///
    /// # Errors
    /// Where the production cannot be reached, or does not answer in time. An answer that says that it failed is none.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        key: Option<MessageId>,
        body: Bytes,
    ) -> Result<RemoteAnswer, CallFailure> {
        let mut failure = not_running("there is no way to the production".to_owned());
        for way in &self.ways {
            let request = self.built(way, &method, path, key, body.clone())?;
            match tokio::time::timeout(TIMEOUT, exchange(way, request)).await {
                Ok(Ok(answer)) => return Ok(answer),
                // Nothing was sent: the next way may lead there.
                Ok(Err(Broken::Before(error))) => {
                    failure = not_running(format!("the production at {way} is not running: {error}"));
                }
                Ok(Err(Broken::Distrusted(error))) => {
                    let text = format!("{way} did not prove that it is the one: {error}; nothing was sent");
                    return Err(CallFailure::new(FailureKind::Refused, text));
                }
                Ok(Err(Broken::After(error))) => {
                    let text = format!("the production at {way} went away before it answered: {error}");
                    return Err(not_running(text));
                }
                Err(_) => {
                    return Err(CallFailure::new(FailureKind::TimedOut, format!("{way} did not answer in time")));
                }
            }
        }
        Err(failure)
    }

    fn built(
        &self,
        way: &Way,
        method: &Method,
        path: &str,
        key: Option<MessageId>,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, CallFailure> {
        let mut request = Request::builder().method(method.clone()).uri(path);
        match way {
            #[cfg(unix)]
            Way::Socket(_) => request = request.header(header::HOST, "localhost"),
            Way::Network(authority) | Way::Tls(_, authority) => {
                request = request.header(header::HOST, authority);
                if let Some(token) = &self.token {
                    request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
                }
            }
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key.to_string());
        }
        let wrong = |error: hyper::http::Error| CallFailure::new(FailureKind::BadRequest, error.to_string());
        request.body(Full::new(body)).map_err(wrong)
    }

    /// One call of the API, and its answer as a value.
    ///
    /// # Errors
    /// See [`request`](Self::request) and [`RemoteAnswer::accepted`].
    pub async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Bytes) -> Result<T, CallFailure> {
        self.request(method, path, None, body).await?.read()
    }

    async fn deliver(
        &self,
        (item, type_name, body): (&str, Option<&str>, &[u8]),
        id: Option<MessageId>,
        wait: bool,
    ) -> Result<Called, CallFailure> {
        #[derive(Deserialize)]
        struct Sent {
            id: MessageId,
            session: SessionId,
            response: Option<Box<RawValue>>,
        }

        let mut path = format!("/api/v1/items/{}/messages?wait={wait}", segment(item));
        if let Some(name) = type_name {
            path = format!("{path}&type={}", segment(name));
        }
        let answer = self.request(Method::POST, &path, id, Bytes::copy_from_slice(body)).await?;
        let Sent { id, session, response } = answer.read()?;
        Ok(Called { id, session, response: response.map(|text| Bytes::from(text.get().to_owned())) })
    }

    async fn order(&self, path: String) -> Result<bool, CallFailure> {
        #[derive(Deserialize)]
        struct Changed {
            changed: bool,
        }

        let Changed { changed } = self.ask(Method::POST, &path, Bytes::new()).await?;
        Ok(changed)
    }
}

impl RemoteAnswer {
    /// The body, or why it failed.
    ///
    /// # Errors
    /// What the production said.
    pub fn accepted(self) -> Result<Bytes, CallFailure> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let unreadable = |_| CallFailure::new(FailureKind::Other, format!("the production answered {}", self.status));
        Err(serde_json::from_slice(&self.body).unwrap_or_else(unreadable))
    }

    fn read<T: DeserializeOwned>(self) -> Result<T, CallFailure> {
        let body = self.accepted()?;
        serde_json::from_slice(&body).map_err(|error| {
            CallFailure::new(
                FailureKind::Other,
                format!("the production answered what this program cannot read: {error}"),
            )
        })
    }
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

impl JsonDirector for RemoteDirector {
    fn call<'a>(
        &'a self,
        item: &'a str,
        type_name: Option<&'a str>,
        body: &'a [u8],
        id: Option<MessageId>,
    ) -> JsonAnswer<'a, Called> {
        Box::pin(self.deliver((item, type_name, body), id, true))
    }

    fn send<'a>(
        &'a self,
        item: &'a str,
        type_name: Option<&'a str>,
        body: &'a [u8],
        id: Option<MessageId>,
    ) -> JsonAnswer<'a, Called> {
        Box::pin(self.deliver((item, type_name, body), id, false))
    }

    fn session(&self, session: SessionId) -> JsonAnswer<'_, SessionTrace> {
        let path = format!("/api/v1/sessions/{session}?bodies=true");
        Box::pin(async move { self.ask(Method::GET, &path, Bytes::new()).await })
    }

    fn state(&self) -> JsonAnswer<'_, Value> {
        Box::pin(self.ask(Method::GET, "/api/v1/status", Bytes::new()))
    }

    fn start<'a>(&'a self, item: &'a str) -> JsonAnswer<'a, bool> {
        Box::pin(self.order(format!("/api/v1/items/{}/start", segment(item))))
    }

    fn stop<'a>(&'a self, item: &'a str, how: Stop) -> JsonAnswer<'a, bool> {
        let how = match how {
            Stop::Drain(grace) => format!("grace={}", grace.as_secs()),
            Stop::Now => "now=true".to_owned(),
        };
        Box::pin(self.order(format!("/api/v1/items/{}/stop?{how}", segment(item))))
    }
}
