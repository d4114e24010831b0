//! The queue of an item: a window in memory onto the backlog in the store.
//!
//! *Invariant*: as long as the queue is not `behind`, its window holds every message of the item that is due, so a new
//! one may be handed over without a detour. Once a message was only stored (the window was full, or the message was not
//! due yet), the queue is behind: everything that follows is only stored as well, until a refill has caught up.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::activity::{Activity, Busy};
use super::core::Failure;
use super::envelope::Envelope;
use super::groups::Grouping;
use crate::clock::{Clock, Timestamp};
use crate::message::{Kind, MessageId, Priority};
use crate::store::{Commit, LeaseBatch, LeaseOrder, LeaseRequest, NodeId, Outcome, Store, StoreError};

/// Messages in the window at most.
const WINDOW: usize = 1024;
/// Bytes of bodies in the window at most.
const WINDOW_BYTES: usize = 16 << 20;
/// Below this many messages the window is filled from the store.
const LOW_WATER: usize = 256;
/// Messages read from the store at once, at most.
const REFILL: usize = 256;
/// Messages read from the store at once while nothing is known of their size.
const FIRST_REFILL: usize = 16;

/// Where a refill reads from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) node: NodeId,
    pub(crate) clock: Arc<dyn Clock>,
    /// Told when the store cannot be read.
    pub(crate) failure: Arc<Failure>,
}

/// The backlog of an item as its workers see it.
#[derive(Debug)]
pub(crate) struct Queue {
    item: Arc<str>,
    index: usize,
    /// Pool size 1: one message at a time, a failing head holds the rest back.
    ordered: bool,
    /// Messages of one process instance are worked on one at a time.
    by_instance: bool,
    /// How messages find their group, where the item gathers.
    grouping: Option<Grouping>,
    state: Mutex<State>,
    changed: Notify,
    activity: Arc<Activity>,
}

#[derive(Debug, Default)]
struct State {
    window: BTreeMap<(Reverse<Priority>, u64, u32), Envelope>,
    bytes: usize,
    /// Failed messages that wait for their next attempt.
    retrying: BTreeMap<(Timestamp, u64, u32), Envelope>,
    retrying_bytes: usize,
    /// Instances that a worker has.
    instances: HashSet<MessageId>,
    /// Something in the store is not in the window.
    behind: Option<Busy>,
    /// Goes up whenever something was only stored, so that a refill knows whether it saw everything.
    stored_only: u64,
    refilling: bool,
    /// Messages to read at once, by the size of those read last; 0 where none were.
    refill: usize,
    /// When the next message in the store becomes due.
    next_due: Option<(Timestamp, Busy)>,
    /// Tells transient messages of one sequence apart.
    tie: u32,
    /// After a failure of the store: what is in memory may not be stored.
    closed: bool,
    /// Goes up with each closing, so that an answer from before it is known as one.
    closings: u64,
}

/// How a queue is worked on.
#[derive(Debug, Clone)]
pub(crate) struct QueueKind {
    /// One message at a time.
    pub(crate) ordered: bool,
    /// One message of a process instance at a time.
    pub(crate) by_instance: bool,
    /// How messages find their group, where the item gathers.
    pub(crate) grouping: Option<Grouping>,
    /// Its item's workers take from it: not so where they fetch their input.
    pub(crate) served: bool,
}

/// What a window can still take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    messages: usize,
    bytes: usize,
}

impl Room {
    pub(crate) fn none() -> Self {
        Self { messages: 0, bytes: 0 }
    }

    /// Takes the room of one message; `false`, now and from now on, where there is none: what comes after a message that
    /// is only stored is only stored too.
    pub(crate) fn take(&mut self, body: usize) -> bool {
        if self.messages == 0 || self.bytes == 0 {
            self.messages = 0;
            return false;
        }
        self.messages -= 1;
        self.bytes = self.bytes.saturating_sub(body);
        true
    }

    /// A message of the same step is only stored, for another reason.
    pub(crate) fn close(&mut self) {
        self.messages = 0;
    }
}

/// The next thing to do with a queue.
enum Next {
    Work(Box<Envelope>),
    WaitUntil(Option<Timestamp>),
}

impl Queue {
    pub(crate) fn new(index: usize, item: Arc<str>, kind: QueueKind, activity: Arc<Activity>) -> Self {
        let queue = Self {
            item,
            index,
            ordered: kind.ordered,
            by_instance: kind.by_instance,
            grouping: kind.grouping,
            state: Mutex::default(),
            changed: Notify::new(),
            activity,
        };
        if kind.served {
            // What an earlier run left in the store comes first.
            queue.only_stored(None);
        }
        queue
    }

    /// How messages find their group, where the item gathers.
    pub(crate) fn grouping(&self) -> Option<&Grouping> {
        self.grouping.as_ref()
    }

    fn busy(&self) -> Busy {
        self.activity.begin(Some(self.index))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for messages that are submitted now and handed over. [`Room::take`] counts them.
    pub(crate) fn room(&self) -> Room {
        let state = self.lock();
        if state.behind.is_some() || state.refilling {
            return Room::none();
        }
        Room { messages: WINDOW.saturating_sub(state.window.len()), bytes: WINDOW_BYTES.saturating_sub(state.bytes) }
    }

    /// Whether the window has room for one more.
    pub(crate) fn has_room(&self) -> bool {
        let state = self.lock();
        state.window.len() < WINDOW && state.bytes < WINDOW_BYTES
    }

    /// Adds a message that was submitted as handed over.
    pub(crate) fn hand_over(&self, envelope: Envelope) {
        let mut state = self.lock();
        state.insert(envelope);
        drop(state);
        self.changed.notify_one();
    }

    /// Notes that a message was submitted without being handed over.
    pub(crate) fn only_stored(&self, due: Option<Timestamp>) {
        let mut state = self.lock();
        match due {
            Some(due) if state.behind.is_none() => {
                if state.next_due.as_ref().is_none_or(|(next, _)| due < *next) {
                    state.next_due = Some((due, self.busy()));
                }
            }
            _ => {
                state.stored_only += 1;
                state.behind.get_or_insert_with(|| self.busy());
            }
        }
        drop(state);
        self.changed.notify_waiters();
        self.changed.notify_one();
    }

    /// The next due time in the store may have changed: ask again.
    pub(crate) fn due_changed(&self) {
        self.lock().next_due = None;
        self.only_stored(None);
    }

    /// Messages in memory, and whether there are more in the store.
    pub(crate) fn depth(&self) -> (usize, bool) {
        let state = self.lock();
        (state.window.len() + state.retrying.len(), state.behind.is_some())
    }

    /// Waits for the next message whose turn it is. Cancel-safe.
    pub(crate) async fn take(self: &Arc<Self>, source: &Source) -> Envelope {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that no change between looking and waiting is missed.
            changed.as_mut().enable();
            self.refill_if_low(source);
            let now = source.clock.now();
            match self.next(now) {
                Next::Work(envelope) => {
                    // Another worker may find more.
                    self.changed.notify_one();
                    return *envelope;
                }
                Next::WaitUntil(None) => changed.await,
                Next::WaitUntil(Some(due)) => {
                    // At least a millisecond: the timer's resolution.
                    let pause = due.since(now).max(Duration::from_millis(1));
                    let _ = tokio::time::timeout(pause, changed).await;
                }
            }
        }
    }

    fn next(&self, now: Timestamp) -> Next {
        let mut state = self.lock();
        if state.closed {
            return Next::WaitUntil(None);
        }
        let waiting = state.retrying.first_key_value().map(|(key, _)| *key);
        if let Some(key) = waiting {
            let free = state
                .retrying
                .get(&key)
                .is_some_and(|envelope| starts_instance(envelope) || !state.instances.contains(&instance_of(envelope)));
            if key.0 <= now
                && free
                && let Some(envelope) = state.retrying.remove(&key)
            {
                state.retrying_bytes -= envelope.body.len();
                return state.give(envelope, self);
            }
            if self.ordered {
                return Next::WaitUntil(Some(key.0));
            }
        }
        let free = state
            .window
            .iter()
            .find(|(_, envelope)| !self.by_instance || !state.instances.contains(&instance_of(envelope)));
        if let Some(key) = free.map(|(key, _)| *key)
            && let Some(envelope) = state.window.remove(&key)
        {
            state.bytes -= envelope.body.len();
            return state.give(envelope, self);
        }
        let store_due = state.next_due.as_ref().map(|(due, _)| *due);
        Next::WaitUntil(match (waiting.map(|key| key.0), store_due) {
            (Some(retry), Some(due)) => Some(retry.min(due)),
            (retry, due) => retry.or(due),
        })
    }

    /// The worker is done with a message of this instance.
    pub(crate) fn done(&self, instance: MessageId) {
        if self.by_instance {
            self.lock().instances.remove(&instance);
            self.changed.notify_one();
        }
    }

    /// Whether a failed message may wait in memory for its next attempt. Not where many do already: an outage is a
    /// backlog like any other.
    pub(crate) fn keeps(&self, envelope: &Envelope) -> bool {
        let state = self.lock();
        let bytes: usize = envelope.body.len() + state.retrying_bytes;
        envelope.lease.is_none() || state.retrying.is_empty() || (state.retrying.len() < WINDOW && bytes < WINDOW_BYTES)
    }

    /// Takes a failed message back until its next attempt.
    pub(crate) fn retry_at(&self, due: Timestamp, envelope: Envelope) {
        let mut state = self.lock();
        // A request keeps its instance: responses to what it awaited or sent may come before it has succeeded.
        if !starts_instance(&envelope) {
            state.instances.remove(&instance_of(&envelope));
        }
        let tie = state.tie_of(&envelope);
        state.retrying_bytes += envelope.body.len();
        state.retrying.insert((due, envelope.header.sequence, tie), envelope);
        drop(state);
        self.changed.notify_one();
    }

    /// Puts a message back whose turn was stopped before it began or was dropped.
    pub(crate) fn put_back(&self, envelope: Envelope) {
        let mut state = self.lock();
        state.instances.remove(&instance_of(&envelope));
        state.insert(envelope);
        drop(state);
        self.changed.notify_one();
    }

    /// Forgets what is in memory: after a failure of the store it may not be stored. The store has the rest.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        *state =
            State { closed: true, closings: state.closings + 1, stored_only: state.stored_only, ..State::default() };
    }

    /// Reads from the store again.
    pub(crate) fn reopen(&self) {
        self.lock().closed = false;
        self.only_stored(None);
    }

    fn refill_if_low(self: &Arc<Self>, source: &Source) {
        let mut state = self.lock();
        let now = source.clock.now();
        if state.next_due.as_ref().is_some_and(|(due, _)| *due <= now) {
            state.next_due = None;
            state.behind.get_or_insert_with(|| self.busy());
        }
        let low = state.window.len() < LOW_WATER && state.bytes < WINDOW_BYTES;
        if state.closed || state.behind.is_none() || state.refilling || !low {
            return;
        }
        state.refilling = true;
        let limit = if state.refill == 0 { FIRST_REFILL } else { state.refill };
        let seen = Seen { closings: state.closings, stored_only: state.stored_only, limit };
        // Asked for under the lock: whatever is only stored after this is counted in `stored_only` after `seen`.
        let batch = source.store.lease(LeaseRequest {
            queue: Arc::clone(&self.item),
            node: source.node,
            limit,
            ttl: Duration::MAX,
            order: if self.ordered { LeaseOrder::Queue } else { LeaseOrder::None },
            with_parked: false,
        });
        let epoch = source.store.epoch();
        drop(state);
        let (queue, failure) = (Arc::clone(self), Arc::clone(&source.failure));
        tokio::spawn(async move {
            let batch = batch.await;
            queue.refilled(batch, seen, epoch, &failure);
        });
    }

    fn refilled(&self, batch: Result<LeaseBatch, StoreError>, seen: Seen, epoch: u64, failure: &Failure) {
        let mut state = self.lock();
        if state.closings != seen.closings {
            // Of before the store failed: these leases are lost, and the queue has been read again, or will be.
            return;
        }
        state.refilling = false;
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => {
                // Nobody else may have noticed. The engine closes this queue and opens it again.
                drop(state);
                failure.report(&error);
                return;
            }
        };
        let complete = batch.leased.len() < seen.limit && state.stored_only == seen.stored_only;
        let bytes: usize = batch.leased.iter().map(|leased| leased.message.body.len()).sum();
        if let Some(mean) = bytes.checked_div(batch.leased.len()) {
            state.refill = (WINDOW_BYTES / mean.max(1)).clamp(1, REFILL);
        }
        let durable = Commit::done(Ok(Outcome::Committed { duplicates: Vec::new() }));
        for leased in batch.leased {
            let mut envelope = Envelope::leased(leased, epoch, durable.clone(), self.busy());
            if let Some(grouping) = &self.grouping {
                grouping.enter(&mut envelope);
            }
            state.insert(envelope);
        }
        state.next_due = batch.next_due.map(|due| (due, self.busy()));
        if complete {
            state.behind = None;
        }
        drop(state);
        self.changed.notify_waiters();
        self.changed.notify_one();
    }
}

/// What a refill knows of its queue at its beginning.
#[derive(Debug, Clone, Copy)]
struct Seen {
    closings: u64,
    stored_only: u64,
    limit: usize,
}

/// What must not be worked on by two workers at once: the process instance, or for a request the one that it starts or the
/// group that it belongs to.
pub(crate) fn instance_of(envelope: &Envelope) -> MessageId {
    let instance = if starts_instance(envelope) { envelope.group } else { envelope.instance };
    instance.unwrap_or(envelope.header.id)
}

fn starts_instance(envelope: &Envelope) -> bool {
    envelope.header.kind == Kind::Request
}

impl State {
    fn insert(&mut self, envelope: Envelope) {
        self.bytes += envelope.body.len();
        let tie = self.tie_of(&envelope);
        self.window.insert((Reverse(envelope.header.priority), envelope.header.sequence, tie), envelope);
    }

    /// Transient messages have no sequence of their own.
    fn tie_of(&mut self, envelope: &Envelope) -> u32 {
        if envelope.lease.is_none() {
            self.tie = self.tie.wrapping_add(1);
            return self.tie;
        }
        0
    }

    fn give(&mut self, envelope: Envelope, queue: &Queue) -> Next {
        if queue.by_instance {
            self.instances.insert(instance_of(&envelope));
        }
        Next::Work(Box::new(envelope))
    }
}
