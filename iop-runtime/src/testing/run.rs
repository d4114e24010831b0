//! A production under test that runs: calls, waiting, looking, and starting again after a crash.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::crash::Crasher;
use super::frozen::{Answers, Frozen, settle};
use super::trace::Trace;
use crate::clock::{Clock, Timestamp, TokioClock};
use crate::director::{Director, DirectorError, ItemStatus};
use crate::engine::{self, ChangeChoice, Running, StandIn, StartOptions, Stop, Summary};
use crate::message::{Header, Kind, Message, MessageId, SessionId, Status, decode};
use crate::settings::{ResolvedProduction, SettingError};
use crate::store::memory::MemoryStore;
use crate::store::sqlite::SqliteStore;
use crate::store::{Event, EventQuery, MessageQuery, QueueStatus, Store, StoredMessage};

/// A state that does not come within this time, virtual or not, does not come.
const DEADLINE: Duration = Duration::from_secs(120);

/// When the time of a test begins: 2023-11-14T22:13:20Z.
const ORIGIN: Timestamp = Timestamp(1_700_000_000_000_000);

/// Where the messages are.
#[derive(Debug, Clone)]
pub(super) enum Place {
    Memory,
    Directory(PathBuf),
    Given(Arc<dyn Store>, Arc<TokioClock>),
}

/// What every start of the production needs.
pub(super) struct Plan {
    pub(super) resolve: Box<dyn Fn() -> Result<ResolvedProduction, Vec<SettingError>> + Send + Sync>,
    pub(super) stand_ins: HashMap<usize, StandIn>,
    pub(super) services: bool,
    pub(super) changes: ChangeChoice,
}

/// A production under test that runs. Dropped, it ends at once.
///
/// After a crash, whatever is asked of it next starts it again on what is stored, and a call that was not answered is
/// repeated under its id, as a sender would that wants to be sure.
pub struct TestRun {
    plan: Plan,
    place: Place,
    clock: Arc<TokioClock>,
    crasher: Arc<Crasher>,
    alive: Mutex<Arc<Alive>>,
    starting: tokio::sync::Mutex<()>,
}

impl fmt::Debug for TestRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestRun").field("place", &self.place).finish_non_exhaustive()
    }
}

/// One life of the production, from its start to its crash or stop.
struct Alive {
    running: Running,
    front: Arc<Frozen>,
    store: Arc<dyn Store>,
    crashes: watch::Receiver<u64>,
    born: u64,
}

impl Alive {
    fn has_crashed(&self) -> bool {
        *self.crashes.borrow() != self.born || self.front.is_frozen()
    }

    async fn crash(&self) {
        let mut crashes = self.crashes.clone();
        // The sender lives as long as the test.
        let _ = crashes.wait_for(|crashes| *crashes != self.born).await;
    }
}

impl TestRun {
    pub(super) async fn start(plan: Plan, place: Place, crasher: Arc<Crasher>) -> Self {
        let clock = match &place {
            Place::Given(_, clock) => Arc::clone(clock),
            Place::Memory | Place::Directory(_) => Arc::new(TokioClock::starting_at(ORIGIN)),
        };
        let store: Arc<dyn Store> = match &place {
            Place::Memory => MemoryStore::new(clock.clone()),
            Place::Given(store, _) => Arc::clone(store),
            Place::Directory(directory) => open(directory, clock.clone()),
        };
        let alive = Mutex::new(Arc::new(born(&plan, &place, &clock, &crasher, store).await));
        Self { plan, place, clock, crasher, alive, starting: tokio::sync::Mutex::default() }
    }

    fn current(&self) -> MutexGuard<'_, Arc<Alive>> {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life that goes on; after a crash, the next one.
    async fn alive(&self) -> Arc<Alive> {
        let _one_starts = self.starting.lock().await;
        let alive = Arc::clone(&self.current());
        if alive.has_crashed() { self.reborn(alive).await } else { alive }
    }

    async fn reborn(&self, dead: Arc<Alive>) -> Arc<Alive> {
        let store = self.left_by(dead).await;
        let alive = Arc::new(born(&self.plan, &self.place, &self.clock, &self.crasher, store).await);
        *self.current() = Arc::clone(&alive);
        alive
    }

    /// The store as a crash leaves it, open for what comes next.
    async fn left_by(&self, dead: Arc<Alive>) -> Arc<dyn Store> {
        dead.front.freeze();
        dead.running.cut_off();
        dead.running.flush_log();
        // Tasks that were cut off are dropped by the runtime at its next chance.
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        // What was handed in before the crash is stored; a store in memory is all there anyway.
        let settled = settle(&*dead.store).await;
        settled.unwrap_or_else(|error| panic!("the store does not survive the crash: {error}"));
        let kept = Arc::clone(&dead.store);
        drop(dead.front.release());
        match &self.place {
            Place::Memory | Place::Given(..) => {
                let recovered = kept.recover().await;
                recovered.unwrap_or_else(|error| panic!("the store does not survive the crash: {error}"));
                kept
            }
            Place::Directory(directory) => {
                let closed = kept.close().await;
                closed.unwrap_or_else(|error| panic!("the store does not close: {error}"));
                drop(kept);
                open(directory, self.clock.clone())
            }
        }
    }

    /// Does something with the running production, from the beginning again where it crashes meanwhile.
    async fn attempt<T, E>(&self, act: impl AsyncFn(&Running) -> Result<T, E>) -> Result<T, E> {
        loop {
            let alive = self.alive().await;
            tokio::select! {
                biased;
                done = act(&alive.running) => {
                    if done.is_ok() || !alive.has_crashed() {
                        return done;
                    }
                }
                () = alive.crash() => {}
            }
        }
    }

    /// The handle for other code, until the next crash.
    #[must_use]
    pub fn director(&self) -> Director {
        self.current().running.director()
    }

    /// Sends a message to an item and waits for its response.
    ///
    /// # Errors
    /// See [`DirectorError`].
    ///
    /// # Panics
    /// Where the response cannot be read as its type.
    pub async fn call<M: Message>(&self, item: &str, message: M) -> Result<M::Response, DirectorError> {
        let response = self.call_json(item, Some(M::TYPE.name), &json(&message)).await?;
        Ok(decode(response.as_bytes()).unwrap_or_else(|error| panic!("the response of `{item}`: {error}")))
    }

    /// Sends a JSON body to an item and waits for its response, `null` where there is none. The type may be left out where
    /// the item takes one.
    ///
    /// # Errors
    /// See [`DirectorError`].
    pub async fn call_json(&self, item: &str, type_name: Option<&str>, body: &str) -> Result<String, DirectorError> {
        let id = MessageId::random();
        let called = self
            .attempt(async |running| running.director().call_json(item, type_name, body.as_bytes(), Some(id)).await)
            .await?;
        let response = called.response.map(|body| String::from_utf8_lossy(&body).into_owned());
        Ok(response.unwrap_or_else(|| "null".to_owned()))
    }

    /// Sends a message to an item, and returns when it is durable. Gives its session.
    ///
    /// # Errors
    /// See [`DirectorError`].
    pub async fn send<M: Message>(&self, item: &str, message: M) -> Result<SessionId, DirectorError> {
        let (id, body) = (MessageId::random(), json(&message));
        let sent = self
            .attempt(async |running| {
                running.director().send_json(item, Some(M::TYPE.name), body.as_bytes(), Some(id)).await
            })
            .await?;
        Ok(sent.session)
    }

    /// Waits until nothing is under way: every queue is empty, every service has looked and found nothing. Messages that
    /// are suspended wait for a person and do not count.
    ///
    /// # Panics
    /// Where the store fails for good.
    pub async fn until_idle(&self) -> Summary {
        let idle = self.attempt(Running::until_idle).await;
        idle.unwrap_or_else(|error| panic!("the store failed: {error}"))
    }

    /// Waits for a state, which `what` describes, for at most two minutes of tokio's time.
    ///
    /// # Panics
    /// Where it does not come, with every message there is.
    pub async fn until<T>(&self, what: &str, look: impl AsyncFn(&Self) -> Option<T>) -> T {
        let looking = async {
            loop {
                // What has crashed meanwhile goes on, whatever the look asks for.
                self.alive().await;
                if let Some(found) = look(self).await {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        match tokio::time::timeout(DEADLINE, looking).await {
            Ok(found) => found,
            Err(_) => panic!("never: {what}\n{:?}", self.traces().await),
        }
    }

    /// Lets time pass, virtual where it is, and everything happen that is due meanwhile.
    pub async fn advance(&self, time: Duration) {
        tokio::time::sleep(time).await;
        self.alive().await;
    }

    /// The present moment of the production.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Ends it where it is, as the end of the process would, and starts it on what is stored.
    pub async fn crash(&self) {
        self.current().front.freeze();
        self.alive().await;
    }

    /// Ends it where it is, as the end of the process would, and gives the store as the next start finds it.
    pub async fn end(self) -> Arc<dyn Store> {
        let dead = Arc::clone(&self.current());
        self.left_by(dead).await
    }

    /// How often it has crashed at a point where it was told to.
    #[must_use]
    pub fn crashes(&self) -> u64 {
        *self.crasher.news().borrow()
    }

    /// Stops it, and gives the store as it is then; one in a directory is closed.
    ///
    /// # Panics
    /// Where the store fails.
    pub async fn stop(self, how: Stop) -> Arc<dyn Store> {
        let alive = self.alive().await;
        let is_ours = matches!(self.place, Place::Directory(_));
        drop(self);
        let (front, store) = (Arc::clone(&alive.front), Arc::clone(&alive.store));
        let stopped = match Arc::try_unwrap(alive) {
            Ok(alive) => alive.running.stop(how).await,
            // Somebody still waits for an answer: they get none.
            Err(alive) => {
                alive.running.cut_off();
                Ok(())
            }
        };
        drop(front.release());
        let closed = if is_ours { store.close().await } else { Ok(()) };
        stopped.and(closed).unwrap_or_else(|error| panic!("the store failed: {error}"));
        store
    }

    /// The state of an item, until the next crash.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn item(&self, name: &str) -> ItemStatus {
        let items = self.director().status().items;
        let found = items.into_iter().find(|item| item.name == name);
        found.unwrap_or_else(|| panic!("there is no item `{name}`"))
    }

    /// The store, until the next crash.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.current().store)
    }

    /// The header of every message, in order of acceptance.
    ///
    /// # Panics
    /// Where the store cannot be read.
    pub async fn messages(&self) -> Vec<Header> {
        let query = MessageQuery { limit: usize::MAX, oldest_first: true, ..MessageQuery::default() };
        self.store().query(query).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The headers of the requests to an item, in order of acceptance.
    ///
    /// # Panics
    /// Where the store cannot be read.
    pub async fn requests_to(&self, item: &str) -> Vec<Header> {
        let mut messages = self.messages().await;
        messages.retain(|header| header.kind == Kind::Request && header.target.as_deref() == Some(item));
        messages
    }

    /// The headers of the messages of type `M`, in order of acceptance.
    ///
    /// # Panics
    /// Where the store cannot be read.
    pub async fn messages_of<M: Message>(&self) -> Vec<Header> {
        let mut messages = self.messages().await;
        messages.retain(|header| &*header.type_name == M::TYPE.name);
        messages
    }

    /// Every stored message of type `M`, in order of acceptance.
    ///
    /// # Panics
    /// Where the store cannot be read, or a body is of another type.
    pub async fn stored<M: Message>(&self) -> Vec<M> {
        let mut found = Vec::new();
        for header in self.messages_of::<M>().await {
            found.push(self.body(header.id).await);
        }
        found
    }

    /// The body of a message as its type.
    ///
    /// # Panics
    /// Where there is no such message, or its body is of another type.
    pub async fn body<M: Message>(&self, id: MessageId) -> M {
        let body = self.find(id).await.body;
        decode(&body).unwrap_or_else(|error| panic!("{id} is no `{}`: {error}", M::TYPE.name))
    }

    async fn find(&self, id: MessageId) -> StoredMessage {
        let found = self.store().find(id).await.unwrap_or_else(|error| panic!("{error}"));
        found.unwrap_or_else(|| panic!("there is no message {id}"))
    }

    /// Messages that wait for a person, in order of acceptance.
    ///
    /// # Panics
    /// Where the store cannot be read.
    pub async fn suspended(&self) -> Vec<Header> {
        let mut messages = self.messages().await;
        messages.retain(|header| header.status == Status::Suspended);
        messages
    }

    /// What waits for an item.
    ///
    /// # Panics
    /// Where the store cannot be read.
    pub async fn queue(&self, item: &str) -> QueueStatus {
        let queues = self.store().queues().await.unwrap_or_else(|error| panic!("{error}"));
        let found = queues.into_iter().find(|queue| &*queue.item == item);
        found.unwrap_or_else(|| QueueStatus::empty(item.into()))
    }

    /// What was said in turns, from level info up, in order of time.
    ///
    /// # Panics
    /// Where the store cannot be read.
    pub async fn log(&self) -> Vec<Event> {
        self.events(EventQuery::default()).await
    }

    /// Lines of the log, in order of time.
    ///
    /// # Panics
    /// Where the store cannot be read.
    pub async fn events(&self, query: EventQuery) -> Vec<Event> {
        let alive = Arc::clone(&self.current());
        alive.running.flush_log();
        // The log is written without an answer: what was handed in before this is readable after it. Where the store has
        // failed, there is what there is.
        drop(settle(&*alive.store).await);
        let query = EventQuery { oldest_first: true, limit: usize::MAX, ..query };
        alive.store.events(query).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Everything of a session, as far as it has come.
    ///
    /// # Panics
    /// Where the store cannot be read.
    pub async fn trace(&self, session: SessionId) -> Trace {
        let mut messages = Vec::new();
        for header in self.messages().await.into_iter().filter(|header| header.session == session) {
            messages.push(self.find(header.id).await);
        }
        let log = self.events(EventQuery { session: Some(session), ..EventQuery::default() }).await;
        Trace { messages, log }
    }

    /// Every session, in the order in which they began.
    ///
    /// # Panics
    /// Where the store cannot be read.
    pub async fn traces(&self) -> Vec<Trace> {
        let mut sessions: Vec<SessionId> = Vec::new();
        for header in self.messages().await {
            if !sessions.contains(&header.session) {
                sessions.push(header.session);
            }
        }
        let mut traces = Vec::with_capacity(sessions.len());
        for session in sessions {
            traces.push(self.trace(session).await);
        }
        traces
    }
}

fn json<M: Message>(message: &M) -> String {
    let json = serde_json::to_string(message);
    json.unwrap_or_else(|error| panic!("the message `{}` is not JSON: {error}", M::TYPE.name))
}

fn open(directory: &std::path::Path, clock: Arc<TokioClock>) -> Arc<dyn Store> {
    let store = SqliteStore::open(directory, clock);
    store.unwrap_or_else(|error| panic!("the store does not open: {error}"))
}

async fn born(
    plan: &Plan,
    place: &Place,
    clock: &Arc<TokioClock>,
    crasher: &Arc<Crasher>,
    store: Arc<dyn Store>,
) -> Alive {
    let resolved = (plan.resolve)().unwrap_or_else(|errors| panic!("the settings changed: {errors:?}"));
    let answers = if matches!(place, Place::Directory(_)) { Answers::FromAThread } else { Answers::AtOnce };
    let front = Frozen::before(Arc::clone(&store), answers);
    crasher.watch(&front);
    let crashes = crasher.news();
    let born = *crashes.borrow();
    let probe: Arc<dyn engine::Probe> = crasher.clone();
    let options = StartOptions {
        clock: clock.clone(),
        services: plan.services,
        handlers: None,
        stand_ins: plan.stand_ins.clone(),
        probe: Some(probe),
        changes: plan.changes.clone(),
    };
    let running = engine::start(resolved, front.clone(), options).await;
    let running = running.unwrap_or_else(|changed| panic!("the production does not start: {changed}"));
    Alive { running, front, store, crashes, born }
}
