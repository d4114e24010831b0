//! What happens at an item that alerts look at, noted where it happens.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Timestamp;
use crate::message::{Header, MessageId, SessionId};

/// What was noted of one item.
#[derive(Debug, Default)]
pub(crate) struct Noticed {
    /// When something came to it last, in microseconds; 0 where nothing has since the start.
    active: AtomicI64,
    suspended: AtomicU64,
    last: Mutex<Option<Cause>>,
}

/// A message that was suspended.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    pub(crate) message: MessageId,
    pub(crate) session: SessionId,
    pub(crate) error: Arc<str>,
}

impl Noticed {
    /// Something came to the item.
    pub(crate) fn active(&self, now: Timestamp) {
        self.active.store(now.0, Ordering::Relaxed);
    }

    /// When something came to the item last.
    pub(super) fn last_active(&self) -> Option<Timestamp> {
        Some(self.active.load(Ordering::Relaxed)).filter(|micros| *micros != 0).map(Timestamp)
    }

    /// A message of the item was suspended.
    pub(crate) fn suspended(&self, header: &Header, error: &Arc<str>) {
        let cause = Cause { message: header.id, session: header.session, error: Arc::clone(error) };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
        self.suspended.fetch_add(1, Ordering::Relaxed);
    }

    /// How many messages were suspended since the start.
    pub(super) fn suspensions(&self) -> u64 {
        self.suspended.load(Ordering::Relaxed)
    }

    /// The message that was suspended last.
    pub(super) fn cause(&self) -> Option<Cause> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
