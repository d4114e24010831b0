//! Operations that act at most once: the intent to call the outside is durable before the handler runs.
//!
//! The intent is a state under the message's id, stored together with the start of the attempt and removed with its end. An
//! attempt that finds one does not know what became of the attempt that left it, so the message waits for a person
//! (`in_doubt`) and the handler is not called.

use bytes::Bytes;

use super::core::Core;
use super::envelope::Envelope;
use super::guard::Failed;
use super::item::ItemState;
use super::probe::CrashPoint;
use crate::clock::Timestamp;
use crate::component::{Disposition, Effect};
use crate::message::{MessageId, SuspendReason};
use crate::store::{StateWrite, Step, StoreError};

/// What is known before an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    /// The handler may run.
    MayRun,
    /// An earlier attempt may have had its effect.
    InDoubt,
}

/// Stores the intent of an attempt and waits until it is durable; nothing where the item does not ask for it.
pub(crate) async fn declare(
    core: &Core,
    item: &ItemState,
    envelope: &mut Envelope,
    begun: Timestamp,
) -> Result<Intent, StoreError> {
    if item.component().effect != Effect::AtMostOnce {
        return Ok(Intent::MayRun);
    }
    let Some(lease) = envelope.lease else {
        // A transient message is in this process alone: whether it was tried is known without a store.
        let tried = std::mem::replace(&mut envelope.intent, true);
        return Ok(if tried { Intent::InDoubt } else { Intent::MayRun });
    };
    let id = envelope.header.id;
    // Only an attempt that ended without saying how leaves an intent, and then the message was tried before.
    let left = envelope.repeated
        && match core.store.load_state(id).await {
            // Whatever it says, it is there.
            Err(StoreError::Damaged(_)) => true,
            found => found?.is_some(),
        };
    if left {
        envelope.intent = true;
        return Ok(Intent::InDoubt);
    }
    envelope.intent = true;
    let step = Step {
        start: vec![(lease, begun)],
        state: vec![StateWrite { instance: id, expected: None, new: Some(Bytes::from_static(b"{\"intent\":true}")) }],
        ..Step::default()
    };
    let outcome = core.submit(step, Vec::new()).wait().await?;
    if !outcome.is_stored() {
        // Not without its intent.
        return Err(StoreError::NotStored(format!("the store refused an intent: {outcome:?}").into()));
    }
    core.halts_at(CrashPoint::AfterIntent, item, Some(id)).await;
    Ok(Intent::MayRun)
}

/// The intent ends with the attempt.
pub(crate) fn end(envelope: &mut Envelope) -> Option<StateWrite> {
    let stored = std::mem::take(&mut envelope.intent) && envelope.lease.is_some();
    stored.then(|| remove(envelope.header.id))
}

fn remove(message: MessageId) -> StateWrite {
    StateWrite { instance: message, expected: Some(1), new: None }
}

/// A failed attempt whose handler did not say that nothing has reached the outside.
pub(crate) fn doubted(envelope: &Envelope, failed: Failed) -> Failed {
    if !envelope.intent || failed.not_sent {
        return failed;
    }
    Failed { disposition: Disposition::Fatal, reason: SuspendReason::InDoubt, unwanted: false, ..failed }
}

/// The failure of a message that an earlier attempt may have carried out.
pub(crate) fn in_doubt() -> Failed {
    let error = "an earlier attempt was cut off, and may have had its effect outside".to_owned();
    Failed {
        error,
        disposition: Disposition::Fatal,
        reason: SuspendReason::InDoubt,
        panicked: false,
        not_sent: false,
        unwanted: false,
    }
}
