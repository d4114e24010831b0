//! Queues of the memory store that are ordered by key: what of a key is to be had, and what is held until it may be.
//! The same rules as those of the SQLite store.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::rows::{Rows, lane};
use super::state::State;
use crate::message::{Header, Status};
use crate::store::KEY_AT_ONCE;

/// An order key in a queue.
type Of = (Arc<str>, Arc<str>);

/// Lane, then sequence.
type Place = (u8, u64);

/// What there is of every order key.
#[derive(Debug, Default)]
pub(super) struct Orders(HashMap<Of, Order>);

#[derive(Debug, Default)]
struct Order {
    /// To be had, in somebody's hands, or to be tried again.
    begun: BTreeSet<Place>,
    /// Waits for those.
    held: BTreeSet<Place>,
    /// Suspended, and holds all the others back.
    parked: BTreeSet<u64>,
}

fn of(header: &Header) -> Option<Of> {
    Some((header.target.clone()?, header.order_key.clone()?))
}

impl Orders {
    pub(super) fn remove(&mut self, header: &Header) {
        let Some(of) = of(header) else { return };
        if let Some(order) = self.0.get_mut(&of) {
            let place = (lane(header), header.sequence);
            order.begun.remove(&place);
            order.held.remove(&place);
            order.parked.remove(&header.sequence);
            if order.begun.is_empty() && order.held.is_empty() && order.parked.is_empty() {
                self.0.remove(&of);
            }
        }
    }

    /// Not for an alarm that has not gone off: that is in nobody's way.
    pub(super) fn insert(&mut self, header: &Header, held: bool, parks: bool) {
        let Some(of) = of(header) else { return };
        let place = (lane(header), header.sequence);
        match header.status {
            Status::Queued if held => drop(self.0.entry(of).or_default().held.insert(place)),
            Status::Queued | Status::InFlight | Status::Retrying => {
                self.0.entry(of).or_default().begun.insert(place);
            }
            Status::Suspended if parks => drop(self.0.entry(of).or_default().parked.insert(header.sequence)),
            _ => {}
        }
    }
}

impl Order {
    fn must_be_held(&self, lane: u8) -> bool {
        !self.parked.is_empty() || self.begun.first().is_some_and(|(begun, _)| *begun <= lane)
    }
}

impl Rows {
    /// Whether a new message must be held.
    pub(super) fn must_be_held(&self, header: &Header) -> bool {
        of(header).and_then(|of| self.orders.0.get(&of)).is_some_and(|order| order.must_be_held(lane(header)))
    }

    /// Whether others of the order key are held.
    pub(super) fn holds(&self, header: &Header) -> bool {
        of(header).and_then(|of| self.orders.0.get(&of)).is_some_and(|order| !order.held.is_empty())
    }

    /// Whether something of its order key is held that stands in front of it.
    pub(super) fn holds_before(&self, header: &Header) -> bool {
        let first = of(header).and_then(|of| self.orders.0.get(&of)?.held.first());
        first.is_some_and(|first| *first < (lane(header), header.sequence))
    }

    /// Whether a suspended message holds this one's order key back.
    pub(super) fn is_parked(&self, header: &Header) -> bool {
        of(header).and_then(|of| self.orders.0.get(&of)).is_some_and(|order| !order.parked.is_empty())
    }
}

impl State {
    /// Holds what is behind a message, in the order of its key: leases on it end.
    pub(super) fn hold_behind(&mut self, sequence: u64) {
        let Some(header) = self.rows.messages.get(&sequence).map(|entry| &entry.message.header) else { return };
        let place = (lane(header), sequence);
        let Some(order) = of(header).and_then(|of| self.rows.orders.0.get(&of)) else { return };
        let waits = |sequence: &u64| {
            let entry = self.rows.messages.get(sequence);
            entry.is_some_and(|entry| entry.message.header.status == Status::Queued)
        };
        let behind: Vec<u64> =
            order.begun.iter().filter(|other| **other > place).map(|(_, sequence)| *sequence).filter(waits).collect();
        for sequence in behind {
            self.rows.hold(sequence);
            self.leases.remove(sequence);
        }
    }

    /// Something of an order key has ended: what was held for it may go.
    pub(super) fn release(&mut self, header: &Header) {
        let Some(order) = of(header).and_then(|of| self.rows.orders.0.get(&of)) else { return };
        if order.held.first().is_none_or(|(lane, _)| order.must_be_held(*lane)) {
            return;
        }
        let released: Vec<u64> = order.held.iter().take(KEY_AT_ONCE).map(|(_, sequence)| *sequence).collect();
        for sequence in released {
            self.rows.make_ready(sequence);
        }
    }

    /// The same for the message at this place.
    pub(super) fn release_at(&mut self, sequence: u64) {
        if let Some(header) = self.rows.messages.get(&sequence).map(|entry| entry.message.header.clone())
            && header.order_key.is_some()
        {
            self.release(&header);
        }
    }
}
