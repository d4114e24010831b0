//! What people ask of a store: messages, queues and events, for the console and the command line.
//!
//! Nothing here changes anything, and nothing of it is part of a step: a store may answer from a copy, as long as it shows
//! every step whose commit was acknowledged (law L11).

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AuditEntry, AuditQuery, Counted, Found, JobLine, JobLineQuery, JobQuery, ProcessState, PurgeBatch, Purged, Reply,
    Search, StoredJob, StoredMessage, Usage,
};
use crate::clock::Timestamp;
use crate::message::{Header, MessageId, SessionId, Status};

/// The reading side of a store. A store that another process has open is read through this alone.
pub trait Viewer: Send + Sync + fmt::Debug + 'static {
    /// One message, whatever its state. Asked of a [`Store`](super::Store), it sees every step submitted before.
    fn find(&self, id: MessageId) -> Reply<Option<StoredMessage>>;

    /// The state of a process instance. Asked of a [`Store`](super::Store), it sees every step submitted before.
    fn load_state(&self, instance: MessageId) -> Reply<Option<ProcessState>>;

    /// The text that is kept under a name; see [`Store::write_note`](super::Store::write_note).
    fn note(&self, name: Arc<str>) -> Reply<Option<Arc<str>>>;

    /// One page of what a search finds, newest first unless it says otherwise.
    fn search(&self, search: Search) -> Reply<Found>;

    /// The values of a key that begin with `prefix`, each once and in their order. Hashed values are not among them.
    fn key_values(&self, name: Arc<str>, prefix: Arc<str>, limit: usize) -> Reply<Vec<String>>;

    /// The keys of messages, given by their sequences: those of one after the other. Hashed values are not among them.
    fn keys(&self, sequences: Vec<u64>) -> Reply<Vec<StoredKey>>;

    /// The highest sequence that is stored; 0 where there is none.
    fn last_sequence(&self) -> Reply<u64>;

    /// Headers, newest first unless the query says otherwise.
    fn query(&self, query: MessageQuery) -> Reply<Vec<Header>> {
        let found = self.search(Search::from(query));
        Box::pin(async move { found.await.map(|found| found.headers) })
    }

    /// How many messages a search finds, up to its limit.
    fn count(&self, search: Search) -> Reply<Counted> {
        let found = self.search(search);
        Box::pin(async move { found.await.map(Counted::from) })
    }

    /// Depth and age of every queue that holds an unfinished message.
    fn queues(&self) -> Reply<Vec<QueueStatus>>;

    /// Events, newest first unless the query says otherwise.
    fn events(&self, query: EventQuery) -> Reply<Vec<Event>>;

    /// Entries of the audit log, newest first unless the query says otherwise.
    fn audit(&self, query: AuditQuery) -> Reply<Vec<AuditEntry>>;

    /// Jobs, newest first.
    fn jobs(&self, query: JobQuery) -> Reply<Vec<StoredJob>>;

    /// Messages of a job, in their order.
    fn job_lines(&self, query: JobLineQuery) -> Reply<Vec<JobLine>>;

    /// What this batch of a [purge](super::Store::purge) would remove.
    fn purgeable(&self, batch: PurgeBatch) -> Reply<Purged>;

    /// The room that the store takes.
    fn usage(&self) -> Reply<Usage>;
}

/// A key of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The message, by its sequence.
    pub sequence: u64,
    /// The `#[key]` field.
    pub name: Arc<str>,
    /// Its value.
    pub value: String,
}

/// A viewer's question for messages; every given field narrows the answer.
#[derive(Debug, Clone, Default)]
pub struct MessageQuery {
    /// Of this session.
    pub session: Option<SessionId>,
    /// Sent or received by this item.
    pub item: Option<Arc<str>>,
    /// Of this message type, by name.
    pub type_name: Option<Arc<str>>,
    /// In this state.
    pub status: Option<Status>,
    /// With this value of this `#[key]` field.
    pub key: Option<(Arc<str>, Arc<str>)>,
    /// Accepted at or after this time.
    pub since: Option<Timestamp>,
    /// Page on: only what follows this sequence in the chosen order.
    pub after: Option<u64>,
    /// At most so many; 0 stands for 100.
    pub limit: usize,
    /// In order of acceptance.
    pub oldest_first: bool,
}

/// Depth and age of one queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueStatus {
    /// The item.
    pub item: Arc<str>,
    /// Waiting.
    pub queued: u64,
    /// With a worker.
    pub in_flight: u64,
    /// Waiting for their next attempt.
    pub retrying: u64,
    /// Waiting for a person.
    pub suspended: u64,
    /// When the oldest of them that is not suspended was accepted.
    pub oldest: Option<Timestamp>,
}

impl QueueStatus {
    /// Nothing waits for this item.
    pub(crate) fn empty(item: Arc<str>) -> Self {
        Self { item, queued: 0, in_flight: 0, retrying: 0, suspended: 0, oldest: None }
    }
}

/// The length of a page where `limit` was asked for.
pub(super) fn page(limit: usize) -> usize {
    if limit == 0 { 100 } else { limit }
}

/// Severity of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Details.
    Trace,
    /// For developers.
    Debug,
    /// What happens.
    Info,
    /// Something is not as it should be; nothing is lost.
    Warn,
    /// A person is needed.
    Error,
}

impl Level {
    /// The word in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// A line of the event log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Its place in the log; 0 before it is stored.
    pub number: u64,
    /// When.
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
    /// What was said, with its fields.
    pub text: String,
}

impl Event {
    /// Says who took a message out for good.
    pub(super) fn discarded(header: &Header, by: &str, time: Timestamp) -> Self {
        Self::decided(header, &format!("discarded by {by}"), time)
    }

    /// Says what a person decided of the store as a whole.
    pub(crate) fn of_store(text: &str, time: Timestamp) -> Self {
        Self {
            number: 0,
            time,
            level: Level::Info,
            item: None,
            session: None,
            message: None,
            module: "iop::store".to_owned(),
            text: text.to_owned(),
        }
    }

    /// Says what a person decided of a message.
    pub(crate) fn decided(header: &Header, text: &str, time: Timestamp) -> Self {
        Self {
            number: 0,
            time,
            level: Level::Info,
            item: header.target.clone(),
            session: Some(header.session),
            message: Some(header.id),
            module: "iop::store".to_owned(),
            text: text.to_owned(),
        }
    }
}

/// A viewer's question for events; every given field narrows the answer.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// At least this grave.
    pub level: Option<Level>,
    /// Of this item.
    pub item: Option<Arc<str>>,
    /// Of this session.
    pub session: Option<SessionId>,
    /// Of this message.
    pub message: Option<MessageId>,
    /// Page on: only what follows this number in the chosen order.
    pub after: Option<u64>,
    /// At most so many; 0 stands for 100.
    pub limit: usize,
    /// In order of time.
    pub oldest_first: bool,
}
