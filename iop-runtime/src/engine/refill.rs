//! How a queue reads its backlog from the store.

use std::sync::Arc;
use std::time::Duration;

use super::core::Failure;
use super::envelope::Envelope;
use super::lanes::QueueOrder;
use super::queue::{KEY_WINDOW, Missed, Queue, Source, State, WINDOW, WINDOW_BYTES};
use crate::clock::Timestamp;
use crate::message::Priority;
use crate::store::{Commit, LeaseBatch, LeaseOrder, LeaseRequest, Leased, StoreError};

/// Below this many messages the window is filled from the store.
const LOW_WATER: usize = 256;
/// Messages read from the store at once, at most.
const REFILL: usize = 256;
/// Messages read from the store at once while nothing is known of their size.
const FIRST_REFILL: usize = 16;

/// What a refill knows of its queue at its beginning.
#[derive(Debug, Clone, Copy)]
struct Seen {
    era: u64,
    stored_only: u64,
    limit: usize,
}

impl Queue {
    fn is_low(&self, state: &State) -> bool {
        let waiting = state.lanes.waiting();
        if state.lanes.bytes() >= WINDOW_BYTES {
            return false;
        }
        let urgent = state.behind.as_ref().is_some_and(|(_, behind)| {
            // Only what is really known to be there: after a start, everything may be.
            *behind < Priority(u8::MAX) && state.lanes.best().is_some_and(|best| *behind > best)
        });
        let busy_lanes = matches!(self.kind.order, QueueOrder::Key(_)) && state.lanes.ready() < self.kind.workers;
        let most = WINDOW.max(2 * KEY_WINDOW * self.kind.workers);
        waiting < LOW_WATER || (waiting < WINDOW && urgent) || (waiting < most && busy_lanes)
    }

    pub(super) fn refill_if_low(self: &Arc<Self>, state: &mut State, now: Timestamp, source: &Source) {
        if let Some(due) = state.next_due.take_if(|(due, _)| *due <= now) {
            self.fall_behind(state, Priority(u8::MAX));
            // Not before the queue is busy with something else: in between it would pass for idle.
            drop(due);
        }
        if state.closed || state.behind.is_none() || state.refilling || !self.is_low(state) {
            return;
        }
        state.refilling = true;
        state.dropped.clear();
        state.missed.clear();
        let limit = if state.refill == 0 { FIRST_REFILL } else { state.refill };
        let seen = Seen { era: state.era, stored_only: state.stored_only, limit };
        // Asked for under the lock: whatever is only stored after this is counted in `stored_only` after `seen`.
        let batch = source.store.lease(LeaseRequest {
            queue: Arc::clone(&self.item),
            node: source.node,
            limit,
            ttl: Duration::MAX,
            order: match self.kind.order {
                QueueOrder::Free => LeaseOrder::None,
                QueueOrder::Whole => LeaseOrder::Queue,
                QueueOrder::Key(_) => LeaseOrder::Key,
            },
            with_parked: !state.knows_parked,
        });
        let epoch = source.store.epoch();
        let (queue, failure) = (Arc::clone(self), Arc::clone(&source.failure));
        tokio::spawn(async move {
            let batch = batch.await;
            queue.refilled(batch, seen, epoch, &failure);
        });
    }

    fn refilled(&self, batch: Result<LeaseBatch, StoreError>, seen: Seen, epoch: u64, failure: &Failure) {
        let mut state = self.lock();
        if state.era != seen.era {
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
        state.take_parked(batch.parked);
        let next_due = batch.next_due;
        self.take_leased(&mut state, batch.leased, seen, epoch);
        state.next_due = next_due.map(|due| (due, self.busy()));
        if complete {
            state.away &= state.next_due.is_some();
            state.behind = None;
        }
        drop(state);
        self.wake();
    }

    fn take_leased(&self, state: &mut State, leased: Vec<Leased>, seen: Seen, epoch: u64) {
        let durable = Commit::nothing();
        for leased in leased {
            let held = leased.held;
            let mut envelope = Envelope::leased(leased, epoch, durable.clone(), self.busy());
            envelope.era = seen.era;
            if let Some(grouping) = &self.grouping {
                grouping.enter(&mut envelope);
            }
            if let Some(key) = envelope.header.order_key.clone() {
                let place = envelope.place();
                let gone = state.dropped.iter().any(|(dropped, head)| *dropped == key && place > *head);
                if gone {
                    // The store has taken it back since.
                    continue;
                }
                state.lanes.looked(&key, held.then_some(envelope.header.priority), seen.stored_only);
            }
            state.lanes.insert(envelope, false);
        }
        // The store may hold these until what was just read has ended: its lane must look for them then.
        for Missed { key, priority, at } in std::mem::take(&mut state.missed) {
            state.lanes.spill(&key, priority, at);
        }
    }
}
