//! The messages of a queue that are in memory, and which of them may be worked on now.
//!
//! A *lane* is what only one worker has a message of at a time: the whole of an ordered queue, an order key, or the
//! responses and timers of a process instance. In a lane the order is that of the queue, higher priority first, then
//! store sequence; a message that failed holds back what stands behind it in its lane. Everything costs the logarithm of
//! what is in memory.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use super::envelope::Envelope;
use crate::clock::Timestamp;
use crate::message::{Kind, MessageId, Priority};
use crate::store::LeaseToken;

/// A place in the order of a queue; the last part tells transient messages of one sequence apart.
pub(crate) type Place = (Reverse<Priority>, u64, u32);

/// The order in which a queue is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueueOrder {
    /// Every message by itself.
    Free,
    /// One after the other.
    Whole,
    /// One after the other for each value of this key.
    Key(&'static str),
}

impl std::fmt::Display for QueueOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Free => f.write_str("none"),
            Self::Whole => f.write_str("fifo"),
            Self::Key(name) => write!(f, "key({name})"),
        }
    }
}

/// What only one worker has a message of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum LaneId {
    Whole,
    Key(Arc<str>),
    Instance(MessageId),
}

#[derive(Debug, Default)]
struct Lane {
    waiting: BTreeSet<Place>,
    /// Failed, and to be tried again.
    failing: BTreeSet<Place>,
    /// A worker has one of it.
    in_hand: Option<Place>,
    /// Promised room for messages that are being submitted.
    reserved: usize,
    /// Others of it are in the store alone, up to this priority.
    spilled: Option<Spilled>,
    /// A suspended message holds it back.
    parked: bool,
    /// What it has among the ready.
    offered: Option<Place>,
}

/// What of a lane is in the store alone.
#[derive(Debug, Clone, Copy)]
struct Spilled {
    priority: Priority,
    /// The queue's count of what was only stored, when this was: a later look at the store has seen it.
    at: u64,
}

impl Lane {
    fn is_forgettable(&self) -> bool {
        self.is_empty() && self.spilled.is_none() && !self.parked
    }

    /// Nothing of it is in memory or on its way there.
    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.failing.is_empty() && self.in_hand.is_none() && self.reserved == 0
    }

    /// Whether something in memory, or on its way there, is to come before anything of `priority` in the store.
    fn is_ahead_of(&self, priority: Priority) -> bool {
        let places = self.waiting.first().into_iter().chain(self.failing.first()).chain(self.in_hand.as_ref());
        self.reserved > 0 || places.into_iter().any(|place| place.0.0 >= priority)
    }
}

/// The messages in memory.
#[derive(Debug)]
pub(crate) struct Lanes {
    order: QueueOrder,
    by_instance: bool,
    waiting: BTreeMap<Place, Envelope>,
    bytes: usize,
    /// May be worked on now, as far as lanes go.
    ready: BTreeSet<Place>,
    /// Failed messages that wait for their next attempt.
    retrying: BTreeMap<(Timestamp, Place), Envelope>,
    retrying_bytes: usize,
    lanes: HashMap<LaneId, Lane>,
    /// Process instances that a worker has, or a request that will be tried again.
    instances: HashSet<MessageId>,
    /// Lanes whose next message waits for an instance.
    kept_waiting: HashMap<MessageId, Vec<LaneId>>,
    tie: u32,
}

impl Lanes {
    pub(crate) fn new(order: QueueOrder, by_instance: bool) -> Self {
        Self {
            order,
            by_instance,
            waiting: BTreeMap::new(),
            bytes: 0,
            ready: BTreeSet::new(),
            retrying: BTreeMap::new(),
            retrying_bytes: 0,
            lanes: HashMap::new(),
            instances: HashSet::new(),
            kept_waiting: HashMap::new(),
            tie: 0,
        }
    }

    /// Messages that wait for a worker.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Bytes of their bodies.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Those of them that may be worked on now.
    pub(crate) fn ready(&self) -> usize {
        self.ready.len()
    }

    pub(crate) fn retrying(&self) -> usize {
        self.retrying.len()
    }

    pub(crate) fn retrying_bytes(&self) -> usize {
        self.retrying_bytes
    }

    /// Failed messages in memory, the next one to be tried first.
    pub(crate) fn failing(&self) -> impl Iterator<Item = (Timestamp, &Envelope)> {
        self.retrying.iter().map(|((due, _), envelope)| (*due, envelope))
    }

    /// Changes the messages that wait for a worker, but for their places.
    pub(crate) fn each_waiting(&mut self, change: impl FnMut(&mut Envelope)) {
        self.waiting.values_mut().for_each(change);
    }

    /// The priority of the best message that waits.
    pub(crate) fn best(&self) -> Option<Priority> {
        self.waiting.first_key_value().map(|(place, _)| place.0.0)
    }

    fn lane_of(&self, envelope: &Envelope) -> Option<LaneId> {
        match self.order {
            QueueOrder::Whole => return Some(LaneId::Whole),
            QueueOrder::Key(_) if envelope.header.kind == Kind::Request => {
                // Accepted while no order was declared: each by itself.
                return envelope.header.order_key.clone().map(LaneId::Key);
            }
            _ => {}
        }
        (self.by_instance && !is_alone(envelope)).then(|| LaneId::Instance(instance_of(envelope)))
    }

    fn lane(&mut self, id: LaneId) -> &mut Lane {
        self.lanes.entry(id).or_default()
    }

    /// Room in the lane of an order key for a message that is being submitted; taken where the answer is yes.
    pub(crate) fn reserve(&mut self, key: &Arc<str>, priority: Priority, at_once: usize) -> bool {
        let lane = self.lane(LaneId::Key(Arc::clone(key)));
        let behind = lane.spilled.is_some_and(|spilled| spilled.priority >= priority);
        let room = lane.waiting.len() + lane.reserved < at_once;
        // What a failing message holds back waits in the store.
        let held = lane.failing.first().is_some_and(|head| head.0.0 >= priority);
        let admitted = !lane.parked && !behind && room && !held;
        lane.reserved += usize::from(admitted);
        admitted
    }

    /// A message of this key is only stored; `true` where nothing in memory will have it looked for.
    pub(crate) fn spill(&mut self, key: &Arc<str>, priority: Priority, at: u64) -> bool {
        // Nothing of it is in memory: so the store holds nothing of it back, and a look finds it.
        let Some(lane) = self.lanes.get_mut(&LaneId::Key(Arc::clone(key))) else { return true };
        let before = lane.spilled.map_or(priority, |spilled| spilled.priority);
        lane.spilled = Some(Spilled { priority: before.max(priority), at });
        !lane.parked && !lane.is_ahead_of(priority)
    }

    /// Adds a message that was promised room, or was read from the store.
    pub(crate) fn insert(&mut self, mut envelope: Envelope, reserved: bool) {
        if envelope.lease.is_none() && envelope.tie == 0 {
            // Transient messages have no sequence of their own.
            envelope.tie = self.next_tie();
        }
        let place = envelope.place();
        self.bytes += envelope.body.len();
        let lane = self.lane_of(&envelope);
        if lane.as_ref().and_then(|id| self.lanes.get(id)).is_some_and(|lane| lane.parked) {
            // It waits for a person.
            envelope.busy = None;
        }
        self.waiting.insert(place, envelope);
        match lane {
            None => drop(self.ready.insert(place)),
            Some(id) => {
                let lane = self.lane(id.clone());
                lane.reserved -= usize::from(reserved && lane.reserved > 0);
                lane.waiting.insert(place);
                self.reconsider(&id);
            }
        }
    }

    /// Tells the next transient message apart from those before it.
    pub(crate) fn next_tie(&mut self) -> u32 {
        self.tie = self.tie.wrapping_add(1).max(1);
        self.tie
    }

    /// Whether nothing waits in memory.
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.retrying.is_empty()
    }

    /// Whether nothing is in memory, or in hand and may come back, that an ordered queue has in front of a new message.
    pub(crate) fn has_nothing_in_front(&self) -> bool {
        self.is_idle() && self.lanes.get(&LaneId::Whole).is_none_or(Lane::is_empty)
    }

    /// An instance whose request came on the express way has something to wait for: its callbacks wait for that turn.
    pub(crate) fn take_instance(&mut self, instance: MessageId) {
        self.instances.insert(instance);
    }

    /// Sees anew what of a lane may be worked on.
    fn reconsider(&mut self, id: &LaneId) {
        let Some(lane) = self.lanes.get_mut(id) else { return };
        let first = lane.waiting.first().copied();
        let held = |place: &Place| lane.failing.first().is_some_and(|head| head < place);
        let mut offer = first.filter(|place| lane.in_hand.is_none() && !lane.parked && !held(place));
        if self.by_instance
            && let Some(envelope) = offer.and_then(|place| self.waiting.get(&place))
            && !is_alone(envelope)
            && self.instances.contains(&instance_of(envelope))
        {
            let waiting = self.kept_waiting.entry(instance_of(envelope)).or_default();
            if !waiting.contains(id) {
                waiting.push(id.clone());
            }
            offer = None;
        }
        if lane.offered == offer {
            return;
        }
        if let Some(old) = std::mem::replace(&mut lane.offered, offer) {
            self.ready.remove(&old);
        }
        self.ready.extend(offer);
    }

    /// The best message that may be worked on at `now`; it is in somebody's hands from then on.
    pub(crate) fn give(&mut self, now: Timestamp) -> Option<Envelope> {
        let again = self.retrying.iter().take_while(|((due, _), _)| *due <= now).find(|(key, envelope)| {
            let lane = self.lane_of(envelope).and_then(|id| self.lanes.get(&id));
            let lane_is_free = lane.is_none_or(|lane| {
                lane.in_hand.is_none() && !lane.parked && lane.failing.first().is_none_or(|first| *first >= key.1)
            });
            // A request that failed has kept its instance for itself.
            lane_is_free && (starts_instance(envelope) || !self.instances.contains(&instance_of(envelope)))
        });
        let again = again.map(|(key, _)| *key);
        let fresh = self.ready.first().copied();
        // What failed goes first, unless something more urgent has come.
        match (again, fresh) {
            (Some(key), fresh) if fresh.is_none_or(|fresh| fresh.0 >= key.1.0) => {
                let envelope = self.retrying.remove(&key)?;
                self.retrying_bytes -= envelope.body.len();
                Some(self.hand_out(envelope))
            }
            (_, Some(place)) => {
                let envelope = self.waiting.remove(&place)?;
                self.bytes -= envelope.body.len();
                self.ready.remove(&place);
                Some(self.hand_out(envelope))
            }
            (_, None) => None,
        }
    }

    fn hand_out(&mut self, envelope: Envelope) -> Envelope {
        let place = envelope.place();
        if self.by_instance {
            let instance = instance_of(&envelope);
            self.instances.insert(instance);
            self.reconsider(&LaneId::Instance(instance));
        }
        if let Some(id) = self.lane_of(&envelope) {
            let lane = self.lane(id.clone());
            lane.waiting.remove(&place);
            lane.failing.remove(&place);
            lane.in_hand = Some(place);
            self.reconsider(&id);
        }
        envelope
    }

    /// When the next failed message may be tried again.
    pub(crate) fn next_retry(&self, now: Timestamp) -> Option<Timestamp> {
        let after = (now.after(Duration::from_micros(1)), (Reverse(Priority(u8::MAX)), 0, 0));
        self.retrying.range(after..).next().map(|((due, _), _)| *due)
    }

    /// The worker has ended a message; gives the priority up to which its lane must be looked for in the store.
    pub(crate) fn done(&mut self, envelope: &Envelope) -> Option<Priority> {
        if self.by_instance {
            self.free_instance(instance_of(envelope));
        }
        self.leave(envelope)
    }

    fn free_instance(&mut self, instance: MessageId) {
        self.instances.remove(&instance);
        for id in self.kept_waiting.remove(&instance).unwrap_or_default() {
            self.reconsider(&id);
        }
        self.reconsider(&LaneId::Instance(instance));
        self.forget(LaneId::Instance(instance));
    }

    /// A message that was in hand, or was withdrawn, leaves its lane for whatever it is next.
    pub(crate) fn leave(&mut self, envelope: &Envelope) -> Option<Priority> {
        let id = self.lane_of(envelope)?;
        let lane = self.lane(id.clone());
        if lane.in_hand == Some(envelope.place()) {
            lane.in_hand = None;
        }
        let look = lane.spilled.map(|spilled| spilled.priority);
        let look = look.filter(|priority| !lane.parked && !lane.is_ahead_of(*priority));
        if look.is_some() && lane.is_empty() {
            // From the look on, the queue knows it as well as its lane did.
            lane.spilled = None;
        }
        self.reconsider(&id);
        self.forget(id);
        look
    }

    /// A lane of which nothing is known is none.
    fn forget(&mut self, id: LaneId) {
        if let Entry::Occupied(lane) = self.lanes.entry(id)
            && lane.get().is_forgettable()
        {
            lane.remove();
        }
    }

    /// The message in hand will be tried again, by whoever holds it then: what is behind it waits.
    pub(crate) fn fails(&mut self, envelope: &Envelope) {
        match self.lane_of(envelope) {
            // Other responses to the instance may go on.
            None | Some(LaneId::Instance(_)) => {}
            Some(id) => {
                self.lane(id.clone()).failing.insert(envelope.place());
                self.reconsider(&id);
            }
        }
    }

    /// Takes a failed message back until its next attempt.
    pub(crate) fn retry_at(&mut self, due: Timestamp, envelope: Envelope) {
        // A request keeps its instance: responses to what it awaited or sent may come before it has succeeded.
        if self.by_instance && !starts_instance(&envelope) {
            self.free_instance(instance_of(&envelope));
        }
        self.fails(&envelope);
        self.leave(&envelope);
        self.retrying_bytes += envelope.body.len();
        self.retrying.insert((due, envelope.place()), envelope);
    }

    /// A failed message waits in the store for its next attempt.
    pub(crate) fn retry_in_store(&mut self, envelope: &Envelope) {
        if self.by_instance {
            self.free_instance(instance_of(envelope));
        }
        if let Some(lane) = self.lane_of(envelope).and_then(|id| self.lanes.get_mut(&id)) {
            lane.failing.remove(&envelope.place());
        }
        self.leave(envelope);
    }

    /// Takes a stored message out that waits, whatever it waits for; with `only_head`, only where nothing of its lane is in
    /// front of it.
    pub(crate) fn withdraw(&mut self, id: MessageId, only_head: bool) -> Option<Withdrawn> {
        let is_first = |envelope: &Envelope| {
            let place = envelope.place();
            let lane = self.lane_of(envelope).and_then(|id| self.lanes.get(&id));
            lane.is_none_or(|lane| {
                let first = |places: &BTreeSet<Place>| places.first().is_none_or(|first| *first >= place);
                lane.in_hand.is_none() && first(&lane.waiting) && first(&lane.failing)
            })
        };
        let is_it = |envelope: &Envelope| {
            envelope.header.id == id && envelope.lease.is_some() && (!only_head || is_first(envelope))
        };
        let again = self.retrying.iter().find(|(_, envelope)| is_it(envelope)).map(|(key, _)| *key);
        let envelope = if let Some(key) = again {
            let envelope = self.retrying.remove(&key)?;
            self.retrying_bytes -= envelope.body.len();
            if self.by_instance && starts_instance(&envelope) {
                // It had kept its instance for itself. What merely waits has none: a worker may have it.
                self.free_instance(instance_of(&envelope));
            }
            envelope
        } else {
            let place = self.waiting.iter().find(|(_, envelope)| is_it(envelope)).map(|(place, _)| *place)?;
            let envelope = self.waiting.remove(&place)?;
            self.bytes -= envelope.body.len();
            self.ready.remove(&place);
            envelope
        };
        let lease = envelope.lease?;
        if let Some(id) = self.lane_of(&envelope)
            && let Some(lane) = self.lanes.get_mut(&id)
        {
            let place = envelope.place();
            lane.waiting.remove(&place);
            lane.failing.remove(&place);
            if lane.offered == Some(place) {
                lane.offered = None;
            }
            self.reconsider(&id);
        }
        Some(Withdrawn { envelope, lease })
    }

    /// Puts a message back that nobody has worked on.
    pub(crate) fn put_back(&mut self, envelope: Envelope) {
        if self.by_instance {
            self.free_instance(instance_of(&envelope));
        }
        let id = self.lane_of(&envelope);
        if let Some(lane) = id.as_ref().and_then(|id| self.lanes.get_mut(id)) {
            lane.in_hand = None;
        }
        self.insert(envelope, false);
    }

    /// What is behind a failing message of an order key leaves memory: the store holds it. Transient messages stay.
    pub(crate) fn drop_behind(&mut self, key: &Arc<str>, head: Place, at: u64) {
        let dropped = self.take_behind(&LaneId::Key(Arc::clone(key)), head);
        if let Some(best) = dropped.first() {
            self.spill(key, best.header.priority, at);
        }
    }

    /// What is behind a message of an ordered queue leaves memory; the rights to it go back with what this gives.
    pub(crate) fn give_up_behind(&mut self, head: Place) -> Vec<LeaseToken> {
        self.take_behind(&LaneId::Whole, head).into_iter().filter_map(|envelope| envelope.lease).collect()
    }

    /// The stored messages of a lane that are behind a place.
    fn take_behind(&mut self, id: &LaneId, head: Place) -> Vec<Envelope> {
        let Some(lane) = self.lanes.get_mut(id) else { return Vec::new() };
        let stored = |place: &&Place| self.waiting.get(place).is_some_and(|envelope| envelope.lease.is_some());
        let behind: Vec<Place> =
            lane.waiting.range((Bound::Excluded(head), Bound::Unbounded)).filter(stored).copied().collect();
        let mut taken = Vec::with_capacity(behind.len());
        for place in &behind {
            lane.waiting.remove(place);
            taken.extend(self.waiting.remove(place));
        }
        self.bytes -= taken.iter().map(|envelope| envelope.body.len()).sum::<usize>();
        self.reconsider(id);
        taken
    }

    /// Holds an order key, or without one the whole of an ordered queue, back for a person; or lets it go.
    pub(crate) fn park(&mut self, key: Option<&Arc<str>>, parked: bool) {
        let id = key.map_or(LaneId::Whole, |key| LaneId::Key(Arc::clone(key)));
        let lane = self.lane(id.clone());
        lane.parked = parked;
        if parked {
            let waiting: Vec<Place> = lane.waiting.iter().copied().collect();
            for place in waiting {
                if let Some(envelope) = self.waiting.get_mut(&place) {
                    envelope.busy = None;
                }
            }
        }
        self.reconsider(&id);
        self.forget(id);
    }

    /// What a look into the store that began at `seen` tells of an order key: whether more of it is held there.
    pub(crate) fn looked(&mut self, key: &Arc<str>, held: Option<Priority>, seen: u64) {
        let lane = self.lane(LaneId::Key(Arc::clone(key)));
        if lane.spilled.is_none_or(|spilled| spilled.at <= seen) {
            lane.spilled = held.map(|priority| Spilled { priority, at: seen });
        }
    }
}

/// A stored message that was taken out of its queue, with the right to end it.
#[derive(Debug)]
pub(crate) struct Withdrawn {
    pub(crate) envelope: Envelope,
    pub(crate) lease: LeaseToken,
}

/// What must not be worked on by two workers at once: the process instance, or for a request the one that it starts or the
/// group that it belongs to.
pub(crate) fn instance_of(envelope: &Envelope) -> MessageId {
    let instance = if starts_instance(envelope) { envelope.group } else { envelope.instance };
    instance.unwrap_or(envelope.header.id)
}

/// A request with an instance of its own: nothing else has it before the request was worked on.
fn is_alone(envelope: &Envelope) -> bool {
    starts_instance(envelope) && envelope.group.is_none()
}

fn starts_instance(envelope: &Envelope) -> bool {
    envelope.header.kind == Kind::Request
}
