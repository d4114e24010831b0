//! What a person decides of a message while the production runs: the store is told, and the queue looks again. Where it is an
//! act, it is on record in the commit that does it: in the audit log, or as a part of a job.

use std::sync::Arc;

use super::core::{Core, Emission};
use super::lanes::Withdrawn;
use super::reply;
use crate::component::RequestError;
use crate::message::{Invocation, Kind, MessageId, SuspendReason};
use crate::store::{
    Admin, AuditRecord, Deed, Discard, End, Event, OnRecord, Outcome, Redirect, Step, StoreError, StoredMessage,
};

/// Puts a suspended message back to its place in its queue; `false` where it is not suspended.
pub(crate) async fn resume(
    core: &Core,
    id: MessageId,
    by: &Arc<str>,
    record: Option<OnRecord>,
) -> Result<bool, StoreError> {
    let Some(found) = core.store.find(id).await? else { return Ok(false) };
    let resumed = told_the_store(core, Admin::Resume(id), record).await?;
    if resumed {
        decided(core, &found);
        // A message in doubt may have had its effect: who let it run again is on record, and why it had waited.
        let reason = found.header.reason.map(|reason| format!(", suspended as {reason}")).unwrap_or_default();
        let text = format!("resumed by {by}{reason}");
        core.store.append_events(vec![Event::decided(&found.header, &text, core.clock.now())]);
    }
    Ok(resumed)
}

/// Takes an unfinished message out for good; `false` where it is finished, or a worker has it.
pub(crate) async fn discard(
    core: &Core,
    id: MessageId,
    by: &Arc<str>,
    record: Option<OnRecord>,
) -> Result<bool, StoreError> {
    if take_out(core, id, by, record.clone()).await? {
        return Ok(true);
    }
    // It may wait in memory, leased to this process. Somebody may find it suspended, if the process ends in between; a job
    // goes on with it then.
    let begun = match &record {
        Some(OnRecord::Audit(entry)) => Some(AuditRecord { result: "begun".into(), ..entry.clone() }.into()),
        _ => None,
    };
    Ok(suspend(core, id, by, begun).await? && take_out(core, id, by, record).await?)
}

/// With how it is on record, where it is.
async fn told_the_store(core: &Core, action: Admin, record: Option<OnRecord>) -> Result<bool, StoreError> {
    match record {
        Some(record) => core.store.act(Deed::Admin(action), record).await,
        None => core.store.admin(action).await,
    }
}

/// The same for one that nobody has. A process that waits for it goes on without a response, and is told so in the same
/// commit.
async fn take_out(core: &Core, id: MessageId, by: &Arc<str>, record: Option<OnRecord>) -> Result<bool, StoreError> {
    let Some(found) = core.store.find(id).await? else { return Ok(false) };
    let discard = vec![Discard { id, by: Arc::clone(by) }];
    let step = Step { discard, record: record.map(Box::new), ..Step::default() };
    let commit = core.submit(step, told(core, &found, by).into_iter().collect());
    // What somebody else has done before is not done now.
    let done = matches!(core.durable(&commit).await?, Outcome::Committed { .. });
    if done {
        decided(core, &found);
        if let Some(target) = found.header.target {
            core.waiters.removed(id, RequestError::Removed { target });
        }
    }
    Ok(done)
}

/// Suspends a message that waits in its queue or for its next attempt; `false` where it does neither.
pub(crate) async fn suspend(
    core: &Core,
    id: MessageId,
    by: &Arc<str>,
    record: Option<OnRecord>,
) -> Result<bool, StoreError> {
    let Some(found) = core.store.find(id).await? else { return Ok(false) };
    let Some(item) = item_of(core, &found) else { return Ok(false) };
    let queue = &core.items[item].queue;
    let Some(withdrawn) = queue.withdraw(id) else { return Ok(false) };
    let Withdrawn { envelope, lease } = &withdrawn;
    let reason = SuspendReason::Operator;
    let error = Arc::from(format!("suspended by {by}"));
    let step =
        Step { end: vec![(*lease, End::Suspend { reason, error })], record: record.map(Box::new), ..Step::default() };
    let commit = core.submit_after(step, Vec::new(), |step| {
        if queue.parks(envelope.header.order_key.as_ref()) {
            queue.park(envelope, step);
        }
    });
    queue.withdrawn(envelope);
    core.durable(&commit).await.map(|outcome| outcome.is_stored())
}

/// Gives a request that waits to another item, as one that was never tried; `false` where it is finished, or a worker has it.
/// `keys` are those of its body.
pub(crate) async fn redirect(
    core: &Core,
    found: &StoredMessage,
    to: usize,
    keys: &[(&'static str, String)],
    record: Option<OnRecord>,
) -> Result<bool, StoreError> {
    let (header, target) = (&found.header, &core.items[to]);
    let order_key = target.queue.order_key_of(keys);
    let parks = target.queue.parks(order_key.as_ref());
    let left = item_of(core, found).map(|item| &core.items[item].queue);
    // It may wait in memory, leased to this process.
    let withdrawn = left.and_then(|queue| queue.withdraw_for_good(header.id));
    let lease = withdrawn.as_ref().map(|withdrawn| withdrawn.lease);
    let redirect = Redirect { id: header.id, to: Arc::clone(&target.name), order_key: order_key.clone(), parks, lease };
    let done = told_the_store(core, Admin::Redirect(redirect), record).await;
    match (left, withdrawn) {
        (Some(queue), Some(Withdrawn { envelope, .. })) if done == Ok(true) => queue.withdrawn(&envelope),
        (Some(queue), Some(Withdrawn { envelope, .. })) => queue.put_back(envelope),
        _ => {}
    }
    if done? {
        if let Some(queue) = left {
            queue.decided(header.id, header.order_key.as_ref());
        }
        target.queue.has_gained(order_key.as_ref(), header.priority);
        return Ok(true);
    }
    Ok(false)
}

/// The queue of a message that somebody has decided on looks again.
fn decided(core: &Core, message: &StoredMessage) {
    if let Some(item) = item_of(core, message) {
        core.items[item].queue.decided(message.header.id, message.header.order_key.as_ref());
    }
}

/// What a process hears that waits for a request which is taken out. One that was told already that the request is suspended
/// waits no more.
fn told(core: &Core, discarded: &StoredMessage, by: &Arc<str>) -> Option<Emission> {
    let header = &discarded.header;
    if header.kind != Kind::Request || header.invocation != Invocation::Async {
        return None;
    }
    let reason = header.reason.unwrap_or(SuspendReason::Operator);
    let failure = reply::Failure { reason, error: format!("discarded by {by}"), removed: true };
    reply::failure(core, header.target.as_ref()?, header, discarded.instance, &failure)
}

fn item_of(core: &Core, message: &StoredMessage) -> Option<usize> {
    core.by_name.get(message.header.target.as_ref()?).copied()
}
