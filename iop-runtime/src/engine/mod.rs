//! The engine: what drives a production, and the place that spawns its tasks.
//!
//! A message's way: [`core`] submits it to the store and hands it to the [`queue`] of its item; a [`worker`] claims it,
//! runs its handler under [`guard`] with a [`turn`] behind the context, and commits what the turn did in one step, with
//! the [`reply`]. [`process`] has the later turns of processes that wait, [`service`] those of services that are called in intervals, [`intake`]
//! those behind an adapter.
//!
//! *Speculation*: what a turn sends is in the queues before it is durable. An operation's call and the answer to a
//! caller outside wait for the commit; since commits keep the order of submission, what is durable is always a prefix.
//! When the store fails, everything in memory is dropped and read again ([`supervisor`]).

mod activity;
mod alerts;
mod answers;
mod changes;
mod core;
mod deadlines;
mod decisions;
mod ending;
mod envelope;
mod express;
mod gate;
mod groups;
mod guard;
pub(crate) mod held;
mod hops;
pub(crate) mod housekeeping;
mod instances;
mod intake;
mod intent;
mod item;
mod lanes;
mod latest;
mod loan;
mod log;
mod probe;
mod process;
mod queue;
mod rates;
mod refill;
mod reload;
mod reply;
mod retry;
mod schedule;
pub(crate) mod service;
mod streams;
mod supervisor;
mod suspects;
mod taps;
mod timers;
mod turn;
mod unseen;
mod waiters;
mod waits;
mod worker;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use self::activity::Activity;
pub use self::alerts::{Condition, Mute, stored as stored_alerts};
pub use self::changes::{ChangeChoice, Changed, Orphans};
use self::core::CoreParts;
pub(crate) use self::core::{Core, Delivery, Emission};
use self::deadlines::Deadlines;
pub(crate) use self::decisions::{discard, redirect, resume, suspend};
pub(crate) use self::express::Answer;
pub use self::gate::BreakerState;
pub(crate) use self::item::ItemState;
pub use self::item::{ItemPhase, WorkerCount};
pub use self::probe::{CrashPoint, Passage, Probe, StandIn};
pub(crate) use self::process::as_new;
use self::queue::Queue;
pub(crate) use self::rates::{Done, RatesNow};
use self::reload::Effective;
pub use self::reload::{ReloadError, Reloading};
pub(crate) use self::reload::{reload, row_edited};
pub(crate) use self::reply::{FAILURE, response_id};
pub(crate) use self::schedule::{is_up as is_scheduled_up, next_change};
pub(crate) use self::supervisor::{pause_item, start_item, stop_item, whole};
pub(crate) use self::waiters::{Caller, Delivered};
use crate::clock::{Clock, SystemClock};
use crate::events;
use crate::lookup::TableStore;
use crate::settings::ResolvedProduction;
use crate::store::{Store, StoreError};

/// How to start.
pub struct StartOptions {
    /// What tells the time. In tests with paused time a [`TokioClock`](crate::clock::TokioClock).
    pub clock: Arc<dyn Clock>,
    /// Whether polling services and adapters start. Without them only the director brings input.
    pub services: bool,
    /// Where workers run, so that handlers which block every thread of it leave the engine others. By default where the
    /// production is started.
    pub handlers: Option<Handle>,
    /// What makes the instances of an item in place of its component, by the index of the item. For tests.
    pub stand_ins: HashMap<usize, StandIn>,
    /// Who is told where messages are. For tests.
    pub probe: Option<Arc<dyn Probe>>,
    /// What was decided about a production that has changed since its store was last opened.
    pub changes: ChangeChoice,
}

impl Default for StartOptions {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            services: true,
            handlers: None,
            stand_ins: HashMap::new(),
            probe: None,
            changes: ChangeChoice::default(),
        }
    }
}

impl std::fmt::Debug for StartOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StartOptions").field("services", &self.services).finish_non_exhaustive()
    }
}

/// How to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Let running turns finish for at most so long; what has not begun stays in its queue.
    Drain(Duration),
    /// Cut running turns off; their messages stay in their queues, no attempt is counted.
    Now,
}

/// A running production. Dropped, it stops at once.
#[derive(Debug)]
pub struct Running {
    core: Arc<Core>,
    background: Vec<AbortHandle>,
    gone: watch::Receiver<Option<StoreError>>,
    events: events::Registration,
}

/// What a production has done so far, and what waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Turns that completed since the start.
    pub completed: u64,
    /// Attempts that failed since the start.
    pub failed: u64,
    /// Messages suspended in the store.
    pub suspended: u64,
}

static RUNS: AtomicU64 = AtomicU64::new(1);

/// A number for whatever says something in a span of its own.
pub(crate) fn next_run() -> u64 {
    RUNS.fetch_add(1, Ordering::Relaxed)
}

/// A production as it is before anything of it starts.
fn build(resolved: ResolvedProduction, store: Arc<dyn Store>, options: StartOptions, run: u64) -> Arc<Core> {
    let mut stand_ins = options.stand_ins;
    let activity = Activity::of_items(resolved.items.len());
    let items = resolved
        .items
        .into_iter()
        .zip(resolved.graph.items)
        .enumerate()
        .map(|(index, (item, declared))| {
            let tapped = resolved.graph.taps.iter().any(|tap| tap.of == index);
            let queue = Queue::new(index, declared, &item, Arc::clone(&activity)).tapped(tapped);
            let stand_in = stand_ins.remove(&index);
            Arc::new(ItemState::new(index, declared, item.config, item.options, Arc::new(queue)).standing_in(stand_in))
        })
        .collect();
    let settings = Effective::new(resolved.source, resolved.shown);
    let tables = TableStore::new(resolved.tables, Arc::clone(&store), Arc::clone(&options.clock));
    Arc::new(Core::new(CoreParts {
        run,
        graph: resolved.graph,
        store,
        clock: options.clock,
        items,
        activity,
        probe: options.probe,
        // Where there is no runtime, nothing is started either.
        handlers: options.handlers.or_else(|| Handle::try_current().ok()),
        settings,
        tables,
        retention: resolved.engine.retention,
    }))
}

/// A production of which nothing is started, so that what is in its store can be decided on.
pub(crate) fn at_rest(resolved: ResolvedProduction, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Arc<Core> {
    build(resolved, store, StartOptions { clock, ..StartOptions::default() }, next_run())
}

/// Starts a production: operations, then processes, then services. What an earlier run left unfinished goes on by itself.
///
/// Before anything is consumed it looks whether the production fits what is stored ([`StartOptions::changes`]).
///
/// # Errors
/// Where it does not fit: the store is as it was, and still open.
pub async fn start(
    resolved: ResolvedProduction,
    store: Arc<dyn Store>,
    options: StartOptions,
) -> Result<Running, Changed> {
    let run = next_run();
    let events = events::register(run, Arc::clone(&store));
    let (services, changes) = (options.services, options.changes.clone());
    let core = build(resolved, store, options, run);
    changes::reconcile(&core, &changes).await?;
    // Ends with the core: callers may wait longer than the production runs.
    tokio::spawn(Deadlines::watch(&core.deadlines));
    let (gone_sender, gone) = watch::channel(None);
    supervisor::name_orphans(&core).await;
    supervisor::load_tables(&core).await;
    held::look(&core).await;
    let looked = core.clock.now();
    supervisor::start_items(&core, services).await;
    let mut background = vec![
        tokio::spawn(supervisor::watch_store(Arc::clone(&core), gone_sender)).abort_handle(),
        tokio::spawn(unseen::watch(Arc::clone(&core))).abort_handle(),
        tokio::spawn(alerts::watch(Arc::clone(&core))).abort_handle(),
        tokio::spawn(rates::watch(Arc::clone(&core))).abort_handle(),
        tokio::spawn(housekeeping::keep_house(Arc::clone(&core))).abort_handle(),
    ];
    let scheduled = core.items.iter().filter(|item| item.options.active.is_some());
    background.extend(
        scheduled
            .map(|item| schedule::keep(Arc::clone(&core), Arc::clone(item), services, looked))
            .map(|keep| tokio::spawn(keep).abort_handle()),
    );
    supervisor::watch_threads(&core);
    Ok(Running { core, background, gone, events })
}

impl Running {
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Waits until nothing is under way any more: every queue is empty, every service has looked and found nothing, and
    /// all of it is durable. Suspended messages wait for a person and do not count.
    ///
    /// # Errors
    /// Where the store failed for good.
    pub async fn until_idle(&self) -> Result<Summary, StoreError> {
        loop {
            let mut gone = self.gone.clone();
            tokio::select! {
                biased;
                () = self.core.activity.idle(|item| self.core.makes_progress(item), |item| self.core.has_express(item)) => {}
                failed = supervisor::gone(&mut gone) => return Err(failed),
            }
            match self.core.flush().await {
                Ok(()) => {}
                // Nobody mends these.
                Err(error @ (StoreError::Closed | StoreError::Damaged(_))) => return Err(error),
                // It is not idle until the store has recovered, and what it gives again is done.
                Err(_) => continue,
            }
            // Between being idle and being durable something may have come in.
            if self.core.activity.is_idle(|item| self.core.makes_progress(item), |item| self.core.has_express(item)) {
                return self.summary().await;
            }
        }
    }

    /// Hands over what was said so far to the event log.
    pub fn flush_log(&self) {
        self.events.flush();
    }

    /// Waits until the store has failed for good. Everything durable is safe; a new start goes on from there.
    pub async fn store_gone(&self) -> StoreError {
        supervisor::gone(&mut self.gone.clone()).await
    }

    async fn summary(&self) -> Result<Summary, StoreError> {
        let queues = self.core.store.queues().await?;
        let sum = |count: fn(&ItemState) -> &AtomicU64| {
            self.core.items.iter().map(|item| count(item).load(Ordering::Relaxed)).sum()
        };
        Ok(Summary {
            completed: sum(|item| &item.completed),
            failed: sum(|item| &item.failed),
            suspended: queues.iter().map(|queue| queue.suspended).sum(),
        })
    }

    /// Stops: services, then processes, then operations. Then closes the store.
    ///
    /// # Errors
    /// Where the store cannot be closed cleanly; what was acknowledged is safe all the same.
    pub async fn stop(self, how: Stop) -> Result<(), StoreError> {
        for item in &self.core.items {
            item.end();
        }
        supervisor::stop_items(&self.core, how).await;
        for task in &self.background {
            task.abort();
        }
        // What the last turns said is stored before the store is closed.
        self.events.flush();
        self.core.store.close().await
    }
}

impl Running {
    /// Ends every task where it is, as the end of the process would.
    pub(crate) fn cut_off(&self) {
        for task in &self.background {
            task.abort();
        }
        for item in &self.core.items {
            item.end();
            if let Some(stopping) = item.begin_stop() {
                stopping.abort_workers();
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.cut_off();
    }
}
