//! Starts and stops items in order, starts them over when the store failed, and sees what workers cannot see of
//! themselves.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::Stop;
use super::core::Core;
use super::item::{ItemState, Pulse};
use super::service::NO_SPACE;
use super::waiters::Caller;
use super::{log, schedule, worker};
use crate::adapter::Inputs;
use crate::component::{AdapterEntrance, ComponentKind, Entrance, RequestError};
use crate::lookup::TableError;
use crate::store::{Commit, StoreError};

/// The order of starting; stopping is the reverse.
const ORDER: [ComponentKind; 3] = [ComponentKind::Operation, ComponentKind::Process, ComponentKind::Service];

/// So many failures of the store within [`FAILURE_WINDOW`] end the production: something outside must be mended.
const FAILURES: usize = 3;
const FAILURE_WINDOW: Duration = Duration::from_secs(600);

/// The pause between two attempts of the store to begin anew.
const RECOVERY_PAUSE: Duration = Duration::from_millis(500);

/// How long a worker that was cut off may take to notice.
const ABORT_GRACE: Duration = Duration::from_secs(1);

/// How often blocked threads are looked for.
const WATCH_INTERVAL: Duration = Duration::from_millis(100);

const EVERYBODY: [Caller; 2] = [Caller::Turn, Caller::Outside];

fn of_kind(core: &Core, kind: ComponentKind) -> impl Iterator<Item = &Arc<ItemState>> {
    core.items.iter().filter(move |item| item.kind() == kind)
}

/// Says which items of an earlier production left messages behind that nobody serves now.
pub(crate) async fn name_orphans(core: &Core) {
    let span = log::engine_span(core);
    match core.store.queues().await {
        Ok(queues) => {
            for queue in queues.iter().filter(|queue| !core.by_name.contains_key(&queue.item)) {
                span.in_scope(|| log::orphaned(queue));
            }
        }
        Err(error) => core.failure.report(&error),
    }
}

/// Reads the lookup tables. Where that fails for one, what needs it waits for the next attempt.
pub(crate) async fn load_tables(core: &Core) {
    if let Err(error) = core.tables.read_again().await {
        log::engine_span(core).in_scope(|| log::table_failed(&error));
        if let TableError::Store(error) = &error {
            core.failure.report(error);
        }
    }
}

/// Starts every enabled item.
pub(crate) async fn start_items(core: &Arc<Core>, services: bool) {
    for kind in ORDER {
        let wanted = of_kind(core, kind).filter(|item| {
            let fetches = matches!(item.component().entrance, Entrance::Poll | Entrance::Adapter(_));
            starts_by_itself(core, item) && (services || !fetches)
        });
        join_all(wanted.map(|item| start_item(core, item))).await;
    }
}

/// Whether an item is to be up without anybody saying so.
pub(crate) fn starts_by_itself(core: &Core, item: &ItemState) -> bool {
    let scheduled = item.options.active.as_ref().is_none_or(|active| schedule::is_up(active, core.clock.now()));
    item.options.enabled && scheduled && !core.holds(item)
}

/// Starts an item and waits until its workers have tried to initialise; `false` where it was not stopped.
pub(crate) async fn start_item(core: &Arc<Core>, item: &Arc<ItemState>) -> bool {
    let Some(stop) = item.begin_start() else { return false };
    let workers = match item.component().entrance {
        // One fetches; several would fetch the same.
        Entrance::Poll | Entrance::Adapter(AdapterEntrance { inputs: Inputs::Fetched, .. }) => 1,
        Entrance::Queue | Entrance::Director { .. } | Entrance::Adapter(_) => item.options.pool_size,
    };
    let mut all_ready = Vec::with_capacity(workers);
    for _ in 0..workers {
        let (ready, is_ready) = oneshot::channel();
        let pulse = Arc::new(Pulse::new());
        let task = worker::run(Arc::clone(core), Arc::clone(item), Arc::clone(&pulse), stop.clone(), ready);
        item.spawn_worker(task, pulse, core.handlers.as_ref());
        all_ready.push(is_ready);
    }
    // A worker that ends before it is ready was stopped.
    join_all(all_ready).await;
    item.started();
    log::turn_span(core, item, None).in_scope(|| log::item_started(item));
    true
}

/// Stops every item, services first. Callers outside hold nothing up: where there is grace, they get what is ready when
/// the item's workers have ended.
pub(crate) async fn stop_items(core: &Arc<Core>, how: Stop) {
    let started = Instant::now();
    for kind in ORDER.into_iter().rev() {
        let left = match how {
            Stop::Drain(grace) => Stop::Drain(grace.saturating_sub(started.elapsed())),
            Stop::Now => Stop::Now,
        };
        let at_once: &[Caller] = if how == Stop::Now { &EVERYBODY } else { &[Caller::Turn] };
        join_all(of_kind(core, kind).map(|item| stop(core, item, left, at_once))).await;
    }
}

/// Stops an item: calls that wait for it fail at once, its queue stays; `false` where it was not running.
pub(crate) async fn stop_item(core: &Arc<Core>, item: &Arc<ItemState>, how: Stop) -> bool {
    stop(core, item, how, &EVERYBODY).await
}

/// Has an item take nothing more, or take up what waits; `false` where that was so before. What its workers have is finished,
/// and its queue takes messages in.
pub(crate) fn pause_item(core: &Core, item: &Arc<ItemState>, paused: bool) -> bool {
    let changed = item.queue.gate(|gate| gate.pause(paused));
    if changed {
        item.queue.gate_changed();
        // What waits there does not count any more, or counts again.
        core.activity.less();
        log::turn_span(core, item, None).in_scope(|| log::item_paused(item, paused));
    }
    changed
}

/// Stops an item; the calls of `at_once` that wait for it fail at once, the others when its workers have ended.
async fn stop(core: &Arc<Core>, item: &Arc<ItemState>, how: Stop, at_once: &[Caller]) -> bool {
    let Some(stopping) = item.begin_stop() else { return false };
    let error = RequestError::Stopped { target: Arc::clone(&item.name) };
    fail_waits(core, item, at_once, &error);
    if let Stop::Drain(grace) = how
        && tokio::time::timeout(grace, stopping.workers_ended()).await.is_err()
    {
        log::turn_span(core, item, None).in_scope(|| log::item_cut_off(item));
    }
    stopping.abort_workers();
    // A worker that blocks its thread does not end; the item is stopped all the same.
    let _ = tokio::time::timeout(ABORT_GRACE, stopping.workers_ended()).await;
    fail_waits(core, item, &EVERYBODY, &error);
    item.stopped(&stopping);
    core.activity.less();
    log::turn_span(core, item, None).in_scope(|| log::item_stopped(item));
    true
}

fn fail_waits(core: &Core, item: &ItemState, callers: &[Caller], error: &RequestError) {
    core.waiters.fail(item.index, callers, error, &Commit::nothing());
    item.queue.fail_express(callers, error, &Commit::nothing());
}

/// Carries out what starts or stops an item, even when whoever asked for it goes away in the middle: an item that is left
/// half stopped could not be started again.
pub(crate) async fn to_the_end(act: impl Future<Output = bool> + Send + 'static) -> bool {
    whole(act).await.unwrap_or(false)
}

/// The same for what changes the store, and then tells memory or the audit log of it.
///
/// # Errors
/// Where it panicked, or everything ends.
pub(crate) async fn whole<T: Send + 'static>(act: impl Future<Output = T> + Send + 'static) -> Result<T, StoreError> {
    tokio::spawn(act).await.map_err(|_| StoreError::Closed)
}

/// Starts everything over when the store failed: what was speculated on the failed commit is dropped, what is stored is
/// read again.
pub(crate) async fn watch_store(core: Arc<Core>, gone: watch::Sender<Option<StoreError>>) {
    let mut failures = VecDeque::new();
    loop {
        core.failure.noticed.notified().await;
        let Some(error) = core.failure.take() else { continue };
        log::engine_span(&core).in_scope(|| log::store_failed(&error));
        core.alerts.store_failed(core.clock.now(), &error);
        let up: Vec<usize> = core.items.iter().filter(|item| item.is_up()).map(|item| item.index).collect();
        // First of all the truth: who is told only that an item stops may take the request for stored.
        core.waiters.fail_all(&RequestError::Unknown(error.to_string().into()), &Commit::done(Err(error.clone())));
        stop_items(&core, Stop::Now).await;
        let (unknown, failed) = (RequestError::Unknown(error.to_string().into()), Commit::done(Err(error.clone())));
        core.waiters.fail_all(&unknown, &failed);
        core.instances.clear();
        core.streams.clear();
        for item in &core.items {
            item.queue.fail_express(&EVERYBODY, &unknown, &failed);
            item.queue.close();
        }
        if let Err(error) = recovered(&core, error, &mut failures).await {
            log::engine_span(&core).in_scope(|| log::store_gone(&error));
            // Whoever waits for it is told; nobody may be.
            let _ = gone.send(Some(error));
            return;
        }
        // Reports of the same failure that came in meanwhile, or would still come.
        core.unseen.clear();
        core.failure.take();
        load_tables(&core).await;
        for item in &core.items {
            item.queue.reopen();
        }
        for kind in ORDER {
            let again = of_kind(&core, kind).filter(|item| up.contains(&item.index));
            join_all(again.map(|item| start_item(&core, item))).await;
        }
        core.failure.is_over();
    }
}

/// Has the store begin anew after a failure, again and again: for as long as it takes where there is no space, and otherwise
/// until it has failed too often. What is damaged is not touched again.
async fn recovered(core: &Core, error: StoreError, failures: &mut VecDeque<Instant>) -> Result<(), StoreError> {
    let mut error = error;
    loop {
        if matches!(error, StoreError::Corrupt(_)) {
            return Err(error);
        }
        if !core.store.is_short_of_space() {
            let now = Instant::now();
            failures.push_back(now);
            failures.retain(|at| now.duration_since(*at) < FAILURE_WINDOW);
            if failures.len() >= FAILURES {
                return Err(error);
            }
        }
        match core.store.recover().await {
            Ok(()) => return Ok(()),
            Err(StoreError::Closed) => return Err(StoreError::Closed),
            Err(again) => error = again,
        }
        tokio::time::sleep(RECOVERY_PAUSE).await;
    }
}

/// Waits for the news that the store is gone.
pub(crate) async fn gone(news: &mut watch::Receiver<Option<StoreError>>) -> StoreError {
    match news.wait_for(Option::is_some).await {
        Ok(error) => error.clone().unwrap_or(StoreError::Closed),
        // The supervisor ended because the production stops.
        Err(_) => std::future::pending().await,
    }
}

/// Looks after the room of the store, and says when there is none and when there is again.
fn watch_space(core: &Core, was_short: bool) -> bool {
    core.store.tend();
    let is_short = core.store.is_short_of_space();
    if is_short != was_short {
        log::engine_span(core).in_scope(|| log::space(is_short));
    }
    if is_short && !was_short {
        core.alerts.store_failed(core.clock.now(), &StoreError::NotStored(NO_SPACE.into()));
    }
    is_short
}

/// Says when handlers block all the threads that there are for handlers, and when one is free again.
fn watch_for_a_standstill(core: &Core, stood_still: bool) -> bool {
    let threads = core.handlers.as_ref().map_or(usize::MAX, |handlers| handlers.metrics().num_workers());
    let blocked: usize = core.items.iter().map(|item| item.workers().stuck).sum();
    let stands_still = blocked >= threads;
    if stands_still != stood_still {
        log::engine_span(core).in_scope(|| log::standstill(stands_still, threads));
    }
    stands_still
}

/// Reports handlers that block their thread, and looks after what the store needs. A thread of its own: the runtime's may be
/// the ones that are blocked.
pub(crate) fn watch_threads(core: &Arc<Core>) {
    let core: Weak<Core> = Arc::downgrade(core);
    let watch = move || {
        let (mut was_short, mut stood_still) = (false, false);
        while let Some(core) = core.upgrade() {
            was_short = watch_space(&core, was_short);
            for item in &core.items {
                for _ in 0..item.newly_stuck() {
                    log::turn_span(&core, item, None).in_scope(|| log::stuck(item));
                    core.alerts.look_now();
                }
            }
            // What waits behind a thread that is blocked can be taken by another one, if that one is awake.
            if let Some(handlers) =
                core.handlers.as_ref().filter(|_| core.items.iter().any(|item| item.blocks(WATCH_INTERVAL)))
            {
                drop(handlers.spawn(async {}));
            }
            stood_still = watch_for_a_standstill(&core, stood_still);
            drop(core);
            std::thread::sleep(WATCH_INTERVAL);
        }
    };
    if let Err(error) = std::thread::Builder::new().name("iop-watch".to_owned()).spawn(watch) {
        tracing::warn!("no thread to watch for blocked handlers: {error}");
    }
}
