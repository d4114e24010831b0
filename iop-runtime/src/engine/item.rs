//! An item of a running production: its queue, its workers, its state.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::alerts::Noticed;
use super::latest::Latest;
use super::loan::Loan;
use super::probe::StandIn;
use super::queue::Queue;
use super::retry::RetryPolicy;
use crate::component::{ComponentKind, ComponentType, Instance, ItemConfig, Result};
use crate::production::{Failing, Item};
use crate::settings::ItemSettings;

/// Whether an item is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ItemPhase {
    /// Not running; its queue waits.
    Stopped,
    /// Its workers are being built and initialised.
    Starting,
    /// Its workers serve its queue.
    Running,
    /// Its workers finish what they have.
    Stopping,
    /// Its workers finish what they have and take nothing more until somebody resumes it; its queue grows.
    Paused,
}

impl ItemPhase {
    /// The word in the console and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Paused => "paused",
        }
    }
}

/// An item of a running production.
#[derive(Debug)]
pub(crate) struct ItemState {
    pub(crate) index: usize,
    pub(crate) name: Arc<str>,
    pub(crate) declared: &'static Item,
    pub(crate) config: Latest<ItemConfig>,
    pub(crate) options: Latest<ItemSettings>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) completed: AtomicU64,
    pub(crate) failed: AtomicU64,
    stand_in: Option<StandIn>,
    /// What alerts look at.
    pub(crate) noticed: Noticed,
    control: Mutex<Control>,
    ended: AtomicBool,
    serving: AtomicUsize,
    /// A worker could not initialise its component, and none could since.
    fails_to_start: AtomicBool,
}

#[derive(Debug)]
struct Control {
    phase: ItemPhase,
    /// Counts the starts, so that a stop that takes its time does not stop what was started after it.
    generation: u64,
    stop: CancellationToken,
    tasks: TaskTracker,
    workers: Vec<Running>,
    /// Why it does not come up, or what its workers last failed on.
    error: Option<Arc<str>>,
}

/// A worker's task.
#[derive(Debug)]
struct Running {
    abort: AbortHandle,
    pulse: Arc<Pulse>,
}

impl ItemState {
    pub(crate) fn new(
        index: usize,
        declared: &'static Item,
        config: ItemConfig,
        options: ItemSettings,
        queue: Arc<Queue>,
    ) -> Self {
        Self {
            index,
            name: Arc::clone(&config.item),
            declared,
            config: Latest::new(config),
            options: Latest::new(options),
            queue,
            completed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            stand_in: None,
            noticed: Noticed::default(),
            ended: AtomicBool::new(false),
            serving: AtomicUsize::new(0),
            fails_to_start: AtomicBool::new(false),
            control: Mutex::new(Control {
                phase: ItemPhase::Stopped,
                generation: 0,
                stop: CancellationToken::new(),
                tasks: TaskTracker::new(),
                workers: Vec::new(),
                error: None,
            }),
        }
    }

    /// With instances of a test's own.
    pub(crate) fn standing_in(mut self, stand_in: Option<StandIn>) -> Self {
        self.stand_in = stand_in;
        self
    }

    /// A fresh instance of its component, or of what stands in for it.
    pub(crate) fn build(&self) -> Result<Box<dyn Instance>> {
        match &self.stand_in {
            Some(stand_in) => stand_in.build(&self.config),
            None => (self.component().build)(&self.config),
        }
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn component(&self) -> &'static ComponentType {
        self.declared.component
    }

    pub(crate) fn kind(&self) -> ComponentKind {
        self.component().kind
    }

    pub(crate) fn retry(&self) -> RetryPolicy {
        RetryPolicy {
            attempts: self.options.attempts,
            backoff: self.options.backoff,
            cap: self.options.backoff_cap,
            failure_timeout: self.options.failure_timeout,
            blocks: self.declared.policy.failing == Some(Failing::Block),
        }
    }

    pub(crate) fn phase(&self) -> ItemPhase {
        self.control().phase
    }

    /// `true` when the item is up or coming up: a request to it will be served.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.phase(), ItemPhase::Running | ItemPhase::Starting)
    }

    /// Goes from stopped to starting; `None` where it is not stopped, or the production ends. Gives what stops its workers.
    pub(crate) fn begin_start(&self) -> Option<CancellationToken> {
        let mut control = self.control();
        if control.phase != ItemPhase::Stopped || self.ended.load(Ordering::SeqCst) {
            return None;
        }
        control.phase = ItemPhase::Starting;
        self.queue.open_express(true);
        control.generation += 1;
        control.stop = CancellationToken::new();
        control.tasks = TaskTracker::new();
        control.workers.clear();
        control.error = None;
        Some(control.stop.clone())
    }

    pub(crate) fn started(&self) {
        let mut control = self.control();
        if control.phase == ItemPhase::Starting {
            control.phase = ItemPhase::Running;
        }
    }

    /// Has a worker begin; not where the item was stopped since its start began.
    pub(crate) fn spawn_worker(
        &self,
        run: impl Future<Output = ()> + Send + 'static,
        pulse: Arc<Pulse>,
        handlers: Option<&Handle>,
    ) {
        let mut control = self.control();
        if control.phase != ItemPhase::Starting {
            return;
        }
        // Counted as long as it runs, whoever runs it.
        let task = pulse.loan.task(control.tasks.track_future(run));
        let task = match handlers {
            Some(handlers) => handlers.spawn(task),
            None => tokio::spawn(task),
        };
        let abort = task.abort_handle();
        control.workers.push(Running { abort, pulse });
    }

    /// Asks the workers to finish what they have; `None` where there is nothing to stop.
    pub(crate) fn begin_stop(&self) -> Option<Stopping> {
        let mut control = self.control();
        if control.phase == ItemPhase::Stopped {
            return None;
        }
        control.phase = ItemPhase::Stopping;
        for worker in &control.workers {
            worker.pulse.stopping.store(true, Ordering::Relaxed);
        }
        // Wakes those that wait, after they were told.
        self.queue.open_express(false);
        control.stop.cancel();
        let aborts = control.workers.iter().map(|worker| worker.abort.clone()).collect();
        Some(Stopping { generation: control.generation, tasks: control.tasks.clone(), aborts })
    }

    /// The workers of this stop have ended; without effect where somebody else has said so, and it was started again.
    pub(crate) fn stopped(&self, stopping: &Stopping) {
        let mut control = self.control();
        if control.generation == stopping.generation {
            control.phase = ItemPhase::Stopped;
        }
    }

    /// The production ends: it is not started any more.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }

    /// A worker has its component and serves, until the guard is dropped.
    pub(crate) fn begin_serving(self: &Arc<Self>) -> Serving {
        self.serving.fetch_add(1, Ordering::SeqCst);
        self.fails_to_start.store(false, Ordering::SeqCst);
        Serving(Arc::clone(self))
    }

    /// Whether somebody has said that it takes nothing more.
    pub(crate) fn is_paused(&self) -> bool {
        self.queue.gate(|gate| gate.is_paused())
    }

    /// Whether it is up and will do what waits for it, as far as anybody knows: it does not come up in vain.
    pub(crate) fn makes_progress(&self) -> bool {
        let in_vain = self.fails_to_start.load(Ordering::SeqCst) && self.serving.load(Ordering::SeqCst) == 0;
        self.is_up() && !in_vain && !self.is_paused()
    }

    /// A worker could not initialise its component; it tries again.
    pub(crate) fn failed_to_start(&self, error: Arc<str>) {
        self.fails_to_start.store(true, Ordering::SeqCst);
        self.set_error(Some(error));
    }

    pub(crate) fn set_error(&self, error: Option<Arc<str>>) {
        self.control().error = error;
    }

    pub(crate) fn error(&self) -> Option<Arc<str>> {
        self.control().error.clone()
    }

    /// Workers with a message, and workers that block their thread for longer than the item's timeout.
    pub(crate) fn workers(&self) -> WorkerCount {
        let control = self.control();
        let mut count = WorkerCount { all: control.workers.len(), ..WorkerCount::default() };
        for worker in &control.workers {
            count.busy += usize::from(worker.pulse.is_busy());
            count.stuck += usize::from(worker.pulse.blocked_since().is_some_and(|since| since > self.options.timeout));
        }
        count
    }

    /// Whether a handler has not given its thread back for so long.
    pub(crate) fn blocks(&self, time: Duration) -> bool {
        self.control().workers.iter().any(|worker| worker.pulse.blocked_since().is_some_and(|since| since > time))
    }

    /// Workers that are newly found stuck; each is named once.
    pub(crate) fn newly_stuck(&self) -> usize {
        let control = self.control();
        let timeout = self.options.timeout;
        control.workers.iter().filter(|worker| worker.pulse.report_stuck(timeout)).count()
    }
}

/// What the workers of an item do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WorkerCount {
    /// Workers.
    pub all: usize,
    /// With a message.
    pub busy: usize,
    /// Blocking a thread for longer than the item's timeout: a handler that blocks cannot be cut off.
    pub stuck: usize,
}

/// A stop under way.
#[derive(Debug)]
pub(crate) struct Stopping {
    generation: u64,
    tasks: TaskTracker,
    aborts: Vec<AbortHandle>,
}

impl Stopping {
    /// Drops the workers that have not finished. What they had goes back to the queue.
    pub(crate) fn abort_workers(&self) {
        for abort in &self.aborts {
            abort.abort();
        }
    }

    /// Waits until every worker has ended.
    pub(crate) async fn workers_ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Held by a worker that serves.
#[derive(Debug)]
pub(crate) struct Serving(Arc<ItemState>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.serving.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What a worker is doing right now, readable from another thread while the worker's own is blocked.
#[derive(Debug)]
pub(crate) struct Pulse {
    /// By which others run it.
    pub(crate) loan: Arc<Loan>,
    /// It is to take nothing more.
    stopping: AtomicBool,
    /// Counts when a poll of a handler begins and when it ends: odd while one runs. The worker alone changes it, so that a
    /// poll costs neither a look at the clock nor a locked instruction.
    polls: AtomicU64,
    /// The count that was seen last from outside, and since when.
    seen: Mutex<(u64, Instant)>,
    busy: AtomicBool,
    reported: AtomicU64,
}

impl Pulse {
    pub(crate) fn new() -> Self {
        Self {
            loan: Loan::new(),
            stopping: AtomicBool::new(false),
            polls: AtomicU64::new(0),
            seen: Mutex::new((0, Instant::now())),
            busy: AtomicBool::new(false),
            reported: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// A poll of a handler begins, or ends.
    pub(crate) fn poll_begins_or_ends(&self) {
        self.polls.store(self.polls.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    pub(crate) fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Ordering::Relaxed);
    }

    fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    /// For how long the running poll of a handler is known to run: since it was first looked at, and a thread looks all the
    /// time (`supervisor::watch_threads`).
    fn blocked_since(&self) -> Option<Duration> {
        let polls = self.polls.load(Ordering::Relaxed);
        if polls.is_multiple_of(2) {
            return None;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.0 != polls {
            *seen = (polls, Instant::now());
        }
        Some(seen.1.elapsed())
    }

    fn report_stuck(&self, timeout: Duration) -> bool {
        let polls = self.polls.load(Ordering::Relaxed);
        let stuck = self.blocked_since().is_some_and(|blocked| blocked > timeout);
        if stuck {
            self.loan.tire();
        }
        stuck && self.reported.swap(polls, Ordering::Relaxed) != polls
    }
}
