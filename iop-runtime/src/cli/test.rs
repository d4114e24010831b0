//! `test`: sends a message to an item and shows what came of it.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::arguments::{SettingsArguments, TestArguments, TraceForm};
use super::exit::{Exit, Failure};
use super::remote::{Remote, segment};
use super::source::Source;
use super::start::{begun, runtime};
use super::table::Rows;
use super::{Program, store, trace};
use crate::director::view::{self, SessionTrace, Sight};
use crate::director::{DirectorError, takes_messages};
use crate::engine::{StartOptions, Stop};
use crate::events::escaped;
use crate::message::{Kind, MessageId, SessionId, Status};
use crate::settings::{ResolvedProduction, StoreChoice};
use crate::store::{Step, Store};

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
        if arguments.list {
            return self.list_entrances(out);
        }
        if let Some(name) = &arguments.template {
            let known = view::message_type(name);
            let known = known.ok_or_else(|| Failure::found_nothing(format!("there is no type `{}`", escaped(name))))?;
            serde_json::to_writer_pretty(&mut *out, &known.example)?;
            writeln!(out)?;
            return Ok(Exit::Done);
        }
        // Clap has seen that both are there.
        let (Some(item), Some(text)) = (&arguments.item, &arguments.body) else {
            return Err(Failure::new(Exit::Usage, "name an item, and give it a message with `--body`"));
        };
        let message = Message {
            item,
            type_name: arguments.type_name.as_deref(),
            body: body(text)?,
            sight: trace::sight(arguments.output, arguments.reveal),
        };
        let expected = arguments.expect.as_deref().map(expected).transpose()?;
        let sent = match Remote::named(settings)? {
            Some(remote) => runtime()?.block_on(far(&remote, &message)),
            None => self.send(settings, &message),
        }?;
        let otherwise = expected.and_then(|expected| sent.otherwise(&expected));
        let exit = sent.write(self, arguments.output, arguments.reveal, out)?;
        match otherwise {
            Some(otherwise) => Err(Failure::new(Exit::CheckFailed, otherwise)),
            None => Ok(exit),
        }
    }

    fn send(self, settings: &SettingsArguments, message: &Message<'_>) -> Result<Sent, Failure> {
        let resolved = self.prepare(settings)?;
        runtime()?.block_on(async {
            match store::open(&resolved.engine) {
                Ok(store) => here(resolved, store, message).await,
                Err(failure) if failure.exit == Exit::Refused => match &resolved.engine.store {
                    StoreChoice::Sqlite(directory) => there(directory, message).await,
                    StoreChoice::Memory => Err(failure),
                },
                Err(failure) => Err(failure),
            }
        })
    }

    /// The items that a message can be sent to.
    fn list_entrances(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let mut rows = Rows::new(["item", "kind", "messages"]);
        for item in self.graph.items {
            let component = item.component;
            if takes_messages(component.kind, &component.entrance) {
                let names: Vec<_> = (component.handles)().iter().map(|message| message.name).collect();
                rows.push([item.name.to_owned(), component.kind.as_str().to_owned(), names.join(", ")]);
            }
        }
        rows.write(out)?;
        Ok(Exit::Done)
    }
}

/// What is sent, and how much is seen of what comes of it.
struct Message<'a> {
    item: &'a str,
    type_name: Option<&'a str>,
    body: Bytes,
    sight: Sight,
}

fn expected(argument: &str) -> Result<Value, Failure> {
    let wrong = |error| Failure::new(Exit::Usage, format!("what is expected is no JSON: {error}"));
    serde_json::from_slice(&body(argument)?).map_err(wrong)
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
    /// What is not as it was expected, at the first place where it is not; nothing, where no response came: that is said anyway.
    fn otherwise(&self, expected: &Value) -> Option<String> {
        let response = self.response.as_ref().ok()?;
        let found = response.as_ref().map_or(Value::Null, |body| serde_json::from_slice(body).unwrap_or_default());
        let (path, wanted, found) = difference(String::new(), expected, &found)?;
        let path = if path.is_empty() { "the response".to_owned() } else { format!("`{}`", escaped(&path)) };
        Some(format!("{path} is {}, expected was {}", escaped(&found), escaped(&wanted)))
    }

    fn write(self, program: Program, form: TraceForm, reveal: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
        let body = self.response.as_ref().ok().and_then(Option::as_ref);
        let (type_name, version) = self.trace.as_ref().and_then(response_type).unwrap_or_default();
        let response = body.map_or(Value::Null, |body| view::masked(type_name, version, body, reveal));
        match form {
            TraceForm::Mermaid | TraceForm::Svg => {
                if let Some(trace) = &self.trace {
                    program.write_trace(trace, form, out)?;
                }
            }
            TraceForm::Tree => {
                if body.is_some() {
                    serde_json::to_writer_pretty(&mut *out, &response)?;
                    writeln!(out, "\n")?;
                }
                if let Some(trace) = &self.trace {
                    program.write_trace(trace, TraceForm::Tree, out)?;
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

/// The first place in which two values differ, with both as JSON.
fn difference(path: String, expected: &Value, found: &Value) -> Option<(String, String, String)> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
            names.into_iter().find_map(|name| {
                let of = |fields: &serde_json::Map<String, Value>| fields.get(name).cloned().unwrap_or_default();
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                difference(path, &of(expected), &of(found))
            })
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let mut pairs = expected.iter().zip(found).enumerate();
            pairs.find_map(|(index, (expected, found))| difference(format!("{path}[{index}]"), expected, found))
        }
        _ if expected == found => None,
        _ => Some((path, expected.to_string(), found.to_string())),
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
async fn here(resolved: ResolvedProduction, store: Arc<dyn Store>, message: &Message<'_>) -> Result<Sent, Failure> {
    let grace = resolved.engine.stop_grace;
    let options = StartOptions { services: false, ..StartOptions::default() };
    let running = begun(resolved, Arc::clone(&store), options).await?;
    let id = MessageId::random();
    let called = running.director().call_json(message.item, message.type_name, &message.body, Some(id)).await;
    // The trace is shown as far as it is.
    let _ = tokio::time::timeout(REST, running.until_idle()).await;
    running.flush_log();
    // What was handed in before this step is readable after it.
    let _ = store.submit(Step::default()).commit.wait().await;
    let trace = trace::of(&*store, SessionId::of(id), message.sight).await;
    running.stop(Stop::Drain(grace)).await.map_err(Failure::failed)?;
    Ok(Sent { response: called.map(|called| called.response).map_err(|error| refused(&error)), trace: trace? })
}

fn refused(error: &DirectorError) -> Failure {
    let exit = match error {
        DirectorError::UnknownItem { .. } | DirectorError::NoEntrance(_) => Exit::FoundNothing,
        DirectorError::Stopped(_) => Exit::NotRunning,
        _ => Exit::Failed,
    };
    Failure::new(exit, escaped(&error.to_string()))
}

#[derive(Debug, Deserialize)]
struct Answered {
    response: Option<Box<RawValue>>,
}

/// In the process that has the store.
async fn there(directory: &Path, message: &Message<'_>) -> Result<Sent, Failure> {
    let id = MessageId::random();
    let response = called(&Remote::of(directory)?, id, message).await?;
    let source = Source::Store(store::open_viewer(directory)?);
    Ok(Sent { response, trace: settled(&source, id, message.sight).await? })
}

/// In a production that was named.
async fn far(remote: &Remote, message: &Message<'_>) -> Result<Sent, Failure> {
    let id = MessageId::random();
    let response = called(remote, id, message).await?;
    Ok(Sent { response, trace: settled(&Source::Running(remote.clone()), id, message.sight).await? })
}

/// The response, or why there is none.
async fn called(
    remote: &Remote,
    id: MessageId,
    message: &Message<'_>,
) -> Result<Result<Option<Bytes>, Failure>, Failure> {
    let mut path = format!("/api/v1/items/{}/messages", segment(message.item));
    if let Some(name) = message.type_name {
        path = format!("{path}?type={}", segment(name));
    }
    let answer = remote.call(Method::POST, &path, Some(id), message.body.clone()).await?.accepted();
    Ok(answer.and_then(|body| {
        let answered: Answered = serde_json::from_slice(&body).map_err(Failure::failed)?;
        Ok(answered.response.map(|text| Bytes::from(text.get().to_owned())))
    }))
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
async fn settled(source: &Source, id: MessageId, sight: Sight) -> Result<Option<SessionTrace>, Failure> {
    let deadline = tokio::time::Instant::now() + REST;
    loop {
        let trace = source.trace(id, sight).await?;
        let over = trace.as_ref().is_none_or(is_settled) || tokio::time::Instant::now() >= deadline;
        // What was said last reaches the log a moment after the message ended.
        tokio::time::sleep(LOOK).await;
        if over {
            return source.trace(id, sight).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_as_expected_is_named_by_its_place() {
        let place = |expected: Value, found: Value| difference(String::new(), &expected, &found).map(|found| found.0);
        let body = json!({"sum": 9, "rows": [{"a": 1}, {"a": 2}]});
        assert_eq!(place(body.clone(), body.clone()), None);
        assert_eq!(place(json!({"sum": 9, "rows": [{"a": 1}, {"a": 3}]}), body.clone()), Some("rows[1].a".to_owned()));
        assert_eq!(place(json!({"sum": 9, "rows": []}), body.clone()), Some("rows".to_owned()));
        assert_eq!(place(json!({"sum": 9}), body.clone()), Some("rows".to_owned()));
        assert_eq!(place(json!(null), body), Some(String::new()));
    }
}
