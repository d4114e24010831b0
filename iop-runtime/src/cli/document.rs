//! Messages and events as JSON documents of the command line: times as text, bodies in place, sensitive fields masked.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::clock::Timestamp;
use crate::message::{Header, Invocation, Kind, MASK, MessageId, SessionId, Status, SuspendReason};
use crate::production::Registry;
use crate::store::{Event, Level};

/// A message.
#[derive(Debug, Serialize)]
pub(crate) struct MessageDocument {
    id: MessageId,
    sequence: u64,
    session: SessionId,
    parent: Option<MessageId>,
    position: u32,
    source: Option<Arc<str>>,
    target: Option<Arc<str>>,
    r#type: Arc<str>,
    version: u32,
    kind: Kind,
    invocation: Invocation,
    status: Status,
    reason: Option<SuspendReason>,
    priority: u8,
    created: String,
    started: Option<String>,
    ended: Option<String>,
    due: Option<String>,
    attempt: u32,
    error: Option<Arc<str>>,
    late: bool,
    completion_key: Option<Arc<str>>,
    description: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) events: Option<Vec<EventDocument>>,
}

impl MessageDocument {
    pub(crate) fn of(header: &Header) -> Self {
        let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
        Self {
            id: header.id,
            sequence: header.sequence,
            session: header.session,
            parent: header.parent,
            position: header.position,
            source: header.source.clone(),
            target: header.target.clone(),
            r#type: Arc::clone(&header.type_name),
            version: header.type_version,
            kind: header.kind,
            invocation: header.invocation,
            status: header.status,
            reason: header.reason,
            priority: header.priority.0,
            created: header.created.to_string(),
            started: text(header.started),
            ended: text(header.ended),
            due: text(header.due),
            attempt: header.attempt,
            error: header.error.clone(),
            late: header.late,
            completion_key: header.completion_key.clone(),
            description: header.description.clone(),
            body: None,
            events: None,
        }
    }
}

/// A line of the event log.
#[derive(Debug, Serialize)]
pub(crate) struct EventDocument {
    number: u64,
    time: String,
    level: Level,
    item: Option<Arc<str>>,
    session: Option<SessionId>,
    message: Option<MessageId>,
    module: String,
    text: String,
}

impl From<&Event> for EventDocument {
    fn from(event: &Event) -> Self {
        Self {
            number: event.number,
            time: event.time.to_string(),
            level: event.level,
            item: event.item.clone(),
            session: event.session,
            message: event.message,
            module: event.module.clone(),
            text: event.text.clone(),
        }
    }
}

/// What the engine stores for itself has names that begin so, and nothing of a user's message in it.
const OF_THE_ENGINE: &str = "iop.";

/// A body as JSON. Its type's `#[sensitive]` fields are masked unless `reveal`, and so is the whole body of a type that
/// this program does not know: nobody can say what in it is sensitive.
pub(crate) fn body(registry: &Registry, type_name: &str, version: u32, body: &[u8], reveal: bool) -> Value {
    let value = serde_json::from_slice::<Value>(body);
    match registry.messages.get(type_name) {
        Some(message) if !reveal && message.is_sensitive() => {
            value.map_or_else(|_| Value::from(MASK), |value| message.masked(version, value))
        }
        None if !reveal && !type_name.starts_with(OF_THE_ENGINE) => Value::from(MASK),
        // What is no JSON is shown as text.
        _ => value.unwrap_or_else(|_| Value::from(String::from_utf8_lossy(body))),
    }
}
