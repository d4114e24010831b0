//! Removes what is kept no longer, a little at a time, so that nobody who sends has to wait for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::core::Core;
use super::log;
use crate::clock::Timestamp;
use crate::message::SessionId;
use crate::settings::Keep;
use crate::store::{Purge, PurgeBatch, PurgeOf, PurgeRule, Purged, Store, StoreError};

/// Messages in one batch. A step that waits behind one waits for milliseconds.
const BATCH: usize = 128;
/// The pause after a batch, at the least …
const PAUSE: Duration = Duration::from_millis(10);
/// … and so many times as long as the batch took: four fifths of the time are for others.
const PAUSE_FACTOR: u32 = 4;
/// After the start, others come first.
const FIRST: Duration = Duration::from_secs(60);
/// Bytes that are given back to the disk at once.
const SHRINK: u64 = 1 << 20;
/// Where only the size of the store counts, what has just ended stays all the same.
const YOUNGEST: Duration = Duration::from_secs(3600);
/// A store that was too large is purged to this part of its limit.
const BACK_AT: (u64, u64) = (9, 10);
/// From this size on, a store of which nothing ever goes is worth a line in the log.
const LARGE: u64 = 1 << 30;

/// Purges in intervals until the production stops.
pub(crate) async fn keep_house(core: Arc<Core>) {
    let mut pause = core.retention.every.min(FIRST);
    let mut warned = false;
    loop {
        tokio::time::sleep(pause).await;
        pause = core.retention.every;
        let done = async {
            let mut purged = purge(&*core.store, plan(&core, None, core.clock.now()), Duration::MAX).await?;
            purged.add(to_size(&core).await?);
            if !purged.is_nothing() {
                log::engine_span(&core).in_scope(|| log::purged(&purged));
            }
            shrink(&*core.store, Duration::MAX).await?;
            let forgets = core.retention.sessions != Keep::Forever || core.retention.largest_store.is_some();
            if !forgets && !warned && core.store.usage().await?.bytes > LARGE {
                warned = true;
                log::engine_span(&core).in_scope(log::nothing_goes);
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = done.await {
            if matches!(error, StoreError::Corrupt(_)) {
                core.failure.report(&error);
            }
            // What was not removed is so the next time.
            log::engine_span(&core).in_scope(|| log::purge_failed(&error));
        }
    }
}

/// What may go at `now` by the settings; with `older_than` also what they keep longer, but for items and types that have a
/// rule of their own.
pub(crate) fn plan(core: &Core, older_than: Option<Duration>, now: Timestamp) -> Purge {
    let before = |keep: Keep| match keep {
        Keep::Forever => None,
        Keep::For(duration) => Some(ago(now, duration)),
    };
    let retention = &core.retention;
    let items = core.items.iter().filter_map(|item| {
        let keep = item.options.retention?;
        Some(PurgeRule { of: PurgeOf::Item(Arc::clone(&item.name)), before: before(keep) })
    });
    let types = retention.types.iter().map(|(name, keep)| {
        let of = PurgeOf::Type(Arc::clone(name));
        PurgeRule { of, before: before(*keep) }
    });
    Purge {
        sessions: None,
        messages: older_than.map(|age| ago(now, age)).or_else(|| before(retention.sessions)),
        rules: items.chain(types).collect(),
        marks: before(retention.marks),
        events: before(retention.log),
    }
}

/// These sessions where they are over, however short ago that is; items and types that have a rule of their own keep it.
pub(crate) fn plan_of(core: &Core, sessions: Vec<SessionId>) -> Purge {
    let plan = plan(core, Some(Duration::ZERO), core.clock.now());
    // What ended at this very moment has ended.
    let messages = plan.messages.map(|now| now.after(Duration::from_micros(1)));
    Purge { messages, sessions: Some(sessions.into()), marks: None, events: None, ..plan }
}

fn ago(now: Timestamp, duration: Duration) -> Timestamp {
    Timestamp(now.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
}

/// Removes what may go, for at most so long; [`Purged::next`] is there where something is left.
pub(crate) async fn purge(store: &dyn Store, purge: Purge, at_most: Duration) -> Result<Purged, StoreError> {
    let began = Instant::now();
    let mut batch = PurgeBatch::first(purge, BATCH);
    let mut all = Purged::default();
    loop {
        let round = Instant::now();
        // Most of what is looked at stays, as a rule; only what goes is worth a commit.
        let mut done = store.purgeable(batch.clone()).await?;
        if !done.is_nothing() {
            done = store.purge(batch.clone()).await?;
        }
        all.add(done);
        let Some(cursor) = all.next.take() else { return Ok(all) };
        if began.elapsed() >= at_most {
            all.next = Some(cursor);
            return Ok(all);
        }
        batch = batch.after(cursor);
        tokio::time::sleep(PAUSE.max(round.elapsed() * PAUSE_FACTOR)).await;
    }
}

/// What a purge would remove.
pub(crate) async fn preview(store: &dyn Store, purge: Purge) -> Result<Purged, StoreError> {
    let mut batch = PurgeBatch::first(purge, BATCH);
    let mut all = Purged::default();
    loop {
        all.add(store.purgeable(batch.clone()).await?);
        let Some(cursor) = all.next.take() else { return Ok(all) };
        batch = batch.after(cursor);
        tokio::task::yield_now().await;
    }
}

/// Removes the oldest finished sessions of a store that is too large, until it no longer is.
async fn to_size(core: &Core) -> Result<Purged, StoreError> {
    let mut all = Purged::default();
    let Some(limit) = core.retention.largest_store else { return Ok(all) };
    let used =
        async || Ok::<_, StoreError>(core.store.usage().await.map(|usage| usage.bytes.saturating_sub(usage.free))?);
    if used().await? <= limit {
        core.alerts.too_large(None);
        return Ok(all);
    }
    let wanted = limit / BACK_AT.1 * BACK_AT.0;
    let purge = Purge::messages_before(ago(core.clock.now(), YOUNGEST));
    let mut batch = PurgeBatch::first(purge, BATCH);
    while used().await? > wanted {
        let round = Instant::now();
        all.add(core.store.purge(batch.clone()).await?);
        let Some(cursor) = all.next.take() else { break };
        batch = batch.after(cursor);
        tokio::time::sleep(PAUSE.max(round.elapsed() * PAUSE_FACTOR)).await;
    }
    let left = used().await?;
    core.alerts.too_large((left > limit).then_some((left, limit)));
    Ok(all)
}

/// Gives the room that a purge has left back to the disk, for at most so long.
pub(crate) async fn shrink(store: &dyn Store, at_most: Duration) -> Result<(), StoreError> {
    let began = Instant::now();
    loop {
        let round = Instant::now();
        if !store.shrink(SHRINK).await? || began.elapsed() >= at_most {
            return Ok(());
        }
        tokio::time::sleep(PAUSE.max(round.elapsed() * PAUSE_FACTOR)).await;
    }
}
