//! A whole production in the test's own process, as it is prepared.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::Arc;

use super::crash::{Crash, Crasher, Crashes};
use super::run::{Place, Plan, TestRun};
use super::stub::{Replacement, Stub, fits};
use crate::__private::assert_stands_in;
use crate::clock::TokioClock;
use crate::component::{Handlers, Receives};
use crate::engine::{ChangeChoice, StandIn};
use crate::production::{Graph, Item, Production};
use crate::settings::{Layers, resolve};
use crate::store::Store;

/// A whole production in the test's own process. Its messages are in memory, its time is that of tokio: virtual in a
/// test with `#[tokio::test(start_paused = true)]`. It reads no `iop.toml` and no environment.
///
/// ```
/// use iop::prelude::*;
/// use iop::testing::{Stub, TestProduction};
///
/// #[message(response = Report)]
/// pub struct Order { pub amounts: Vec<u32> }
///
/// #[message]
/// pub struct Report { pub sum: u32 }
///
/// #[business_service]
/// pub struct Intake {
///     #[target]
///     out: Target<Order>,
/// }
///
/// #[handlers]
/// impl Intake {
///     async fn on_process_input(&mut self, order: Order, cx: &mut Context) -> Result<Report> {
///         Ok(cx.send_request_sync(&self.out, order).await?)
///     }
/// }
///
/// /// Talks to a device that a test does not have.
/// #[business_operation]
/// pub struct Analyser;
///
/// #[handlers]
/// impl Analyser {
///     async fn measure(&mut self, _: Order) -> Result<Report> {
///         Err(Error::unavailable("the device does not answer"))
///     }
/// }
///
/// production! {
///     pub Lab {
///         intake: Intake { out: analyser },
///         analyser: Analyser {},
///     }
/// }
///
/// # iop::testing::run(async {
/// // In a test: #[tokio::test(start_paused = true)]
/// let device = Stub::<Analyser>::new().answer(|order: Order| Ok(Report { sum: order.amounts.iter().sum() }));
/// let lab = TestProduction::<Lab>::new().stub("analyser", device).start().await;
///
/// let report = lab.call("intake", Order { amounts: vec![1, 2] }).await.unwrap();
/// assert_eq!(report.sum, 3);
///
/// lab.until_idle().await;
/// let order = &lab.traces().await[0];
/// order.assert_path(&["intake", "analyser"]).assert_completed();
/// assert_eq!(
///     order.snapshot(),
///     "outside -> intake: Order, completed\n  \
///        intake -> analyser: Order, completed\n    \
///          intake <- analyser: Report\n  \
///        outside <- intake: Report\n"
/// );
/// # });
/// ```
pub struct TestProduction<P> {
    settings: Vec<String>,
    replacements: Vec<(String, Replacement)>,
    services: bool,
    changes: ChangeChoice,
    place: Place,
    crasher: Planned,
    production: PhantomData<fn(P)>,
}

enum Planned {
    Here(Vec<Crash>),
    ForEvery(Crashes),
}

impl<P> fmt::Debug for TestProduction<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestProduction").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<P: Production> Default for TestProduction<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Production> TestProduction<P> {
    /// As `production!` describes it, on an empty store in memory.
    #[must_use]
    pub fn new() -> Self {
        Self {
            settings: Vec::new(),
            replacements: Vec::new(),
            services: true,
            changes: ChangeChoice::default(),
            place: Place::Memory,
            crasher: Planned::Here(Vec::new()),
            production: PhantomData,
        }
    }

    /// A setting, as it would stand behind `--set`: `("analyser.repetitions", 3)`.
    #[must_use]
    pub fn setting(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.settings.push(format!("{key}={value}"));
        self
    }

    /// Puts a component of the test in the place of the item's own, which must be an `Original`. `make` gives an instance
    /// for each worker, so that it can share what it sees with the test. A mock that does not handle every message that
    /// `Original` handles does not compile: it cannot stay behind when the component changes.
    ///
    /// ```
    /// # use iop::prelude::*;
    /// # use std::sync::{Arc, Mutex};
    /// # use iop::testing::TestProduction;
    /// # #[message] pub struct Line { pub text: String }
    /// # #[business_service] pub struct Intake { #[target] out: Target<Line> }
    /// # #[handlers] impl Intake { async fn on_process_input(&mut self, line: Line, cx: &mut Context) -> Result {
    /// #     cx.send_request_async(&self.out, line).await?; Ok(())
    /// # } }
    /// # #[business_operation] pub struct Printer;
    /// # #[handlers] impl Printer { async fn print(&mut self, _: Line) -> Result { Ok(()) } }
    /// # production! { pub Press { intake: Intake { out: printer }, printer: Printer {} } }
    /// #[business_operation]
    /// pub struct Paper {
    ///     lines: Arc<Mutex<Vec<String>>>,
    /// }
    ///
    /// #[handlers]
    /// impl Paper {
    ///     async fn print(&mut self, line: Line) -> Result {
    ///         self.lines.lock().unwrap().push(line.text);
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # iop::testing::run(async {
    /// let lines = Arc::new(Mutex::new(Vec::new()));
    /// let paper = { let lines = lines.clone(); move || Paper { lines: lines.clone() } };
    /// let press = TestProduction::<Press>::new().replace::<Printer, Paper>("printer", paper).start().await;
    /// press.call("intake", Line { text: "hello".into() }).await.unwrap();
    /// press.until_idle().await;
    /// assert_eq!(*lines.lock().unwrap(), ["hello"]);
    /// # });
    /// ```
    ///
    /// ```compile_fail
    /// # use iop::prelude::*;
    /// # use iop::testing::TestProduction;
    /// # #[message] pub struct Line { pub text: String }
    /// # #[message] pub struct Picture { pub pixels: Vec<u8> }
    /// # #[business_service] pub struct Intake { #[target] out: Target<Line> }
    /// # #[handlers] impl Intake { async fn on_process_input(&mut self, line: Line, cx: &mut Context) -> Result {
    /// #     cx.send_request_async(&self.out, line).await?; Ok(())
    /// # } }
    /// # #[business_operation] pub struct Printer;
    /// # #[handlers] impl Printer {
    /// #     async fn print(&mut self, _: Line) -> Result { Ok(()) }
    /// #     async fn draw(&mut self, _: Picture) -> Result { Ok(()) }
    /// # }
    /// # production! { pub Press { intake: Intake { out: printer }, printer: Printer {} } }
    /// # #[business_operation] pub struct Paper;
    /// # #[handlers] impl Paper { async fn print(&mut self, _: Line) -> Result { Ok(()) } }
    /// // `Paper` does not handle `Picture`, which `Printer` handles
    /// let press = TestProduction::<Press>::new().replace::<Printer, Paper>("printer", || Paper);
    /// ```
    ///
    /// # Panics
    /// Where there is no such item, or it is of another component.
    #[must_use]
    #[track_caller]
    pub fn replace<Original, Mock>(self, item: &str, make: impl Fn() -> Mock + Send + Sync + 'static) -> Self
    where
        Original: Handlers,
        Mock: Handlers + Receives,
    {
        const { assert_stands_in::<Original, Mock>() };
        self.replaced(item, Replacement::mock::<Original, Mock>(make))
    }

    /// Puts answers of the test in the place of an item, which must be an `Original`. It needs none of its settings.
    ///
    /// # Panics
    /// Where there is no such item, or it is of another component.
    #[must_use]
    #[track_caller]
    pub fn stub<Original: Handlers>(self, item: &str, stub: Stub<Original>) -> Self {
        self.replaced(item, Replacement::stub(stub))
    }

    #[track_caller]
    fn replaced(mut self, item: &str, replacement: Replacement) -> Self {
        fits(P::GRAPH, item, &replacement);
        self.replacements.retain(|(replaced, _)| replaced != item);
        self.replacements.push((item.to_owned(), replacement));
        self
    }

    /// Services that poll or have an adapter do not start; only the test brings messages in.
    #[must_use]
    pub fn without_services(mut self) -> Self {
        self.services = false;
        self
    }

    /// What was decided about a production that has changed since its store was last opened: as `run --orphans` and
    /// `run --changed` say it. Without it, one that does not fit what is stored does not start.
    #[must_use]
    pub fn changes(mut self, changes: ChangeChoice) -> Self {
        self.changes = changes;
        self
    }

    /// Keeps messages in a store directory, as the program does, in place of memory. What is there is gone on with.
    #[must_use]
    pub fn store_in(mut self, directory: impl Into<PathBuf>) -> Self {
        self.place = Place::Directory(directory.into());
        self
    }

    /// Keeps messages in a store of the test's own, and has the time of its clock.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>, clock: Arc<TokioClock>) -> Self {
        self.place = Place::Given(store, clock);
        self
    }

    /// Crashes at a point, once; may be said several times. The production then starts again on what is stored, as soon as
    /// the test asks it for something.
    ///
    /// ```
    /// # use iop::testing::{Crash, CrashPoint};
    /// let _ = Crash::at(CrashPoint::AfterHandler).of("analyser").occurrence(2);
    /// ```
    #[must_use]
    pub fn crash_at(mut self, crash: impl Into<Crash>) -> Self {
        match &mut self.crasher {
            Planned::Here(crashes) => crashes.push(crash.into()),
            Planned::ForEvery(_) => self.crasher = Planned::Here(vec![crash.into()]),
        }
        self
    }

    /// Crashes where this run of [`for_every_crash`](super::for_every_crash) is to.
    #[must_use]
    pub fn crashes(mut self, crashes: Crashes) -> Self {
        self.crasher = Planned::ForEvery(crashes);
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// Where the settings do not fit, with all that is wrong, or the store cannot be opened.
    pub async fn start(self) -> TestRun {
        super::log::keep();
        let layers = Layers::assigned(&self.settings);
        let (graph, stand_ins) = with_replacements(P::GRAPH, self.replacements);
        let resolve = move || resolve(graph, graph.fitting(P::wiring()), &layers);
        if let Err(errors) = resolve() {
            let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
            panic!("the settings of {} do not fit:\n{}", graph.name, errors.join("\n"));
        }
        let plan = Plan { resolve: Box::new(resolve), stand_ins, services: self.services, changes: self.changes };
        let crasher = match self.crasher {
            Planned::Here(crashes) => Crasher::new(crashes),
            Planned::ForEvery(crashes) => crashes.crasher(),
        };
        TestRun::start(plan, self.place, crasher).await
    }
}

/// The graph with the components of the test in it. It is never freed: a graph is constant data, and a test has one.
fn with_replacements(
    graph: &'static Graph,
    replacements: Vec<(String, Replacement)>,
) -> (&'static Graph, HashMap<usize, StandIn>) {
    if replacements.is_empty() {
        return (graph, HashMap::new());
    }
    let mut items: Vec<Item> = graph.items.iter().map(Item::copy).collect();
    let mut stand_ins = HashMap::new();
    for (name, replacement) in replacements {
        let index = fits(graph, &name, &replacement);
        items[index].component = replacement.component;
        stand_ins.insert(index, replacement.stand_in);
    }
    (Box::leak(Box::new(graph.with_items(Box::leak(items.into_boxed_slice())))), stand_ins)
}
