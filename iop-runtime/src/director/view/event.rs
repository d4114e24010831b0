//! Lines of the event log.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::message::{MessageId, SessionId};
use crate::store::{Event, EventQuery, Level, StoreError, Viewer};

/// A line of the event log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct EventView {
    /// Its place in the log.
    pub number: u64,
    /// When.
    #[serde(with = "crate::clock::rfc3339")]
    #[schemars(with = "crate::clock::Rfc3339")]
    pub time: Timestamp,
    /// How grave.
    pub level: Level,
    /// In whose turn.
    pub item: Option<Arc<str>>,
    /// In which session.
    pub session: Option<SessionId>,
    /// While working on which message.
    pub message: Option<MessageId>,
    /// The module that said it.
    pub module: String,
    /// What was said.
    pub text: String,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        let Event { number, time, level, item, session, message, module, text } = event;
        Self { number, time, level, item, session, message, module, text }
    }
}

impl From<EventView> for Event {
    fn from(view: EventView) -> Self {
        let EventView { number, time, level, item, session, message, module, text } = view;
        Self { number, time, level, item, session, message, module, text }
    }
}

/// Some lines of the event log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct EventPage {
    /// In the order of the query.
    pub events: Vec<EventView>,
    /// What to ask for as [`EventQuery::after`] to go on; `None` where nothing follows.
    pub next: Option<u64>,
}

/// A page of the event log.
///
/// # Errors
/// Where the store cannot be read.
pub async fn events(viewer: &dyn Viewer, mut query: EventQuery) -> Result<EventPage, StoreError> {
    let limit = if query.limit == 0 { super::message::PAGE } else { query.limit };
    query.limit = limit.saturating_add(1);
    let mut found = viewer.events(query).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().map(|event| event.number).filter(|_| more);
    Ok(EventPage { events: found.into_iter().map(EventView::from).collect(), next })
}

/// The lines of a message or a session, the oldest first, at most so many.
pub(super) async fn all(viewer: &dyn Viewer, of: EventQuery, most: usize) -> Result<Vec<EventView>, StoreError> {
    let mut all: Vec<EventView> = Vec::new();
    let mut next = of.after;
    loop {
        let limit = (most - all.len()).min(super::session::PAGE);
        let query = EventQuery { after: next, limit, oldest_first: true, ..of.clone() };
        let page = events(viewer, query).await?;
        all.extend(page.events);
        next = page.next;
        if next.is_none() || all.len() >= most {
            return Ok(all);
        }
    }
}
