//! Messages: rows of a list, and one message with everything that is known of it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{BodyView, Sight, message_type};
use super::event::{self, EventView};
use crate::clock::Timestamp;
use crate::director::RESENT_FROM;
use crate::engine::response_id;
use crate::message::{Header, Invocation, Kind, MessageId, Priority, SessionId, Status, SuspendReason};
use crate::store::{EventQuery, MessageQuery, StoreError, StoredMessage, Viewer};

/// The length of a page where nothing else is asked for.
pub(super) const PAGE: usize = 100;

/// Log lines that are shown with one message; a handler that says more is read in the event log.
const LINES: usize = 500;

/// Messages that one was resent as, at most.
const RESENT: usize = 20;

/// A message without its body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct MessageView {
    /// The message.
    pub id: MessageId,
    /// Its place in the order of acceptance.
    pub sequence: u64,
    /// What it descends from.
    pub session: SessionId,
    /// The message whose turn sent it; for a response, the request that it answers.
    pub parent: Option<MessageId>,
    /// Its place among the sends of that turn.
    pub position: u32,
    /// The item that sent it; `None` where it comes from outside.
    pub source: Option<Arc<str>>,
    /// The item that it is for; `None` where it goes outside.
    pub target: Option<Arc<str>>,
    /// The name of its type.
    #[serde(rename = "type")]
    pub type_name: Arc<str>,
    /// The version of its type.
    pub version: u32,
    /// What it is in its exchange.
    pub kind: Kind,
    /// How it was sent.
    pub invocation: Invocation,
    /// Its state.
    pub status: Status,
    /// Why it is suspended.
    pub reason: Option<SuspendReason>,
    /// Its lane.
    pub priority: Priority,
    /// When it was accepted.
    #[serde(with = "crate::clock::rfc3339")]
    #[schemars(with = "crate::clock::Rfc3339")]
    pub created: Timestamp,
    /// When its last attempt began.
    #[serde(with = "crate::clock::rfc3339_or_null")]
    #[schemars(with = "Option<crate::clock::Rfc3339>")]
    pub started: Option<Timestamp>,
    /// When it was finished.
    #[serde(with = "crate::clock::rfc3339_or_null")]
    #[schemars(with = "Option<crate::clock::Rfc3339>")]
    pub ended: Option<Timestamp>,
    /// Not before this time is it delivered.
    #[serde(with = "crate::clock::rfc3339_or_null")]
    #[schemars(with = "Option<crate::clock::Rfc3339>")]
    pub due: Option<Timestamp>,
    /// From its acceptance to the beginning of its last attempt, in microseconds.
    pub waited_micros: Option<u64>,
    /// From there to its end, in microseconds.
    pub ran_micros: Option<u64>,
    /// Attempts that have failed.
    pub attempt: u32,
    /// Crashes of the process in which it was in flight.
    pub crashes: u32,
    /// The error chain of the last failed attempt.
    pub error: Option<Arc<str>>,
    /// When the first of those attempts failed.
    #[serde(with = "crate::clock::rfc3339_or_null")]
    #[schemars(with = "Option<crate::clock::Rfc3339>")]
    pub failing: Option<Timestamp>,
    /// The value by which its queue is ordered.
    pub order_key: Option<Arc<str>>,
    /// A response that came after its caller had given up, or a request whose caller has.
    pub late: bool,
    /// `.completion_key(…)` of the request.
    pub completion_key: Option<Arc<str>>,
    /// `.description(…)` of the request.
    pub description: Option<Arc<str>>,
}

impl From<Header> for MessageView {
    fn from(header: Header) -> Self {
        let micros = |from: Timestamp, to: Timestamp| u64::try_from(to.since(from).as_micros()).unwrap_or(u64::MAX);
        let Header {
            id,
            sequence,
            session,
            parent,
            position,
            source,
            target,
            type_name,
            type_version: version,
            kind,
            invocation,
            status,
            reason,
            priority,
            created,
            started,
            ended,
            due,
            attempt,
            crashes,
            error,
            failing,
            order_key,
            late,
            completion_key,
            description,
        } = header;
        Self {
            id,
            sequence,
            session,
            parent,
            position,
            source,
            target,
            type_name,
            version,
            kind,
            invocation,
            status,
            reason,
            priority,
            created,
            started,
            ended,
            due,
            waited_micros: started.map(|started| micros(created, started)),
            ran_micros: started.zip(ended).map(|(started, ended)| micros(started, ended)),
            attempt,
            crashes,
            error,
            failing,
            order_key,
            late,
            completion_key,
            description,
        }
    }
}

impl MessageView {
    /// The first that is known of it. A worker of a process may begin before its acceptance is on the disk.
    pub(crate) fn begun(&self) -> Timestamp {
        self.started.map_or(self.created, |started| started.min(self.created))
    }
}

/// Some messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct MessagePage {
    /// In the order of the query.
    pub messages: Vec<MessageView>,
    /// What to ask for as [`MessageQuery::after`] to go on; `None` where nothing follows.
    pub next: Option<u64>,
}

/// A page of the messages that a query finds.
///
/// # Errors
/// Where the store cannot be read.
pub async fn messages(viewer: &dyn Viewer, mut query: MessageQuery) -> Result<MessagePage, StoreError> {
    let limit = if query.limit == 0 { PAGE } else { query.limit };
    query.limit = limit.saturating_add(1);
    let mut found = viewer.query(query).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().map(|header| header.sequence).filter(|_| more);
    Ok(MessagePage { messages: found.into_iter().map(MessageView::from).collect(), next })
}

/// A message with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct MessageDetail {
    /// Its header.
    pub message: MessageView,
    /// Its body.
    pub body: BodyView,
    /// Its type is one that this program knows: it can be sent again.
    pub type_known: bool,
    /// The `#[key]` values by which it is found. Hashed ones stand here as the index has them.
    pub keys: Vec<KeyView>,
    /// The response to it, where it is a request that has one.
    pub response: Option<AnswerView>,
    /// The process instance that it is for.
    pub instance: Option<MessageId>,
    /// The message that it was resent from.
    pub resent_from: Option<MessageId>,
    /// The messages that it was resent as, the newest first.
    pub resent_as: Vec<MessageView>,
    /// What was said while it was worked on, the oldest first: each failed attempt is a line of its own.
    pub events: Vec<EventView>,
}

/// A value by which a message is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct KeyView {
    /// The `#[key]` field.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The response to a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct AnswerView {
    /// Its header.
    pub message: MessageView,
    /// Its body.
    pub body: BodyView,
}

/// One message; `None` where there is none of that id.
///
/// # Errors
/// Where the store cannot be read.
pub async fn message(viewer: &dyn Viewer, id: MessageId, sight: Sight) -> Result<Option<MessageDetail>, StoreError> {
    let Some(StoredMessage { header, instance, body, .. }) = viewer.find(id).await? else { return Ok(None) };
    let response = match header.kind {
        Kind::Request => viewer.find(response_id(id)).await?,
        Kind::Response | Kind::Timer => None,
    };
    let keys = keys(&header, &body);
    let resent_from = resent_from(viewer, &header).await?;
    let events = event::all(viewer, EventQuery { message: Some(id), ..EventQuery::default() }, LINES).await?;
    Ok(Some(MessageDetail {
        body: BodyView::of(&header.type_name, header.type_version, &body, sight),
        type_known: message_type(&header.type_name).is_some(),
        keys,
        response: response.map(|StoredMessage { header, body, .. }| AnswerView {
            body: BodyView::of(&header.type_name, header.type_version, &body, sight),
            message: MessageView::from(header),
        }),
        instance,
        resent_from,
        resent_as: resent_as(viewer, id).await?,
        events,
        message: MessageView::from(header),
    }))
}

/// The session of a message, or of an input; `None` where there is nothing of that id.
///
/// # Errors
/// Where the store cannot be read.
pub async fn trace_of(viewer: &dyn Viewer, id: MessageId) -> Result<Option<SessionId>, StoreError> {
    Ok(viewer.find(id).await?.map(|found| found.header.session))
}

/// The messages that one was resent as, the newest first.
///
/// # Errors
/// Where the store cannot be read.
pub async fn resent_as(viewer: &dyn Viewer, id: MessageId) -> Result<Vec<MessageView>, StoreError> {
    let key = Some((Arc::from(RESENT_FROM), Arc::from(id.to_string())));
    let query = MessageQuery { key, limit: RESENT, ..MessageQuery::default() };
    Ok(viewer.query(query).await?.into_iter().map(MessageView::from).collect())
}

/// A resent message descends from the one that it repeats, and stands among those that this one was resent as.
async fn resent_from(viewer: &dyn Viewer, header: &Header) -> Result<Option<MessageId>, StoreError> {
    let Some(parent) = header.parent.filter(|_| header.kind == Kind::Request && header.source.is_none()) else {
        return Ok(None);
    };
    let known = resent_as(viewer, parent).await?;
    Ok(known.iter().any(|message| message.id == header.id).then_some(parent))
}

/// As its type gives them; none where this program does not know the type, or the body does not fit it.
fn keys(header: &Header, body: &[u8]) -> Vec<KeyView> {
    let read = message_type(&header.type_name).map(|message| message.read(header.type_version, body));
    let keys = read.and_then(Result::ok).map(|(_, keys)| keys).unwrap_or_default();
    keys.into_iter().map(|(name, value)| KeyView { name: name.to_owned(), value }).collect()
}
