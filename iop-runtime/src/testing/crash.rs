//! Crashes of a production under test: where, and what every one of them leads to.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::frozen::Frozen;
use crate::engine::{CrashPoint, Passage, Probe};
use crate::message::MessageId;
use tokio::sync::watch;

/// Where a production under test crashes, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    point: CrashPoint,
    item: Option<String>,
    occurrence: u32,
}

impl Crash {
    /// The first time that a message passes `point`, in any item.
    #[must_use]
    pub fn at(point: CrashPoint) -> Self {
        Self { point, item: None, occurrence: 1 }
    }

    /// In this item.
    #[must_use]
    pub fn of(mut self, item: &str) -> Self {
        self.item = Some(item.to_owned());
        self
    }

    /// Not the first time, but the `number`th.
    #[must_use]
    pub fn occurrence(mut self, number: u32) -> Self {
        self.occurrence = number;
        self
    }
}

impl From<CrashPoint> for Crash {
    fn from(point: CrashPoint) -> Self {
        Self::at(point)
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.point)?;
        if let Some(item) = &self.item {
            write!(f, " in `{item}`")?;
        }
        if self.occurrence > 1 { write!(f, ", time {}", self.occurrence) } else { Ok(()) }
    }
}

/// Sees every point, and crashes where it was told to.
#[derive(Debug)]
pub(super) struct Crasher {
    /// Has the number of crashes so far.
    crashes: watch::Sender<u64>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    planned: Vec<Crash>,
    counts: HashMap<(CrashPoint, Option<String>), u32>,
    passed: Vec<Crash>,
    store: Weak<Frozen>,
}

impl Crasher {
    pub(super) fn new(planned: Vec<Crash>) -> Arc<Self> {
        Arc::new(Self { crashes: watch::Sender::new(0), state: Mutex::new(State { planned, ..State::default() }) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store that a crash freezes.
    pub(super) fn watch(&self, store: &Arc<Frozen>) {
        self.state().store = Arc::downgrade(store);
    }

    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.crashes.subscribe()
    }

    /// Where the production has passed, each point in each item with its number.
    pub(super) fn passed(&self) -> Vec<Crash> {
        self.state().passed.clone()
    }

    /// What was planned and has not come.
    pub(super) fn still_planned(&self) -> Vec<Crash> {
        self.state().planned.clone()
    }
}

impl Probe for Crasher {
    fn passes(&self, point: CrashPoint, item: &str, _: Option<MessageId>) -> Passage {
        let mut state = self.state();
        let Some(store) = state.store.upgrade() else { return Passage::Halt };
        if store.is_frozen() {
            return Passage::Halt;
        }
        let mut count = |item: Option<&str>| {
            let count = state.counts.entry((point, item.map(str::to_owned))).or_default();
            *count += 1;
            *count
        };
        let (of_item, of_all) = (count(Some(item)), count(None));
        state.passed.push(Crash { point, item: Some(item.to_owned()), occurrence: of_item });
        let is_here = |planned: &Crash| {
            planned.point == point
                && match &planned.item {
                    Some(wanted) => wanted == item && planned.occurrence == of_item,
                    None => planned.occurrence == of_all,
                }
        };
        let Some(at) = state.planned.iter().position(is_here) else { return Passage::Go };
        state.planned.remove(at);
        drop(state);
        store.freeze();
        self.crashes.send_modify(|crashes| *crashes += 1);
        Passage::Halt
    }
}

/// Which crash a run of [`for_every_crash`] is for: give it to
/// [`TestProduction::crashes`](super::TestProduction::crashes).
#[derive(Debug, Clone)]
pub struct Crashes {
    planned: Option<Crash>,
    crasher: Arc<Mutex<Option<Arc<Crasher>>>>,
}

impl Crashes {
    fn new(planned: Option<Crash>) -> Self {
        Self { planned, crasher: Arc::default() }
    }

    pub(super) fn crasher(&self) -> Arc<Crasher> {
        let crasher = Crasher::new(self.planned.clone().into_iter().collect());
        *self.crasher.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&crasher));
        crasher
    }

    fn used(&self) -> Arc<Crasher> {
        let used = self.crasher.lock().unwrap_or_else(PoisonError::into_inner).clone();
        used.unwrap_or_else(|| panic!("the scenario must give its `Crashes` to `TestProduction::crashes`"))
    }
}

/// What [`for_every_crash`] has tried.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EveryCrash<T> {
    /// What the scenario gave without a crash, and with each.
    pub outcome: T,
    /// The crashes, in the order of the points in the run without one.
    pub crashes: Vec<Crash>,
    /// Those that the run for them did not come to, because it went another way.
    pub not_reached: Vec<Crash>,
}

/// Runs a scenario without a crash, and then once for each point that it passed, with a crash there; the outcome must
/// always be the same. The scenario sends and waits as if nothing happened: a [`TestRun`](super::TestRun) opens its store
/// again after a crash and repeats, under the same id, a call that was not answered.
///
/// ```
/// # use iop::prelude::*;
/// use iop::testing::{Stub, TestProduction, for_every_crash};
/// # #[message(response = Report)] pub struct Order { pub amounts: Vec<u32> }
/// # #[message] pub struct Report { pub sum: u32 }
/// # #[business_service] pub struct Intake { #[target] out: Target<Order> }
/// # #[handlers] impl Intake { async fn on_process_input(&mut self, order: Order, cx: &mut Context) -> Result<Report> {
/// #     Ok(cx.send_request_sync(&self.out, order).await?)
/// # } }
/// # #[business_operation] pub struct Analyser;
/// # #[handlers] impl Analyser { async fn measure(&mut self, order: Order) -> Result<Report> {
/// #     Ok(Report { sum: order.amounts.iter().sum() })
/// # } }
/// # production! { pub Lab { intake: Intake { out: analyser }, analyser: Analyser {} } }
///
/// # iop::testing::run(async {
/// let tried = for_every_crash(async |crashes| {
///     let lab = TestProduction::<Lab>::new().crashes(crashes).start().await;
///     let report = lab.call("intake", Order { amounts: vec![1, 2] }).await?;
///     lab.until_idle().await;
///     // Nothing is lost, and nothing is there twice.
///     let order = &lab.traces().await[0];
///     Ok::<_, iop::director::DirectorError>((report.sum, order.count("analyser"), order.snapshot()))
/// })
/// .await;
/// assert!(tried.crashes.len() >= 8);
/// # });
/// ```
///
/// # Panics
/// Where a crash leads to another outcome; the message names each such crash with what came of it.
pub async fn for_every_crash<T: PartialEq + fmt::Debug>(scenario: impl AsyncFn(Crashes) -> T) -> EveryCrash<T> {
    let without = Crashes::new(None);
    let outcome = scenario(without.clone()).await;
    let crashes = without.used().passed();
    let (mut not_reached, mut wrong) = (Vec::new(), Vec::new());
    for crash in &crashes {
        let with = Crashes::new(Some(crash.clone()));
        let found = scenario(with.clone()).await;
        not_reached.extend(with.used().still_planned());
        if found != outcome {
            wrong.push(format!("crash {crash}:\n{found:#?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} crashes lead to another outcome.\nwithout a crash:\n{outcome:#?}\n{}",
        wrong.len(),
        crashes.len(),
        wrong.join("\n")
    );
    EveryCrash { outcome, crashes, not_reached }
}
