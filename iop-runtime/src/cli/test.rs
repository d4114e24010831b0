//! `test`: sends a message to an item and shows what came of it.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::arguments::{ChangeArguments, SettingsArguments, TestArguments, TraceForm};
use super::exit::{Exit, Failure};
use super::remote::{Remote, segment};
use super::start::{runtime, unchanged};
use super::{Program, store, trace};
use crate::director::DirectorError;
use crate::director::view::{self, SessionTrace, TraceExtent};
use crate::engine::{self, StartOptions, Stop};
use crate::message::{Kind, MessageId, SessionId, Status};
use crate::settings::{ResolvedProduction, StoreChoice};
use crate::store::{Step, Store, Viewer};

/// How long the rest of a session may take after its response, before its trace is shown as it is.
const REST: Duration = Duration::from_secs(5);

/// Between two looks at a session in another process.
const LOOK: Duration = Duration::from_millis(50);

impl Program {
    /// `test`.
    pub(crate) fn test(
        self,
        settings: &SettingsArguments,
        arguments: &TestArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let body = body(&arguments.body)?;
        let resolved = self.prepare(settings)?;
        let sent = runtime()?.block_on(async {
            match store::open(&resolved.engine) {
                Ok(store) => here(resolved, store, arguments, body).await,
                Err(failure) if failure.exit == Exit::Refused => match &resolved.engine.store {
                    StoreChoice::Sqlite(directory) => there(directory, arguments, body).await,
                    StoreChoice::Memory => Err(failure),
                },
                Err(failure) => Err(failure),
            }
        })?;
        sent.write(arguments.output, arguments.reveal, out)
    }
}

/// What came of a message.
struct Sent {
    /// The response as JSON, where there is one.
    response: Result<Option<Bytes>, Failure>,
    trace: Option<SessionTrace>,
}

#[derive(Debug, Serialize)]
struct SentDocument {
    response: Value,
    error: Option<String>,
    trace: Option<SessionTrace>,
}

impl Sent {
    fn write(self, form: TraceForm, reveal: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
        let body = self.response.as_ref().ok().and_then(Option::as_ref);
        let (type_name, version) = self.trace.as_ref().and_then(response_type).unwrap_or_default();
        let response = body.map_or(Value::Null, |body| view::masked(type_name, version, body, reveal));
        match form {
            TraceForm::Tree => {
                if body.is_some() {
                    serde_json::to_writer_pretty(&mut *out, &response)?;
                    writeln!(out, "\n")?;
                }
                if let Some(trace) = &self.trace {
                    trace::write(trace, TraceForm::Tree, out)?;
                }
            }
            TraceForm::Json => {
                let error = self.response.as_ref().err().map(|failure| failure.text.clone());
                serde_json::to_writer_pretty(&mut *out, &SentDocument { response, error, trace: self.trace })?;
                writeln!(out)?;
            }
        }
        self.response.map(|_| Exit::Done)
    }
}

/// The argument itself, the contents of `@file`, or standard input.
pub(super) fn body(argument: &str) -> Result<Bytes, Failure> {
    let cannot = |what: &str, error: std::io::Error| Failure::failed(format!("cannot read {what}: {error}"));
    if argument == "-" {
        let mut body = Vec::new();
        std::io::stdin().read_to_end(&mut body).map_err(|error| cannot("standard input", error))?;
        return Ok(body.into());
    }
    match argument.strip_prefix('@') {
        Some(file) => std::fs::read(file).map(Bytes::from).map_err(|error| cannot(file, error)),
        None => Ok(Bytes::from(argument.to_owned())),
    }
}

/// In this process, without the services that would bring input of their own.
async fn here(
    resolved: ResolvedProduction,
    store: Arc<dyn Store>,
    arguments: &TestArguments,
    body: Bytes,
) -> Result<Sent, Failure> {
    let grace = resolved.engine.stop_grace;
    let options = StartOptions { services: false, ..StartOptions::default() };
    unchanged(&resolved, &*store, &ChangeArguments::default()).await?;
    let running = engine::start(resolved, Arc::clone(&store), options).await;
    let id = MessageId::random();
    let called = running.director().call_json(&arguments.item, arguments.type_name.as_deref(), &body, Some(id)).await;
    // The trace is shown as far as it is.
    let _ = tokio::time::timeout(REST, running.until_idle()).await;
    running.flush_log();
    // What was handed in before this step is readable after it.
    let _ = store.submit(Step::default()).commit.wait().await;
    let trace = trace::of(&*store, SessionId::of(id), trace::extent(arguments.output, arguments.reveal)).await;
    running.stop(Stop::Drain(grace)).await.map_err(Failure::failed)?;
    Ok(Sent { response: called.map(|called| called.response).map_err(|error| refused(&error)), trace: trace? })
}

fn refused(error: &DirectorError) -> Failure {
    let exit = match error {
        DirectorError::UnknownItem { .. } | DirectorError::NoEntrance(_) => Exit::FoundNothing,
        DirectorError::Stopped(_) => Exit::NotRunning,
        _ => Exit::Failed,
    };
    Failure::new(exit, crate::events::escaped(&error.to_string()))
}

#[derive(Debug, Deserialize)]
struct Answered {
    response: Option<Box<RawValue>>,
}

/// In the process that has the store.
async fn there(directory: &Path, arguments: &TestArguments, body: Bytes) -> Result<Sent, Failure> {
    let remote = Remote::of(directory)?;
    let id = MessageId::random();
    let mut path = format!("/api/v1/items/{}/messages", segment(&arguments.item));
    if let Some(name) = &arguments.type_name {
        path = format!("{path}?type={}", segment(name));
    }
    let answer = remote.call(Method::POST, &path, Some(id), body).await?.accepted();
    let response = answer.and_then(|body| {
        let answered: Answered = serde_json::from_slice(&body).map_err(Failure::failed)?;
        Ok(answered.response.map(|text| Bytes::from(text.get().to_owned())))
    });
    let viewer = store::open_viewer(directory)?;
    Ok(Sent {
        response,
        trace: settled(&*viewer, SessionId::of(id), trace::extent(arguments.output, arguments.reveal)).await?,
    })
}

/// The name and version of the type of the response to the input.
fn response_type(trace: &SessionTrace) -> Option<(&str, u32)> {
    let input = Some(trace.session.input());
    let mut messages = trace.messages.iter().map(|traced| &traced.message);
    let response = messages.find(|message| message.kind == Kind::Response && message.parent == input)?;
    Some((&response.type_name, response.version))
}

/// Nothing of it is under way: what is left waits for a person or for its next attempt.
fn is_settled(trace: &SessionTrace) -> bool {
    !trace.messages.iter().any(|traced| matches!(traced.message.status, Status::Queued | Status::InFlight))
}

/// A session once nothing of it is under way, or as it is after a while.
async fn settled(
    viewer: &dyn Viewer,
    session: SessionId,
    extent: TraceExtent,
) -> Result<Option<SessionTrace>, Failure> {
    let deadline = tokio::time::Instant::now() + REST;
    loop {
        let trace = trace::of(viewer, session, extent).await?;
        if trace.as_ref().is_none_or(is_settled) || tokio::time::Instant::now() >= deadline {
            // What was said last reaches the log a moment after the message ended.
            tokio::time::sleep(LOOK).await;
            return trace::of(viewer, session, extent).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}
