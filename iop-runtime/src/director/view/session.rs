//! A session from its input to its last response.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::body::{BodyView, Sight};
use super::event::{self, EventView};
use super::message::MessageView;
use crate::clock::Timestamp;
use crate::message::{MessageId, SessionId};
use crate::store::{EventQuery, MessageQuery, StoreError, Viewer};

/// How much is asked of the store at once.
pub(super) const PAGE: usize = 500;

/// How much of a session is read.
#[derive(Debug, Clone, Copy)]
pub struct TraceExtent {
    /// How much of the bodies; [`Sight::Withheld`] reads none.
    pub sight: Sight,
    /// Messages, and log lines, at most.
    pub most: usize,
}

impl Default for TraceExtent {
    /// Enough for a person; no bodies.
    fn default() -> Self {
        Self { sight: Sight::Withheld, most: 10_000 }
    }
}

impl TraceExtent {
    /// Everything, however much it is.
    #[must_use]
    pub fn whole(sight: Sight) -> Self {
        Self { sight, most: usize::MAX }
    }
}

/// Everything of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct SessionTrace {
    /// The session.
    pub session: SessionId,
    /// From the first acceptance to the last end, in microseconds.
    pub took_micros: Option<u64>,
    /// In the order of acceptance.
    pub messages: Vec<TracedMessage>,
    /// What was said in the session outside of any message that is here.
    pub events: Vec<EventView>,
    /// The session has more than was asked for.
    pub more: bool,
}

/// A message of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct TracedMessage {
    /// Its header.
    #[serde(flatten)]
    pub message: MessageView,
    /// Its body, as much of it as the caller sees; left out where that is nothing, or it was purged meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub body: Option<Value>,
    /// What was said while it was worked on, the oldest first.
    pub events: Vec<EventView>,
}

/// A body that is there may be null.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A session; `None` where nothing is in it.
///
/// # Errors
/// Where the store cannot be read.
pub async fn trace(
    viewer: &dyn Viewer,
    session: SessionId,
    extent: TraceExtent,
) -> Result<Option<SessionTrace>, StoreError> {
    let (messages, more) = headers(viewer, session, extent.most).await?;
    if messages.is_empty() {
        return Ok(None);
    }
    let query = EventQuery { session: Some(session), ..EventQuery::default() };
    let events = event::all(viewer, query, extent.most).await?;
    let mut of_message: HashMap<Option<MessageId>, Vec<EventView>> = HashMap::new();
    for event in events {
        of_message.entry(event.message).or_default().push(event);
    }
    let took_micros = took(&messages);
    let mut traced = Vec::with_capacity(messages.len());
    for message in messages {
        let body = match extent.sight {
            Sight::Withheld => None,
            sight => viewer.find(message.id).await?.map(|found| {
                BodyView::of(&found.header.type_name, found.header.type_version, &found.body, sight).value
            }),
        };
        let events = of_message.remove(&Some(message.id)).unwrap_or_default();
        traced.push(TracedMessage { message, body, events });
    }
    let mut events: Vec<_> = of_message.into_values().flatten().collect();
    events.sort_by_key(|event| event.number);
    Ok(Some(SessionTrace { session, took_micros, messages: traced, events, more }))
}

fn took(messages: &[MessageView]) -> Option<u64> {
    let first: Timestamp = messages.iter().map(MessageView::begun).min()?;
    let last = messages.iter().filter_map(|message| message.ended).max()?;
    u64::try_from(last.since(first).as_micros()).ok()
}

/// The messages of a session, and whether there are more of them.
async fn headers(viewer: &dyn Viewer, session: SessionId, most: usize) -> Result<(Vec<MessageView>, bool), StoreError> {
    let mut all: Vec<MessageView> = Vec::new();
    let mut after = None;
    loop {
        let limit = (most - all.len()).min(PAGE);
        let query =
            MessageQuery { session: Some(session), after, limit, oldest_first: true, ..MessageQuery::default() };
        let page = super::message::messages(viewer, query).await?;
        all.extend(page.messages);
        after = page.next;
        if after.is_none() || all.len() >= most {
            return Ok((all, after.is_some()));
        }
    }
}
