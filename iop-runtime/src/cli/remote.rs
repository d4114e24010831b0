//! The production that runs, asked over its API: found by its store or by a URL.

use std::path::Path;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use serde::de::DeserializeOwned;

use super::Program;
use super::arguments::SettingsArguments;
use super::exit::{Exit, Failure};
pub(crate) use crate::director::segment;
use crate::director::{CallFailure, FailureKind, RemoteAnswer, RemoteDirector};
use crate::events::{escaped, escaped_lines};
use crate::message::MessageId;
use crate::settings::StoreChoice;

/// A production that runs in another process.
#[derive(Debug, Clone)]
pub(crate) struct Remote(RemoteDirector);

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer(RemoteAnswer);

impl Remote {
    /// The production whose store is in this directory.
    pub(crate) fn of(directory: &Path) -> Result<Self, Failure> {
        RemoteDirector::of_store(directory).map(Self).map_err(|failure| failed(&failure))
    }

    /// The production of `--url`, where there is one.
    pub(crate) fn named(arguments: &SettingsArguments) -> Result<Option<Self>, Failure> {
        let Some(url) = &arguments.url else { return Ok(None) };
        let Some(file) = &arguments.token_file else {
            let text = "`--url` needs a token: `--token-file FILE` with that of a user, or of the store";
            return Err(Failure::new(Exit::Usage, text));
        };
        let token = std::fs::read_to_string(file)
            .map_err(|error| Failure::new(Exit::Refused, format!("cannot read {}: {error}", file.display())))?;
        let remote = match (&arguments.ca, url.starts_with("https://")) {
            (Some(ca), true) => RemoteDirector::over_tls(url, &token, ca),
            (None, false) => RemoteDirector::at(url, &token),
            (None, true) => {
                let text = "https:// needs the certificates to trust: `--ca FILE` with that of the production or of who \
                            vouches for it; those of the system are often in /etc/ssl/certs/ca-certificates.crt";
                return Err(Failure::new(Exit::Usage, text));
            }
            (Some(_), false) => {
                return Err(Failure::new(Exit::Usage, "`--ca` is for an https:// URL; this one is not encrypted"));
            }
        };
        remote.map(|remote| Some(Self(remote))).map_err(|failure| failed(&failure))
    }

    /// One call.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        key: Option<MessageId>,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        self.0.request(method, path, key, body).await.map(Answer).map_err(|failure| failed(&failure))
    }

    /// One call, and its answer as a value.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Bytes) -> Result<T, Failure> {
        let body = self.call(method, path, None, body).await?.accepted()?;
        serde_json::from_slice(&body).map_err(Failure::failed)
    }
}

impl Answer {
    pub(crate) fn of(status: StatusCode, body: Bytes) -> Self {
        Self(RemoteAnswer { status, body })
    }

    /// As [`accepted`](Self::accepted), where the error may have several lines.
    pub(crate) fn accepted_lines(self) -> Result<Bytes, Failure> {
        let status = self.0.status;
        self.0.accepted().map_err(|failure| Failure::new(exit(status, failure.kind), escaped_lines(&failure.error)))
    }

    /// The answer, or what its status means for a command.
    pub(crate) fn accepted(self) -> Result<Bytes, Failure> {
        let status = self.0.status;
        self.0.accepted().map_err(|failure| Failure::new(exit(status, failure.kind), text(&failure)))
    }
}

fn exit(status: StatusCode, kind: FailureKind) -> Exit {
    match (status, kind) {
        (StatusCode::NOT_FOUND, _) => Exit::FoundNothing,
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::MISDIRECTED_REQUEST, _) => Exit::Refused,
        (StatusCode::SERVICE_UNAVAILABLE, _) | (_, FailureKind::NotRunning) => Exit::NotRunning,
        _ => Exit::Failed,
    }
}

fn text(failure: &CallFailure) -> String {
    let error = &failure.error;
    let text = match &failure.path {
        // The error names the field already, or there is none to name: `.` is the body as a whole.
        Some(path) if path != "." && !error.contains(path) => format!("{error} (at {path})"),
        _ => error.clone(),
    };
    escaped(&text)
}

/// A call that did not come to an answer.
fn failed(failure: &CallFailure) -> Failure {
    let exit = match failure.kind {
        FailureKind::NotRunning => Exit::NotRunning,
        FailureKind::Refused => Exit::Refused,
        FailureKind::BadRequest => Exit::Usage,
        _ => Exit::Failed,
    };
    Failure::new(exit, text(failure))
}

impl Program {
    /// The production that runs with the store of the settings, or at the URL that was given.
    pub(crate) fn remote(self, arguments: &SettingsArguments) -> Result<Remote, Failure> {
        if let Some(remote) = Remote::named(arguments)? {
            return Ok(remote);
        }
        match self.engine_settings(arguments)?.store {
            StoreChoice::Memory => Err(Failure::new(
                Exit::NotRunning,
                "a production that keeps its messages in memory cannot be found by its store; name it with `--url`",
            )),
            StoreChoice::Sqlite(directory) => Remote::of(&directory),
        }
    }
}
