//! Messages that were in flight when the process died: one of them may be why. They are tried one at a time, so that of those
//! that were in flight together only the one that kills the process is in flight when it does so again. And what kills
//! it may be what one of them sends: for a while every attempt is marked in flight before it begins.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use super::envelope::Envelope;

/// How long one waits for another: that one may wait for a response that this one is to give.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long after the last message of an earlier opening every attempt is marked.
const CAREFUL: Duration = Duration::from_secs(5);

/// Who is tried.
#[derive(Debug, Default)]
pub(crate) struct Suspects {
    trial: Mutex<()>,
    careful_until: std::sync::Mutex<Option<Instant>>,
}

impl Suspects {
    /// Whether a message was seen in flight in a crash.
    pub(crate) fn is_one(envelope: &Envelope) -> bool {
        envelope.recovered && envelope.header.crashes > 0
    }

    /// Whether an attempt is marked in flight before it begins: on a message that an earlier opening has left, and soon after.
    pub(crate) fn must_be_marked(&self, envelope: &Envelope) -> bool {
        let mut until = self.careful_until.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if envelope.recovered {
            *until = Some(now + CAREFUL);
        } else if until.is_some_and(|until| until < now) {
            *until = None;
        }
        until.is_some()
    }

    /// Waits until no other one is tried, as far as that can be waited for.
    pub(crate) async fn alone(&self) -> Option<MutexGuard<'_, ()>> {
        tokio::time::timeout(PATIENCE, self.trial.lock()).await.ok()
    }
}
