//! What a person decides of the messages of a queue.

use std::sync::Arc;

use super::super::envelope::Envelope;
use super::super::lanes::Withdrawn;
use super::Queue;
use crate::message::{MessageId, Priority};

impl Queue {
    /// A person has decided on a message of this queue that was suspended.
    pub(crate) fn decided(&self, message: MessageId, order_key: Option<&Arc<str>>) {
        let mut state = self.lock();
        if state.parked.remove(&(order_key.cloned(), message)) && !state.is_parked(order_key) {
            state.lanes.park(order_key, false);
            state.lanes.each_waiting(|envelope| _ = envelope.busy.get_or_insert_with(|| self.busy()));
        }
        self.look_again(&mut state);
        drop(state);
        self.wake();
    }

    /// A message of another queue was put into this one, in the store.
    pub(crate) fn has_gained(&self, order_key: Option<&Arc<str>>, priority: Priority) {
        let mut state = self.lock();
        self.look_again(&mut state);
        if let Some(key) = order_key {
            let at = state.stored_only;
            if state.lanes.spill(key, priority, at) {
                state.miss(key, priority);
            }
        }
        drop(state);
        self.wake();
    }

    /// Takes a message out that waits here; it is in the hands of whoever asks.
    pub(crate) fn withdraw(&self, id: MessageId) -> Option<Withdrawn> {
        // What parks others must be the first of them.
        self.lock().lanes.withdraw(id, self.kind.parks)
    }

    /// The same of one that goes elsewhere: it parks nobody.
    pub(crate) fn withdraw_for_good(&self, id: MessageId) -> Option<Withdrawn> {
        self.lock().lanes.withdraw(id, false)
    }

    /// A message that was withdrawn waits for a person now.
    pub(crate) fn withdrawn(&self, envelope: &Envelope) {
        let mut state = self.lock();
        if state.era == envelope.era {
            let look = state.lanes.leave(envelope);
            self.left(state, envelope, look);
        }
    }
}
