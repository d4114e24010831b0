//! The stored header of a message: who, when, in which state.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MessageId, SessionId};
use crate::clock::Timestamp;

/// What a message is in its exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// Somebody asks or tells.
    Request,
    /// The answer to the request that is its parent.
    Response,
    /// A durable alarm that an item set for itself, for example the timeout of an asynchronous request.
    Timer,
}

/// How a request was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Invocation {
    /// The sender's turn waits for the response.
    Sync,
    /// The sender's turn does not wait; a response comes back as a message of its own.
    Async,
    /// Nobody wants a response.
    OneWay,
    /// The sender's turn takes chunks and waits for the response.
    Generator,
}

/// Lanes of a queue: a higher one is served first, inside a lane order is store sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Priority(pub u8);

impl Priority {
    /// What can wait.
    pub const LOW: Self = Self(50);
    /// The lane of everything that does not say otherwise.
    pub const NORMAL: Self = Self(100);
    /// What must not wait.
    pub const HIGH: Self = Self(200);
}

impl Default for Priority {
    fn default() -> Self {
        Self::NORMAL
    }
}

/// The one visible state of a stored message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// Waits in its queue.
    Queued,
    /// A worker has it.
    InFlight,
    /// Failed, and will be tried again at its due time.
    Retrying,
    /// Waits for a person, with a reason.
    Suspended,
    /// Done.
    Completed,
    /// A person took it out.
    Discarded,
    /// A rule took it out.
    Expired,
}

impl Status {
    /// Every state, in the order of a message's life.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::InFlight,
        Self::Retrying,
        Self::Suspended,
        Self::Completed,
        Self::Discarded,
        Self::Expired,
    ];

    /// The word in the store, on the command line and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InFlight => "in_flight",
            Self::Retrying => "retrying",
            Self::Suspended => "suspended",
            Self::Completed => "completed",
            Self::Discarded => "discarded",
            Self::Expired => "expired",
        }
    }

    /// `true` when nothing more will happen to the message by itself or by a person: it may be purged.
    #[must_use]
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Completed | Self::Discarded | Self::Expired)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a message is suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SuspendReason {
    /// Its handler failed on every attempt, or called the failure fatal.
    Poison,
    /// Its body cannot be read as its type.
    Schema,
    /// Its stored bytes are not what was written.
    Corrupt,
    /// It may or may not have had its effect.
    InDoubt,
    /// It was in flight in so many crashes of the process that it is likely to cause them: three, as a rule.
    CrashSuspect,
    /// Its item is no longer in the production.
    Orphaned,
    /// A person suspended it.
    Operator,
    /// Its outside could not be reached for as long as its item tries (`failure_timeout`).
    Unavailable,
    /// Its chain came to its item more often than `#[item(max_hops = …)]` allows.
    MaxHops,
}

impl SuspendReason {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::Poison,
        Self::Schema,
        Self::Corrupt,
        Self::InDoubt,
        Self::CrashSuspect,
        Self::Orphaned,
        Self::Operator,
        Self::Unavailable,
        Self::MaxHops,
    ];

    /// The word in the store, on the command line and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Poison => "poison",
            Self::Schema => "schema",
            Self::Corrupt => "corrupt",
            Self::InDoubt => "in_doubt",
            Self::CrashSuspect => "crash_suspect",
            Self::Orphaned => "orphaned",
            Self::Operator => "operator",
            Self::Unavailable => "unavailable",
            Self::MaxHops => "max_hops",
        }
    }
}

impl fmt::Display for SuspendReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Everything the store knows of a message but its body.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Header {
    /// The message.
    pub id: MessageId,
    /// Its place in the order of the store: the order of acceptance.
    pub sequence: u64,
    /// What it descends from.
    pub session: SessionId,
    /// The message whose turn sent it; for a response, the request that it answers. `None` at the root.
    pub parent: Option<MessageId>,
    /// Its place among the sends of that turn, from 0.
    pub position: u32,
    /// The item that sent it; `None` where it comes from outside.
    pub source: Option<Arc<str>>,
    /// The item whose queue it is for; for a response, the item that asked. `None` where the answer goes outside.
    pub target: Option<Arc<str>>,
    /// The name of its message type.
    pub type_name: Arc<str>,
    /// The version of its message type.
    pub type_version: u32,
    /// What it is in its exchange.
    pub kind: Kind,
    /// How it was sent.
    pub invocation: Invocation,
    /// Its state.
    pub status: Status,
    /// Why it is suspended; `None` in every other state.
    pub reason: Option<SuspendReason>,
    /// Its lane.
    pub priority: Priority,
    /// When it was accepted.
    pub created: Timestamp,
    /// When its last attempt began.
    pub started: Option<Timestamp>,
    /// When it was finished.
    pub ended: Option<Timestamp>,
    /// Not before this time is it delivered.
    pub due: Option<Timestamp>,
    /// Attempts that have failed.
    pub attempt: u32,
    /// Crashes of the process in which it was in flight.
    pub crashes: u32,
    /// The error chain of the last failed attempt.
    pub error: Option<Arc<str>>,
    /// When the first of those attempts failed.
    pub failing: Option<Timestamp>,
    /// The value of the `#[key]` by which its queue is ordered; empty where it has none, `None` where the queue is ordered
    /// by none.
    pub order_key: Option<Arc<str>>,
    /// A response: it came after its caller had given up. A request: its caller has given up.
    pub late: bool,
    /// `.completion_key(…)` of the request, repeated on its response.
    pub completion_key: Option<Arc<str>>,
    /// `.description(…)` of the request.
    pub description: Option<Arc<str>>,
}
