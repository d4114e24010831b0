//! A queue as people see it.

use std::sync::Arc;

use super::Queue;
use crate::clock::Timestamp;
use crate::message::MessageId;
use crate::store::Parked;

/// A failed message that holds its lane back, as people see it.
#[derive(Debug, Clone)]
pub(crate) struct FailingMessage {
    pub(crate) message: MessageId,
    pub(crate) order_key: Option<Arc<str>>,
    pub(crate) attempt: u32,
    pub(crate) since: Option<Timestamp>,
    pub(crate) due: Timestamp,
    pub(crate) error: Option<Arc<str>>,
}

impl Queue {
    /// Messages in memory, and whether there are more in the store.
    pub(crate) fn depth(&self) -> (usize, bool) {
        let state = self.lock();
        (state.express.len() + state.lanes.waiting() + state.lanes.retrying(), state.behind.is_some())
    }

    /// Failed messages that will be tried again, the next one first, up to `limit`; and how many there are.
    pub(crate) fn failing(&self, limit: usize) -> (Vec<FailingMessage>, usize) {
        let state = self.lock();
        let shown = state.lanes.failing().take(limit).map(|(due, envelope)| FailingMessage {
            message: envelope.header.id,
            order_key: envelope.header.order_key.clone(),
            attempt: envelope.header.attempt,
            since: envelope.header.failing,
            due,
            error: envelope.header.error.clone(),
        });
        (shown.collect(), state.lanes.retrying())
    }

    /// What waits for a person, up to `limit`; and how many there are.
    pub(crate) fn parked(&self, limit: usize) -> (Vec<Parked>, usize) {
        let state = self.lock();
        let parked = state.parked.iter().take(limit);
        let shown = parked.map(|(order_key, message)| Parked { message: *message, order_key: order_key.clone() });
        (shown.collect(), state.parked.len())
    }
}
