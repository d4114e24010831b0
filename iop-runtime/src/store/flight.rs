//! A message in flight, as a store knows it.

use std::fmt;
use std::sync::Arc;

/// A stored message on which a handler works, from [`Store::attempting`](super::Store::attempting) until it is dropped.
#[derive(Debug)]
#[must_use = "the attempt is over when this is dropped"]
pub struct Flight(Option<(Arc<dyn Book>, u32)>);

/// Where a store notes what is in flight.
pub(super) trait Book: fmt::Debug + Send + Sync {
    /// The attempt that was noted in this slot is over, and its message is not: it is not in flight any more.
    fn is_over(&self, slot: u32);

    /// The attempt that was noted in this slot is over, and its message with it, once that is committed.
    fn has_succeeded(&self, slot: u32);
}

impl Flight {
    /// Of a store that does not know it: nobody can say after a crash that the message was in flight.
    pub fn unseen() -> Self {
        Self(None)
    }

    /// The attempt has succeeded, and its message is about to be finished: from then on the store itself knows that it is not
    /// in flight.
    pub fn succeeded(mut self) {
        if let Some((book, slot)) = self.0.take() {
            book.has_succeeded(slot);
        }
    }

    pub(super) fn noted(book: Arc<dyn Book>, slot: u32) -> Self {
        Self(Some((book, slot)))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let Some((book, slot)) = &self.0 {
            book.is_over(*slot);
        }
    }
}
