//! The queue of an item: a window in memory onto the backlog in the store.
//!
//! *Invariant*: as long as the queue is not `behind`, its window holds every message of the item that is due and that the
//! store does not hold back, so a new one may be handed over without a detour. Once a message was only stored (the window
//! was full, or the message was not due yet), the queue is behind: everything that follows, up to its priority, is only
//! stored as well, until a refill has caught up. The same holds inside each order key ([`Lanes`]).

mod decided;
mod kind;
mod seen;
mod waiting;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::activity::{Activity, Busy};
use super::core::Failure;
use super::envelope::Envelope;
use super::express::{self, Express, Lane};
use super::gate::Gate;
use super::groups::Grouping;
use super::lanes::{Lanes, Place, QueueOrder};
use super::loan::Loan;
use crate::clock::{Clock, Timestamp};
use crate::message::{Kind, MessageId, Priority};
use crate::production::Item;
use crate::settings::ResolvedItem;
use crate::store::{End, NewMessage, NodeId, Parked, Step, Store};

pub(crate) use self::kind::QueueKind;
pub(super) use self::waiting::wake_one;

/// Messages in the window at most.
pub(super) const WINDOW: usize = 1024;
/// Bytes of bodies in the window at most.
pub(super) const WINDOW_BYTES: usize = 16 << 20;
/// Messages of one order key in the window at most.
pub(super) const KEY_WINDOW: usize = 64;

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
    pub(super) item: Arc<str>,
    pub(super) index: usize,
    pub(super) kind: QueueKind,
    /// How messages find their group, where the item gathers.
    pub(super) grouping: Option<Grouping>,
    /// Messages may come on the express way.
    pub(super) plain: bool,
    pub(super) state: Mutex<State>,
    /// Transient messages wait with their senders until there is room.
    pub(super) room: Notify,
    pub(super) want_room: AtomicUsize,
    pub(super) activity: Arc<Activity>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) lanes: Lanes,
    /// What came on the express way. It was here before everything in `lanes`.
    pub(super) express: Lane,
    /// Workers that wait for something to do, and are not woken yet.
    pub(super) idle: Vec<Arc<Loan>>,
    /// Something in the store, up to this priority, is not in the window.
    pub(super) behind: Option<(Busy, Priority)>,
    /// Goes up whenever something was only stored, so that a refill knows whether it saw everything.
    pub(super) stored_only: u64,
    pub(super) refilling: bool,
    /// What left memory since the refill under way began: the store holds it.
    pub(super) dropped: Vec<(Arc<str>, Place)>,
    /// What was only stored since the refill under way began, of order keys that had nothing in memory then: what the
    /// refill brings may be in front of it.
    pub(super) missed: Vec<Missed>,
    /// Messages to read at once, by the size of those read last; 0 where none were.
    pub(super) refill: usize,
    /// When the next message in the store becomes due.
    pub(super) next_due: Option<(Timestamp, Busy)>,
    /// Failed messages of order keys wait in the store alone: nothing is handed over that might overtake them.
    pub(super) away: bool,
    /// What a person has to decide before the rest of its order key, or of the queue, goes on: all of it, since what was
    /// held for an item that was gone is many of one key.
    pub(super) parked: BTreeSet<(Option<Arc<str>>, MessageId)>,
    /// What an earlier run parked is known.
    pub(super) knows_parked: bool,
    /// Room that was promised and not used yet: messages, bytes.
    pub(super) reserved: (usize, usize),
    pub(super) gate: Gate,
    /// After a failure of the store: what is in memory may not be stored.
    pub(super) closed: bool,
    /// Goes up with each closing, so that what comes from before it is known as void.
    pub(super) era: u64,
}

/// A message of an order key that is in the store alone, and of which its lane does not know.
#[derive(Debug)]
pub(super) struct Missed {
    pub(super) key: Arc<str>,
    pub(super) priority: Priority,
    /// The queue's count of what was only stored, when this was.
    pub(super) at: u64,
}

/// What a message is when it is handed in: to be handed over, or only stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// There is room for it, in this life of the queue.
    HandOver(u64),
    OnlyStore,
}

/// What a worker is given.
#[derive(Debug)]
pub(crate) enum Work {
    Message(Box<Envelope>),
    /// On the express way, in this life of the queue.
    Express(Express, u64),
}

impl Queue {
    /// The queue of the item with this index.
    pub(crate) fn new(index: usize, declared: &Item, resolved: &ResolvedItem, activity: Arc<Activity>) -> Self {
        let kind = QueueKind::of(declared, &resolved.options);
        let item = Arc::clone(&resolved.config.item);
        let types = || (declared.component.handles)();
        // A renamed item goes on with the groups that it has.
        let identity = declared.policy.renamed_from.map_or_else(|| Arc::clone(&item), Arc::from);
        let grouping = declared.component.correlate.map(|field| Grouping::new(identity, field, types()));
        let state = State::new(kind, 0);
        let plain = express::is_plain(declared, kind);
        let (room, want_room) = (Notify::new(), AtomicUsize::new(0));
        let state = Mutex::new(state);
        let queue = Self { item, index, kind, grouping, plain, state, room, want_room, activity };
        // What an earlier run left in the store comes first.
        queue.look();
        queue
    }

    /// The order in which it is worked on.
    pub(crate) fn order(&self) -> QueueOrder {
        self.kind.order
    }

    /// How messages find their group, where the item gathers.
    pub(crate) fn grouping(&self) -> Option<&Grouping> {
        self.grouping.as_ref()
    }

    pub(super) fn busy(&self) -> Busy {
        self.activity.begin(Some(self.index))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value by which this queue orders a message, where it is ordered by one.
    pub(crate) fn order_key(&self, message: &NewMessage) -> Option<Arc<str>> {
        if message.kind == Kind::Request { self.order_key_of(&message.keys) } else { None }
    }

    /// The same of a request with these keys.
    pub(crate) fn order_key_of(&self, keys: &[(&'static str, String)]) -> Option<Arc<str>> {
        let QueueOrder::Key(name) = self.kind.order else { return None };
        let key = keys.iter().find(|(key, _)| *key == name);
        Some(key.map_or_else(|| Arc::from(""), |(_, value)| Arc::from(value.as_str())))
    }

    /// Whether such a message holds others back while it is suspended.
    pub(crate) fn parks(&self, order_key: Option<&Arc<str>>) -> bool {
        self.kind.parks && (self.kind.order == QueueOrder::Whole || order_key.is_some())
    }

    /// Whether there is room for a message that is about to be submitted. What comes after a message that is only stored
    /// is only stored too. Called, with what follows from it, under the lock of submissions.
    pub(crate) fn admit(&self, message: &NewMessage, may_hand_over: bool) -> Admission {
        let mut state = self.lock();
        let (messages, bytes) = state.reserved;
        let room = state.lanes.waiting() + messages < WINDOW && state.lanes.bytes() + bytes < WINDOW_BYTES;
        let behind = state.behind.as_ref().is_some_and(|(_, priority)| *priority >= message.priority);
        let may = may_hand_over && message.due.is_none() && room && !behind && !state.is_closed_to_new();
        let admitted = may
            && match &message.order_key {
                Some(key) => state.lanes.reserve(key, message.priority, self.key_window()),
                None => true,
            };
        if !admitted {
            // Already now, for what follows in the same step.
            self.note_stored(&mut state, message);
            return Admission::OnlyStore;
        }
        state.reserved = (messages + 1, bytes + message.body.len());
        Admission::HandOver(state.era)
    }

    /// So that the busy lanes of all workers leave room for others.
    fn key_window(&self) -> usize {
        (WINDOW / (2 * self.kind.workers.max(1))).clamp(1, KEY_WINDOW)
    }

    /// Whether the window has room for one more.
    pub(crate) fn has_room(&self) -> bool {
        let state = self.lock();
        state.lanes.waiting() + state.express.len() < WINDOW && state.lanes.bytes() < WINDOW_BYTES
    }

    /// Adds a message that was submitted as handed over; `era` is that of its admission.
    pub(crate) fn hand_over(&self, mut envelope: Envelope, era: u64) {
        let mut state = self.lock();
        if state.era != era {
            // The store failed in between: what of it is stored is read again.
            return;
        }
        let (messages, bytes) = state.reserved;
        state.reserved = (messages.saturating_sub(1), bytes.saturating_sub(envelope.body.len()));
        envelope.era = era;
        state.lanes.insert(envelope, true);
        wake_one(state);
    }

    /// Adds a message that the store does not know.
    pub(crate) fn keep_transient(&self, mut envelope: Envelope) {
        let mut state = self.lock();
        envelope.era = state.era;
        state.lanes.insert(envelope, false);
        wake_one(state);
    }

    /// Notes that a message was submitted without being handed over.
    pub(crate) fn only_stored(&self, message: &NewMessage) {
        self.note_stored(&mut self.lock(), message);
        self.wake();
    }

    fn note_stored(&self, state: &mut State, message: &NewMessage) {
        match (message.due, &message.order_key) {
            (Some(due), _) if state.behind.is_none() => self.note_due(state, due),
            (None, Some(key)) => {
                state.stored_only += 1;
                if state.lanes.spill(key, message.priority, state.stored_only) {
                    state.miss(key, message.priority);
                    self.fall_behind(state, message.priority);
                }
            }
            // An alarm of any priority may ring before the next look.
            (Some(_), _) => state.stored_only += 1,
            (None, None) if state.is_parked(None) => state.stored_only += 1,
            (None, None) => {
                state.stored_only += 1;
                self.fall_behind(state, message.priority);
            }
        }
    }

    fn note_due(&self, state: &mut State, due: Timestamp) {
        if state.next_due.as_ref().is_none_or(|(next, _)| due < *next) {
            state.next_due = Some((due, self.busy()));
        }
    }

    /// Something up to this priority is in the store alone.
    pub(super) fn fall_behind(&self, state: &mut State, priority: Priority) {
        match &mut state.behind {
            Some((_, behind)) => *behind = priority.max(*behind),
            None => state.behind = Some((self.busy(), priority)),
        }
    }

    /// Something may be in the store that the window does not have: ask again. Nothing is where nobody asks.
    pub(crate) fn look(&self) {
        if !self.kind.served {
            return;
        }
        self.look_again(&mut self.lock());
        self.wake();
    }

    pub(super) fn look_again(&self, state: &mut State) {
        state.stored_only += 1;
        self.fall_behind(state, Priority(u8::MAX));
        // Not before the queue is busy with something else: in between it would pass for idle.
        state.next_due = None;
    }

    /// What its workers pass before each message.
    pub(crate) fn gate<T>(&self, look: impl FnOnce(&mut Gate) -> T) -> T {
        look(&mut self.lock().gate)
    }

    /// The gate may let something else through than before.
    pub(crate) fn gate_changed(&self) {
        self.wake();
    }

    /// Whether what a worker has in hand is of this life of the queue.
    pub(crate) fn is_current(&self, envelope: &Envelope) -> bool {
        self.lock().era == envelope.era
    }

    /// The worker is done with a message.
    pub(crate) fn done(&self, envelope: &Envelope) {
        let mut state = self.lock();
        if state.era != envelope.era {
            return;
        }
        state.gate.came_to_nothing(envelope.header.id);
        let look = state.lanes.done(envelope);
        self.left(state, envelope, look);
    }

    /// A message is gone; up to this priority, its lane is to be looked for in the store.
    fn left(&self, mut state: MutexGuard<'_, State>, envelope: &Envelope, look: Option<Priority>) {
        if let Some(priority) = look {
            state.stored_only += 1;
            if let Some(key) = &envelope.header.order_key {
                state.miss(key, priority);
            }
            self.fall_behind(&mut state, priority);
        }
        wake_one(state);
    }

    /// Whether a failed message may wait in memory for its next attempt. Not where many do already: an outage is a
    /// backlog like any other.
    pub(crate) fn keeps(&self, envelope: &Envelope) -> bool {
        let state = self.lock();
        let bytes: usize = envelope.body.len() + state.lanes.retrying_bytes();
        // Of an ordered queue there is one, for each priority.
        envelope.lease.is_none()
            || self.kind.order == QueueOrder::Whole
            || state.lanes.retrying() == 0
            || (state.lanes.retrying() < WINDOW && bytes < WINDOW_BYTES)
    }

    /// The message in hand will be tried again: what is behind it in its order key goes back to the store, in the step
    /// that is submitted next. Called under the lock of submissions.
    pub(crate) fn hold_behind(&self, envelope: &Envelope) {
        let mut state = self.lock();
        if state.era == envelope.era {
            state.lanes.fails(envelope);
            if let Some(key) = &envelope.header.order_key {
                state.drop_behind(key, envelope.place());
            }
        }
    }

    /// The message in hand is being suspended and parks its order key, or the whole of an ordered queue. What is behind it
    /// goes back to the store, in the step that is submitted next. Called under the lock of submissions.
    pub(crate) fn park(&self, envelope: &Envelope, step: &mut Step) {
        let mut state = self.lock();
        if state.era != envelope.era {
            return;
        }
        let key = envelope.header.order_key.clone();
        match &key {
            Some(key) => state.drop_behind(key, envelope.place()),
            None => {
                let given_up = state.lanes.give_up_behind(envelope.place());
                step.end.extend(given_up.into_iter().map(|lease| (lease, End::GiveBack)));
            }
        }
        state.lanes.park(key.as_ref(), true);
        state.parked.insert((key, envelope.header.id));
    }

    /// Takes a failed message back until its next attempt.
    pub(crate) fn retry_at(&self, due: Timestamp, envelope: Envelope) {
        let mut state = self.lock();
        if state.era == envelope.era {
            state.gate.came_to_nothing(envelope.header.id);
            state.lanes.retry_at(due, envelope);
        }
        wake_one(state);
    }

    /// A failed message waits in the store alone for its next attempt.
    pub(crate) fn retry_in_store(&self, due: Timestamp, envelope: &Envelope) {
        let mut state = self.lock();
        if state.era == envelope.era {
            state.gate.came_to_nothing(envelope.header.id);
            state.away |= matches!(self.kind.order, QueueOrder::Key(_));
            state.lanes.retry_in_store(envelope);
            if state.behind.is_some() {
                state.stored_only += 1;
            } else {
                self.note_due(&mut state, due);
            }
        }
        wake_one(state);
    }

    /// Puts a message back whose turn was stopped before it began or was dropped.
    pub(crate) fn put_back(&self, envelope: Envelope) {
        let mut state = self.lock();
        if state.era == envelope.era {
            state.gate.came_to_nothing(envelope.header.id);
            state.lanes.put_back(envelope);
        }
        wake_one(state);
    }

    /// Forgets what is in memory: after a failure of the store it may not be stored. The store has the rest.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        let gate = std::mem::replace(&mut state.gate, Gate::new(self.kind.gate));
        let era = state.era + 1;
        let mut express = std::mem::replace(&mut state.express, Lane::new());
        express.forget();
        // Those who wait go on waiting.
        let idle = std::mem::take(&mut state.idle);
        let stored_only = state.stored_only;
        *state = State { closed: true, stored_only, gate, express, idle, ..State::new(self.kind, era) };
        state.gate.all_came_to_nothing();
    }

    /// Reads from the store again.
    pub(crate) fn reopen(&self) {
        self.lock().closed = false;
        self.look();
    }
}

impl State {
    fn new(kind: QueueKind, era: u64) -> Self {
        Self {
            lanes: Lanes::new(kind.order, kind.by_instance),
            express: Lane::new(),
            idle: Vec::new(),
            behind: None,
            stored_only: 0,
            refilling: false,
            dropped: Vec::new(),
            missed: Vec::new(),
            refill: 0,
            next_due: None,
            away: false,
            parked: BTreeSet::new(),
            knows_parked: false,
            reserved: (0, 0),
            gate: Gate::new(kind.gate),
            closed: false,
            era,
        }
    }

    /// Whether nothing may be handed over at all.
    pub(super) fn is_closed_to_new(&self) -> bool {
        self.closed || self.away || self.is_parked(None)
    }

    /// Whether something waits for a person that holds this order key back, or without one all of the queue.
    pub(super) fn is_parked(&self, key: Option<&Arc<str>>) -> bool {
        let first = (key.cloned(), MessageId::from_bytes([0; 16]));
        self.parked.range(first..).next().is_some_and(|(parked, _)| parked.as_ref() == key)
    }

    /// Something of a key is in the store alone, and a refill under way may not see it.
    fn miss(&mut self, key: &Arc<str>, priority: Priority) {
        if self.refilling {
            self.missed.push(Missed { key: Arc::clone(key), priority, at: self.stored_only });
        }
    }

    fn drop_behind(&mut self, key: &Arc<str>, head: Place) {
        self.stored_only += 1;
        self.lanes.drop_behind(key, head, self.stored_only);
        if self.refilling {
            self.dropped.push((Arc::clone(key), head));
        }
    }

    /// What an earlier run parked.
    pub(super) fn take_parked(&mut self, parked: Vec<Parked>) {
        self.knows_parked = true;
        for Parked { message, order_key } in parked {
            self.lanes.park(order_key.as_ref(), true);
            self.parked.insert((order_key, message));
        }
    }
}
