//! What the engine needs of a store, and no more: no SQL, no engine, no component.
//!
//! A store keeps messages (header, body, keys), the state of process instances, marks of inputs that were taken, and
//! the event log. All that changes messages goes through [`Store::submit`]: a [`Step`] is atomic by itself, and steps
//! take effect in the order of the calls, so that what is durable is always a prefix of what was submitted.
//!
//! *Laws*, proved for every store by `tests/store/`:
//!
//! | | |
//! |---|---|
//! | L1 | an acknowledged message survives |
//! | L2 | the same message id twice is one message |
//! | L3 | a step shows all or nothing |
//! | L4 | repeating a step after an unknown outcome changes nothing |
//! | L5 | an expired lease cannot commit |
//! | L6 | the live leases of an ordered queue belong to one node, and are its head; where it is ordered by key, those of one key |
//! | L7 | a stale fence cannot commit |
//! | L8 | higher priority first, store sequence inside a priority |
//! | L9 | nothing is delivered before it is due |
//! | L10 | purge never removes what is unfinished |
//! | L11 | a reader sees every step whose commit was acknowledged |
//! | L12 | the audit log is only appended to, and each entry is chained to the one before |
//! | L13 | an act that is one commit and its entry in the audit log are stored together or not at all |

mod admin;
mod audit;
pub(crate) mod blobs;
mod flight;
mod held;
mod jobs;
mod judge;
mod leases;
pub mod memory;
mod purge;
mod search;
pub mod sqlite;
mod viewer;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::SetOnce;

use crate::clock::Timestamp;
use crate::message::{BlobStore, Header, Invocation, Kind, MessageId, Priority, SessionId, Status, SuspendReason};

pub use admin::{Admin, Redirect};
pub use audit::{AuditEntry, AuditFault, AuditHash, AuditHead, AuditQuery, AuditRecord, Deed, OnRecord, verify_audit};
pub use flight::Flight;
pub use held::Held;
pub(crate) use held::NOTE as HELD;
pub use jobs::{JobLine, JobLineQuery, JobQuery, JobWrite, StoredJob};
pub use purge::{Purge, PurgeBatch, PurgeCursor, PurgeOf, PurgeRule, Purged, Usage};
pub use search::{Counted, Found, Search};
pub use viewer::{Event, EventQuery, Level, MessageQuery, QueueStatus, StoredKey, Viewer};

/// How many messages of one order key leave the store at once. The others of it are held there until these have ended.
const KEY_AT_ONCE: usize = 64;

/// How many events a store keeps: the latest ones.
const EVENTS_KEPT: usize = 100_000;

/// An answer that the store is working on. The request has its place in the order since the call, polled or not.
pub type Reply<T> = BoxFuture<'static, Result<T, StoreError>>;

/// Where messages live.
///
/// Every method returns at once; what takes time is in the [`Reply`] or the [`Receipt`]. `lease`, `load_state`, `find`
/// and `is_marked` see every step submitted before them.
///
/// *When a commit fails*, the later steps may have been built on it. So every step that was submitted before the failure
/// was known fails as well, and the store refuses every further change with [`StoreError::NotStored`] until
/// [`recover`](Self::recover). What only reads goes on.
pub trait Store: Viewer {
    /// What this store can do.
    fn caps(&self) -> Caps;

    /// The number of this opening of the store: higher than every earlier one.
    fn epoch(&self) -> u64;

    /// Takes changes again after a failed commit: forgets every lease and cluster lease, returns what was in flight to its
    /// queue, and counts the epoch up. Fails, and may be called again, while the cause lasts.
    fn recover(&self) -> Reply<()>;

    /// Whether the disk has no room: what is under way is stored as long as it goes, and nothing new should be taken.
    fn is_short_of_space(&self) -> bool {
        false
    }

    /// Looks after what the store needs beside its messages. Called again and again, from a thread that may wait.
    fn tend(&self) {}

    /// Hands in one atomic change. Steps commit in the order of the calls, many to one fsync.
    fn submit(&self, step: Step) -> Receipt;

    /// Somebody begins to work on a message. Where the process dies before what is returned is dropped, the next opening knows
    /// that the message was in flight. Costs no commit.
    fn attempting(&self, message: MessageId) -> Flight;

    /// Leases up to `limit` due messages of a queue, highest priority and lowest sequence first.
    fn lease(&self, request: LeaseRequest) -> Reply<LeaseBatch>;

    /// Prolongs leases by `ttl` from now; `false` for one that is lost.
    fn extend(&self, leases: Vec<LeaseToken>, ttl: Duration) -> Reply<Vec<bool>>;

    /// Whether a step with this mark was committed.
    fn is_marked(&self, mark: MessageId) -> Reply<bool>;

    /// Takes the named cluster lease for `ttl`, with a fence higher than every earlier one; `None` while another node
    /// holds it.
    fn acquire(&self, name: Arc<str>, node: NodeId, ttl: Duration) -> Reply<Option<Fence>>;

    /// Prolongs a cluster lease; `false` when it is lost.
    fn renew(&self, fence: Fence, ttl: Duration) -> Reply<bool>;

    /// Gives a cluster lease up.
    fn give_up(&self, fence: Fence) -> Reply<()>;

    /// Appends to the event log, in the order of the calls and without an answer: the log never holds a turn up.
    fn append_events(&self, events: Vec<Event>);

    /// Puts what somebody did at the end of the audit log. It answers when the entry is durable.
    fn append_audit(&self, record: AuditRecord) -> Reply<AuditEntry>;

    /// Does something, and puts it on record in the same commit; `false`, and nothing on record, where there was nothing to do.
    fn act(&self, deed: Deed, record: OnRecord) -> Reply<bool>;

    /// Removes one batch of what may go: messages with their bodies and keys, then marks, then events. A session goes when
    /// every message of it ended long enough ago, and no process instance of it has state.
    fn purge(&self, batch: PurgeBatch) -> Reply<Purged>;

    /// Gives up to `bytes` of what a purge has left free back to the disk; `false` when there is no more to give. A part is
    /// kept for what comes.
    fn shrink(&self, bytes: u64) -> Reply<bool>;

    /// The contents that messages refer to. A purge removes those that no message and no process state refers to any more.
    fn blobs(&self) -> Arc<dyn BlobStore>;

    /// Keeps a text under a name, in place of what was there: what is remembered from one program to the next.
    fn write_note(&self, name: Arc<str>, text: Arc<str>) -> Reply<()>;

    /// Changes a job; its number.
    fn write_job(&self, write: JobWrite) -> Reply<u64>;

    /// One action of a person, atomic; `false` when the message is not in a state that allows it.
    fn admin(&self, action: Admin) -> Reply<bool>;

    /// Waits for everything handed in before, and writes what a clean close leaves behind. Later calls fail with
    /// [`StoreError::Closed`].
    fn close(&self) -> Reply<()>;
}

/// What a store can do.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Caps {
    /// Emitted messages may be handed to a worker of this process before their commit ([`NewMessage::leased`]).
    pub hand_over: bool,
    /// Messages survive the process.
    pub durable: bool,
}

impl Caps {
    /// Caps of an embedded store.
    #[must_use]
    pub fn embedded(durable: bool) -> Self {
        Self { hand_over: true, durable }
    }
}

/// Why the store did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The change is certainly not stored.
    #[error("not stored: {0}")]
    NotStored(Arc<str>),
    /// The store cannot say whether the change is stored; handing in the same step again is safe.
    #[error("the store cannot say whether it was stored: {0}")]
    Unknown(Arc<str>),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// A read failed.
    #[error("cannot read the store: {0}")]
    Read(Arc<str>),
    /// The store as a whole is damaged: nothing more is written, and a person has to look at it.
    #[error("the store is damaged: {0}")]
    Corrupt(Arc<str>),
    /// What was read is not what was written. It stands alone: the rest of the store is as good as before.
    #[error("{0}")]
    Damaged(Arc<str>),
}

/// A participant of a store: one opening by one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(pub u64);

/// One atomic change.
#[derive(Debug, Default)]
pub struct Step {
    /// Refuses the step when this cluster lease is lost.
    pub fence: Option<Fence>,
    /// The identity of the external input that the step takes; a second step with the same mark is
    /// [`Outcome::AlreadyDone`].
    pub mark: Option<MessageId>,
    /// Messages whose attempt began, and when: in flight. It may come together with their `end`, to say when that
    /// attempt had begun. A lease that is named here must be live, or the step is refused ([`Outcome::LeaseLost`]), so a
    /// step in the middle of a turn names its message here, again and again if need be. A step that does nothing else
    /// survives a crash of the process, but not always one of the machine.
    pub start: Vec<(LeaseToken, Timestamp)>,
    /// Messages whose turn ends, and how.
    pub end: Vec<(LeaseToken, End)>,
    /// Changes to process instances.
    pub state: Vec<StateWrite>,
    /// Messages to store.
    pub emit: Vec<NewMessage>,
    /// Messages still waiting in a queue that are no longer wanted, such as the timer of a request that was answered.
    /// They become [`Status::Expired`], and a lease on them ends; those that are in flight or finished are left alone.
    pub cancel: Vec<MessageId>,
    /// Requests whose callers gave up: their responses will be [`Header::late`].
    pub abandon: Vec<MessageId>,
    /// Messages that somebody takes out for good, which the event log says. Each must be unfinished and not leased, or the
    /// step is refused ([`Outcome::NotAtRest`]).
    pub discard: Vec<Discard>,
    /// How all this is on record, where it is an act of somebody.
    pub record: Option<Box<OnRecord>>,
}

/// A message that is taken out for good.
#[derive(Debug, Clone)]
pub struct Discard {
    /// The message.
    pub id: MessageId,
    /// Who decided.
    pub by: Arc<str>,
}

/// How the turn of a leased message ends.
#[derive(Debug, Clone)]
pub enum End {
    /// Done.
    Completed,
    /// Retrying: due at `due`, with one more failed attempt. At the next opening of the store it is due at once.
    Retry {
        /// Not before this time.
        due: Timestamp,
        /// The error chain of the attempt.
        error: Arc<str>,
        /// The lease lives on, because the holder itself will try again: so the message keeps its place in the order of
        /// its queue. Otherwise the message goes back to the queue.
        keep: bool,
    },
    /// Taken out of its queue until a person decides.
    Suspend {
        /// Why.
        reason: SuspendReason,
        /// The error chain of the last attempt.
        error: Arc<str>,
    },
    /// A rule ended it before it was done.
    Expire {
        /// Which, in words.
        error: Arc<str>,
    },
    /// Back to its queue as it was; no attempt is counted.
    GiveBack,
}

/// A message to store.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// See [`Header`] for the fields of the same names.
    pub id: MessageId,
    /// The session.
    pub session: SessionId,
    /// The message whose turn sends it, or the request that it answers.
    pub parent: Option<MessageId>,
    /// Place in that turn.
    pub position: u32,
    /// Sending item.
    pub source: Option<Arc<str>>,
    /// Queue.
    pub target: Option<Arc<str>>,
    /// The process instance that the exchange belongs to: of the sender for a request that wants a response later, of
    /// the receiver for responses and timers.
    pub instance: Option<MessageId>,
    /// Name of the message type.
    pub type_name: Arc<str>,
    /// Version of the message type.
    pub type_version: u32,
    /// Kind.
    pub kind: Kind,
    /// Invocation.
    pub invocation: Invocation,
    /// The first state: [`Status::Queued`] for what goes to a queue, [`Status::Completed`] for a response that is
    /// delivered in memory.
    pub status: Status,
    /// Lane.
    pub priority: Priority,
    /// Not before.
    pub due: Option<Timestamp>,
    /// A response that comes after its caller has given up. The store also sets it where the request was abandoned.
    pub late: bool,
    /// Completion key.
    pub completion_key: Option<Arc<str>>,
    /// Description.
    pub description: Option<Arc<str>>,
    /// JSON.
    pub body: Bytes,
    /// Indexed with the message, in the same commit.
    pub keys: Vec<(&'static str, String)>,
    /// The sender hands the message to a worker itself: it is leased to `node` from the start
    /// (needs [`Caps::hand_over`]), and [`Receipt::leases`] has the token.
    pub leased: Option<NodeId>,
    /// The order that it belongs to inside its queue: messages of one order key are delivered in the order of the queue,
    /// and what is behind one that is retrying waits in the store ([`LeaseOrder::Key`]).
    pub order_key: Option<Arc<str>>,
    /// While it is suspended, for whatever reason, everything of its order key waits, or everything of its queue where it
    /// has none.
    pub parks: bool,
}

/// A change of a process instance.
#[derive(Debug, Clone)]
pub struct StateWrite {
    /// The request that the instance works on.
    pub instance: MessageId,
    /// The version that the change was made from; `None` where there was no state.
    pub expected: Option<u64>,
    /// The new state; `None` removes it.
    pub new: Option<Bytes>,
}

/// The stored state of a process instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessState {
    /// Goes up by one with each change, from 1.
    pub version: u64,
    /// JSON.
    pub data: Bytes,
}

/// What [`Store::submit`] gives at once.
#[derive(Debug)]
#[must_use = "a step that fails must not be taken for done"]
pub struct Receipt {
    /// The sequence of the first emitted message; the others follow. Meaningless without [`Caps::hand_over`].
    pub first_sequence: u64,
    /// A token for each emitted message, in order; `None` where it was not `leased`.
    pub leases: Vec<Option<LeaseToken>>,
    /// What became of the step.
    pub commit: Commit,
}

/// The pending or known outcome of a step; cheap to clone.
#[derive(Debug, Clone)]
pub struct Commit(Option<Arc<Pending>>);

#[derive(Debug)]
struct Pending {
    outcome: SetOnce<Result<Outcome, StoreError>>,
    urge: Option<Arc<dyn Urge>>,
}

/// A store that puts off what nobody waits for.
pub(crate) trait Urge: fmt::Debug + Send + Sync {
    /// Somebody waits for something that was submitted.
    fn urge(&self);
}

/// What became of a step that had nothing to store.
static NOTHING: Result<Outcome, StoreError> = Ok(Outcome::Committed { duplicates: Vec::new() });

impl Commit {
    /// A commit whose outcome is not known yet.
    #[must_use]
    pub fn pending() -> Self {
        Self(Some(Arc::new(Pending { outcome: SetOnce::new(), urge: None })))
    }

    /// The same, of a store that hears of it when somebody waits for the outcome.
    pub(crate) fn put_off(by: Arc<dyn Urge>) -> Self {
        Self(Some(Arc::new(Pending { outcome: SetOnce::new(), urge: Some(by) })))
    }

    /// A commit whose outcome is known.
    #[must_use]
    pub fn done(outcome: Result<Outcome, StoreError>) -> Self {
        Self(Some(Arc::new(Pending { outcome: SetOnce::new_with(Some(outcome)), urge: None })))
    }

    /// The commit of a step that has nothing to store: it is durable. Costs nothing.
    #[must_use]
    pub const fn nothing() -> Self {
        Self(None)
    }

    /// Whether there was nothing to store.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.0.is_none()
    }

    /// Says what became of the step; only the first call counts.
    pub fn resolve(&self, outcome: Result<Outcome, StoreError>) {
        // A second outcome is a harmless repetition: the first one was already acted on.
        let _ = self.0.as_ref().map(|commit| commit.outcome.set(outcome));
    }

    /// Waits until the step is durable or has failed. A store that would have put it off is told that somebody waits.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn wait(&self) -> Result<Outcome, StoreError> {
        let Some(commit) = &self.0 else { return NOTHING.clone() };
        if let (None, Some(urge)) = (commit.outcome.get(), &commit.urge) {
            urge.urge();
        }
        commit.outcome.wait().await.clone()
    }

    /// Waits until the outcome is known, and hurries nobody.
    pub(crate) async fn is_known(&self) {
        if let Some(commit) = &self.0 {
            commit.outcome.wait().await;
        }
    }

    /// The outcome, if it is known.
    #[must_use]
    pub fn get(&self) -> Option<&Result<Outcome, StoreError>> {
        self.0.as_ref().map_or(Some(&NOTHING), |commit| commit.outcome.get())
    }
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// All of it is stored. `duplicates` names emitted messages that the store had already: they were left as they are.
    Committed {
        /// Ids of emitted messages that existed.
        duplicates: Vec<MessageId>,
    },
    /// The same step was stored before. Nothing was changed.
    AlreadyDone,
    /// A lease is not live any more. Nothing was changed.
    LeaseLost,
    /// A process instance is not at the expected version. Nothing was changed.
    StateConflict,
    /// The cluster lease is lost. Nothing was changed.
    Fenced,
    /// A message to discard is finished, or somebody has it. Nothing was changed.
    NotAtRest,
}

impl Outcome {
    /// `true` when what the step says is in the store.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        matches!(self, Self::Committed { .. } | Self::AlreadyDone)
    }
}

/// Which messages to lease.
#[derive(Debug, Clone)]
pub struct LeaseRequest {
    /// The item.
    pub queue: Arc<str>,
    /// Who wants them.
    pub node: NodeId,
    /// At most so many.
    pub limit: usize,
    /// How long the leases live; [`Duration::MAX`] for as long as the store is open.
    pub ttl: Duration,
    /// How the queue is ordered (law L6).
    pub order: LeaseOrder,
    /// Also say what is parked: who hands messages over must know what may not be.
    pub with_parked: bool,
}

/// How a queue is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseOrder {
    /// Not at all: what waits for its next attempt holds nothing back.
    None,
    /// One order: what waits for its next attempt holds back what is behind it, and a parked message everything.
    Queue,
    /// One order for each [`NewMessage::order_key`]. Of a key that has a message in somebody's hands, only so much is to be
    /// had at once that the backlog of one key does not keep the others from being read.
    Key,
}

/// What [`Store::lease`] found.
#[derive(Debug, Default)]
pub struct LeaseBatch {
    /// The messages, best first.
    pub leased: Vec<Leased>,
    /// When the next message of the queue becomes due that was not due yet.
    pub next_due: Option<Timestamp>,
    /// What is parked, where it was asked for.
    pub parked: Vec<Parked>,
}

/// A suspended message that holds others back ([`NewMessage::parks`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The message.
    pub message: MessageId,
    /// What waits for it; `None` for the whole queue.
    pub order_key: Option<Arc<str>>,
}

/// A message and the right to work on it.
#[derive(Debug)]
pub struct Leased {
    /// The right.
    pub token: LeaseToken,
    /// The message.
    pub message: StoredMessage,
    /// Others of its order key are held in the store, and come after it.
    pub held: bool,
}

/// The right of one node to end one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseToken {
    /// The message.
    pub message: MessageId,
    /// Its sequence.
    pub sequence: u64,
    /// Distinguishes this lease from every other one of the same message.
    pub number: u64,
}

/// A cluster lease with its fencing number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// Its name.
    pub name: Arc<str>,
    /// Higher than that of every earlier holder.
    pub number: u64,
}

/// A message as it lies in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredMessage {
    /// Header.
    pub header: Header,
    /// See [`NewMessage::instance`].
    pub instance: Option<MessageId>,
    /// The opening of the store in which it was accepted.
    pub epoch: u64,
    /// JSON.
    pub body: Bytes,
}
