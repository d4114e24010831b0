//! Messages that were in flight when the process died: one of them may be why. They are tried one at a time, so that of those
//! that were in flight together only the one that kills the process is in flight when it does so again.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

use super::envelope::Envelope;

/// How long one waits for another: that one may wait for a response that this one is to give.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who is tried.
#[derive(Debug, Default)]
pub(crate) struct Suspects {
    trial: Mutex<()>,
}

impl Suspects {
    /// Whether a message was seen in flight in a crash.
    pub(crate) fn is_one(envelope: &Envelope) -> bool {
        envelope.recovered && envelope.header.crashes > 0
    }

    /// Waits until no other one is tried, as far as that can be waited for.
    pub(crate) async fn alone(&self) -> Option<MutexGuard<'_, ()>> {
        tokio::time::timeout(PATIENCE, self.trial.lock()).await.ok()
    }
}
