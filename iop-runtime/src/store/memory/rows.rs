//! The messages of the memory store, and their places in the queues.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::sync::Arc;

use super::order::Orders;
use crate::clock::Timestamp;
use crate::message::{Header, MessageId, SessionId, Status};
use crate::store::judge::Facts;
use crate::store::{ProcessState, Redirect, StoredMessage};

/// Everything that steps change.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// By sequence.
    pub(super) messages: BTreeMap<u64, Entry>,
    pub(super) ids: HashMap<MessageId, u64>,
    pub(super) sessions: HashMap<SessionId, BTreeSet<u64>>,
    pub(super) queues: HashMap<Arc<str>, Queue>,
    /// What is not finished.
    pub(super) unfinished: BTreeSet<u64>,
    pub(super) instances: HashMap<MessageId, ProcessState>,
    /// With the time of their steps.
    pub(super) marks: BTreeMap<MessageId, Timestamp>,
    pub(super) orders: Orders,
    /// Suspended, and others wait for it.
    pub(super) parked: BTreeSet<u64>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) message: StoredMessage,
    pub(super) keys: Vec<(&'static str, String)>,
    /// While it is suspended, others wait for it.
    pub(super) parks: bool,
    /// Waits in the store for those in front of it of the same order key.
    held: bool,
    place: Place,
}

/// What is known of a new message besides itself.
#[derive(Debug)]
pub(super) struct Indexed {
    pub(super) keys: Vec<(&'static str, String)>,
    pub(super) parks: bool,
    pub(super) held: bool,
}

/// Where a message stands in its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// With a worker, with a person, or finished.
    Out,
    /// The best lane and the lowest sequence first.
    Ready(u8, u64),
    /// Behind others of its order key.
    Held,
    /// Its first due time has not come.
    Delayed(Timestamp, u64),
    /// It failed, and its next due time has not come.
    Retrying(Timestamp, u64),
}

/// The waiting messages of one item.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) ready: BTreeSet<(u8, u64)>,
    pub(super) delayed: BTreeSet<(Timestamp, u64)>,
    pub(super) retrying: BTreeSet<(Timestamp, u64)>,
}

/// A key of the ready set: a higher priority sorts first.
pub(super) fn lane(header: &Header) -> u8 {
    u8::MAX - header.priority.0
}

impl Queue {
    fn insert(&mut self, place: Place) {
        match place {
            Place::Out | Place::Held => {}
            Place::Ready(lane, sequence) => {
                self.ready.insert((lane, sequence));
            }
            Place::Delayed(due, sequence) => {
                self.delayed.insert((due, sequence));
            }
            Place::Retrying(due, sequence) => {
                self.retrying.insert((due, sequence));
            }
        }
    }

    fn remove(&mut self, place: Place) {
        match place {
            Place::Out | Place::Held => {}
            Place::Ready(lane, sequence) => {
                self.ready.remove(&(lane, sequence));
            }
            Place::Delayed(due, sequence) => {
                self.delayed.remove(&(due, sequence));
            }
            Place::Retrying(due, sequence) => {
                self.retrying.remove(&(due, sequence));
            }
        }
    }

    /// Those whose due time has come.
    pub(super) fn due(&self, now: Timestamp) -> Vec<u64> {
        let end = ..=(now, u64::MAX);
        self.delayed.range(end).chain(self.retrying.range(end)).map(|(_, sequence)| *sequence).collect()
    }
}

impl Rows {
    pub(super) fn get(&self, id: MessageId) -> Option<&Entry> {
        self.messages.get(self.ids.get(&id)?)
    }

    /// Stores a message that is not stored yet.
    pub(super) fn insert(&mut self, message: StoredMessage, new: Indexed) {
        let Indexed { keys, parks, held } = new;
        let header = &message.header;
        let sequence = header.sequence;
        self.ids.insert(header.id, sequence);
        self.sessions.entry(header.session).or_default().insert(sequence);
        self.messages.insert(sequence, Entry { message, keys, parks, held, place: Place::Out });
        self.change(sequence, |_| {});
    }

    /// Changes the header of a message, and puts it where it now belongs.
    pub(super) fn change(&mut self, sequence: u64, change: impl FnOnce(&mut Header)) {
        let Some(entry) = self.messages.get_mut(&sequence) else { return };
        let header = &mut entry.message.header;
        self.orders.remove(header);
        change(header);
        entry.held &= header.status == Status::Queued;
        let place = match (header.status, header.due) {
            (Status::Queued, _) if entry.held => Place::Held,
            (Status::Queued, Some(due)) => Place::Delayed(due, sequence),
            (Status::Retrying, Some(due)) => Place::Retrying(due, sequence),
            (Status::Queued | Status::Retrying, _) => Place::Ready(lane(header), sequence),
            _ => Place::Out,
        };
        if header.status.is_finished() {
            self.unfinished.remove(&sequence);
        } else {
            self.unfinished.insert(sequence);
        }
        self.put(sequence, place);
    }

    /// What a message waited for has come: it stands in its lane from now.
    pub(super) fn make_ready(&mut self, sequence: u64) {
        let Some(entry) = self.messages.get_mut(&sequence) else { return };
        let header = &mut entry.message.header;
        self.orders.remove(header);
        header.status = Status::Queued;
        entry.held = false;
        let place = Place::Ready(lane(header), sequence);
        self.put(sequence, place);
    }

    /// Takes a waiting message out of its lane, until those in front of it of its order key have ended.
    pub(super) fn hold(&mut self, sequence: u64) {
        let Some(entry) = self.messages.get_mut(&sequence) else { return };
        self.orders.remove(&entry.message.header);
        entry.held = true;
        self.put(sequence, Place::Held);
    }

    /// Puts a message at the same place in the queue of another item.
    pub(super) fn relocate(&mut self, sequence: u64, to: &Arc<str>) {
        let Some(place) = self.messages.get(&sequence).map(|entry| entry.place) else { return };
        self.take_out(sequence);
        if let Some(entry) = self.messages.get_mut(&sequence) {
            entry.message.header.target = Some(Arc::clone(to));
        }
        self.put(sequence, place);
    }

    /// Puts a message into the queue of another item, as one that was never tried.
    pub(super) fn redirect(&mut self, sequence: u64, redirect: &Redirect) {
        self.take_out(sequence);
        let Some(entry) = self.messages.get_mut(&sequence) else { return };
        let header = &mut entry.message.header;
        header.target = Some(Arc::clone(&redirect.to));
        header.order_key.clone_from(&redirect.order_key);
        entry.parks = redirect.parks;
        // One whose first time has not come is in nobody's way.
        let delayed = header.status == Status::Queued && header.due.is_some();
        let header = header.clone();
        let held = !delayed && self.must_be_held(&header);
        if let Some(entry) = self.messages.get_mut(&sequence) {
            entry.held = held;
        }
        self.parked.remove(&sequence);
        self.change(sequence, |header| {
            if !delayed {
                header.due = None;
            }
            header.status = Status::Queued;
            header.reason = None;
            header.attempt = 0;
            header.crashes = 0;
            header.failing = None;
        });
    }

    /// Takes a message out of its queue and its order.
    fn take_out(&mut self, sequence: u64) {
        self.put(sequence, Place::Out);
        if let Some(entry) = self.messages.get(&sequence) {
            self.orders.remove(&entry.message.header);
        }
    }

    fn put(&mut self, sequence: u64, place: Place) {
        let Some(entry) = self.messages.get_mut(&sequence) else { return };
        if entry.parks && entry.message.header.status == Status::Suspended {
            self.parked.insert(sequence);
        } else if entry.parks {
            self.parked.remove(&sequence);
        }
        let old = std::mem::replace(&mut entry.place, place);
        if !matches!(place, Place::Delayed(..)) {
            self.orders.insert(&entry.message.header, entry.held, entry.parks);
        }
        if old != place
            && let Some(target) = &entry.message.header.target
        {
            let queue = self.queues.entry(target.clone()).or_default();
            queue.remove(old);
            queue.insert(place);
        }
    }

    /// Removes a finished message.
    pub(super) fn remove(&mut self, sequence: u64) {
        let Some(entry) = self.messages.remove(&sequence) else { return };
        let header = entry.message.header;
        self.orders.remove(&header);
        self.ids.remove(&header.id);
        if let Some(session) = self.sessions.get_mut(&header.session) {
            session.remove(&sequence);
            if session.is_empty() {
                self.sessions.remove(&header.session);
            }
        }
    }
}

impl Facts for &Rows {
    type Error = Infallible;

    fn is_marked(&mut self, mark: MessageId) -> Result<bool, Infallible> {
        Ok(self.marks.contains_key(&mark))
    }

    fn state_version(&mut self, instance: MessageId) -> Result<Option<u64>, Infallible> {
        Ok(self.instances.get(&instance).map(|state| state.version))
    }

    fn place(&mut self, id: MessageId) -> Result<Option<(u64, Status)>, Infallible> {
        Ok(self.get(id).map(|entry| (entry.message.header.sequence, entry.message.header.status)))
    }
}
