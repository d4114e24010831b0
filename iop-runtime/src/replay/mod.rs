//! Recorded sessions against this build: what a store holds is fed into the production once more, and what comes out is
//! compared with what came out then.
//!
//! Nothing outside is touched. Services that fetch their input do not start: the messages that they brought are in the
//! record. Operations are not called: they answer what they answered then ([`answer`]). Processes, and services that take
//! messages, run. Ids are derived from content, so a turn that does the same as before makes the same ids ([`compare`]).

mod answer;
mod compare;
mod record;
mod report;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use self::answer::{Playback, stand_in};
use self::compare::Comparison;
use self::record::{Recorded, sessions};
pub use self::report::{Change, Difference, FieldChange, Outcome, Report, SessionReport};
use crate::clock::{SystemClock, Timestamp};
use crate::component::{ComponentKind, ComponentType, Wiring};
use crate::engine::{self, Changed, Delivery, Emission, Running, StandIn, StartOptions, as_new};
use crate::message::SessionId;
use crate::production::{Graph, Item, Production};
use crate::settings::{Layers, ResolvedProduction, SettingError, resolve};
use crate::store::memory::MemoryStore;
use crate::store::sqlite::{OpenError, SqliteStore};
use crate::store::{Step, StoreError, StoredMessage, Viewer};

/// So many sessions share a start of the production, whose messages are in memory.
const SESSIONS: usize = 100;

/// A session that has not come to its end after so long will not.
const PATIENCE: Duration = Duration::from_secs(60);

/// A replay, as it is asked for.
///
/// ```no_run
/// # use iop::prelude::*;
/// # #[message] pub struct Line { pub text: String }
/// # #[business_operation] pub struct Printer;
/// # #[handlers] impl Printer { async fn print(&mut self, _: Line) -> Result { Ok(()) } }
/// # production! { pub Press { #[item(standalone)] printer: Printer {} } }
/// # async fn replayed() -> Result<(), iop::replay::ReplayError> {
/// use iop::replay::Replay;
///
/// let report = Replay::of::<Press>().ignore("printed_at").against("record".as_ref()).await?;
/// assert!(report.is_same(), "{report}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Replay {
    graph: &'static Graph,
    wiring: fn() -> Vec<Wiring>,
    layers: Layers,
    run: Vec<String>,
    sessions: Vec<SessionId>,
    since: Option<Timestamp>,
    ignored: Vec<String>,
}

/// Why nothing was replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// An item that is to be run does not exist, or is run anyway.
    #[error("`{0}` is not an operation of this production")]
    NotAnOperation(String),
    /// The settings do not fit.
    #[error("the settings do not fit:\n{}", list(.0))]
    Settings(Vec<SettingError>),
    /// The record cannot be opened.
    #[error("{0}")]
    Open(#[from] OpenError),
    /// The record cannot be read, or the production's own store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The production does not start.
    #[error("{0}")]
    Start(#[from] Changed),
}

fn list(errors: &[SettingError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Replay {
    /// Of a production, with the settings that stand in it.
    #[must_use]
    pub fn of<P: Production>() -> Self {
        Self::new(P::GRAPH, P::wiring, Layers::none())
    }

    pub(crate) fn new(graph: &'static Graph, wiring: fn() -> Vec<Wiring>, layers: Layers) -> Self {
        Self { graph, wiring, layers, run: Vec::new(), sessions: Vec::new(), since: None, ignored: Vec::new() }
    }

    /// Calls this operation, with its effects outside, instead of giving its recorded answers.
    #[must_use]
    pub fn run(mut self, operation: &str) -> Self {
        self.run.push(operation.to_owned());
        self
    }

    /// Only this session; may be said several times.
    #[must_use]
    pub fn session(mut self, session: SessionId) -> Self {
        self.sessions.push(session);
        self
    }

    /// Only sessions that began at or after this time.
    #[must_use]
    pub fn since(mut self, since: Timestamp) -> Self {
        self.since = Some(since);
        self
    }

    /// Differences in fields of this name, or at this path (`order.printed_at`), do not count.
    #[must_use]
    pub fn ignore(mut self, field: &str) -> Self {
        self.ignored.push(field.to_owned());
        self
    }

    /// Replays what the store directory holds. The store is only read, and may be in use.
    ///
    /// # Errors
    /// See [`ReplayError`].
    pub async fn against(self, directory: &Path) -> Result<Report, ReplayError> {
        let record = SqliteStore::open_read_only(directory)?;
        self.against_store(&*record).await
    }

    /// Replays what the store holds.
    ///
    /// # Errors
    /// See [`ReplayError`].
    pub async fn against_store(self, record: &dyn Viewer) -> Result<Report, ReplayError> {
        if let Some(item) = self.run.iter().find(|item| !self.is_operation(item)) {
            return Err(ReplayError::NotAnOperation(item.clone()));
        }
        let wanted = if self.sessions.is_empty() { sessions(record, self.since).await? } else { self.sessions.clone() };
        let mut report = Report { production: self.graph.name, sessions: Vec::with_capacity(wanted.len()) };
        let mut stage = None;
        for (number, session) in wanted.into_iter().enumerate() {
            let Some(recorded) = Recorded::read(record, session).await? else { continue };
            let input = recorded.input();
            let outcome = match recorded.obstacle() {
                Some(obstacle) => Outcome::Skipped(obstacle),
                None => {
                    if number % SESSIONS == 0 {
                        stage = None;
                    }
                    let current = match stage.take() {
                        Some(current) => current,
                        None => self.stage().await?,
                    };
                    let (outcome, finished) = current.play(recorded, &self.ignored).await?;
                    stage = finished.then_some(current);
                    outcome
                }
            };
            report.sessions.push(SessionReport { session, input, outcome });
        }
        Ok(report)
    }

    fn is_operation(&self, name: &str) -> bool {
        self.graph.items.iter().any(|item| item.name == name && item.component.kind == ComponentKind::Operation)
    }

    fn is_recorded(&self, item: &Item) -> bool {
        item.component.kind == ComponentKind::Operation && !self.run.iter().any(|run| run == item.name)
    }

    /// Starts the production with its operations replaced by the record.
    async fn stage(&self) -> Result<Stage, ReplayError> {
        let playback = Arc::new(Playback::default());
        let mut stand_ins: HashMap<usize, StandIn> = HashMap::new();
        let mut items: Vec<Item> = Vec::with_capacity(self.graph.items.len());
        for (index, item) in self.graph.items.iter().enumerate() {
            let mut item = item.copy();
            if self.is_recorded(&item) {
                stand_ins.insert(index, stand_in(self.graph, item.component.handles, &playback));
                item.component = leaked(item.component.bare());
            }
            items.push(item);
        }
        let recorded: Vec<&str> = stand_ins.keys().map(|index| self.graph.items[*index].name).collect();
        // A graph is constant data, and this one lives as long as the process that replays.
        let mut graph = self.graph.with_items(Box::leak(items.into_boxed_slice()));
        // What fails in a replay is shown, and alarms nobody.
        graph.alerts = None;
        let graph: &'static Graph = Box::leak(Box::new(graph));
        let layers = self.layers.without_items(&recorded);
        let resolved = resolve(graph, graph.fitting((self.wiring)()), &layers).map_err(ReplayError::Settings)?;
        let recorded = recorded.into_iter().map(str::to_owned).collect();
        let store = MemoryStore::new(Arc::new(SystemClock));
        let options = StartOptions { services: false, stand_ins, ..StartOptions::default() };
        let running = engine::start(self.patient(resolved), store.clone(), options).await?;
        Ok(Stage { graph, running, store, playback, recorded })
    }

    /// Every item takes part, and what fails is not tried again: the same input would fail the same way.
    fn patient(&self, mut resolved: ResolvedProduction) -> ResolvedProduction {
        for item in &mut resolved.items {
            item.options.enabled = true;
            (item.options.active, item.options.throttle) = (None, None);
            if !self.run.iter().any(|run| **run == *item.config.item) {
                item.options.attempts = 1;
            }
        }
        resolved
    }
}

fn leaked(component: ComponentType) -> &'static ComponentType {
    Box::leak(Box::new(component))
}

/// The production that the sessions are played on.
struct Stage {
    graph: &'static Graph,
    running: Running,
    store: Arc<MemoryStore>,
    playback: Arc<Playback>,
    /// Names of the items that answer from the record.
    recorded: Vec<String>,
}

impl Stage {
    /// Plays a session; `false` where it did not come to its end.
    async fn play(&self, recorded: Recorded, ignored: &[String]) -> Result<(Outcome, bool), StoreError> {
        self.playback.load(&recorded, &self.recorded);
        let mut differences = Vec::new();
        let mut finished = true;
        for root in recorded.roots() {
            match self.inject(root) {
                Ok(()) => {
                    let idle = tokio::time::timeout(PATIENCE, self.running.until_idle()).await;
                    match idle {
                        Ok(idle) => drop(idle?),
                        Err(_) => {
                            finished = false;
                            let problem = format!("has not come to its end after {PATIENCE:?}");
                            differences.push(Difference::problem(root, problem));
                        }
                    }
                }
                Err(problem) => differences.push(Difference::problem(root, problem)),
            }
        }
        let played = Recorded::read(&*self.store, recorded.session).await?;
        let comparison = Comparison { recorded: &self.recorded, ignored };
        differences.extend(comparison.of(&recorded, played.as_ref()));
        let outcome = if differences.is_empty() { Outcome::Same } else { Outcome::Differs(differences) };
        Ok((outcome, finished))
    }

    /// Hands a recorded message from outside to its item.
    fn inject(&self, root: &StoredMessage) -> Result<(), String> {
        let header = &root.header;
        let target = header.target.as_deref().unwrap_or_default();
        let index = self.graph.items.iter().position(|item| item.name == target);
        let index = index.ok_or_else(|| format!("there is no item `{target}` any more"))?;
        let handled = (self.graph.items[index].component.handles)();
        let message = handled.iter().find(|message| message.name == &*header.type_name);
        let message = message.ok_or_else(|| format!("`{target}` does not handle it any more"))?;
        let accepted = message.accept(&root.body).map_err(|error| format!("cannot be read any more: {error}"))?;
        let mut new = as_new(header, None, &root.body);
        // What descends from a message that is not here begins here.
        new.parent = None;
        new.keys = accepted.keys;
        let emission = Emission {
            message: new,
            value: Some(accepted.value),
            to: Delivery::Queue(index),
            transient: false,
            maybe_stored: false,
        };
        // The outcome is in the store in memory, which always takes it.
        let _commit = self.running.core().submit(Step::default(), vec![emission]);
        Ok(())
    }
}
