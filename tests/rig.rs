//! A production in the test's own process, on a store in memory, with a clock that moves with tokio's: in a test with
//! paused time, hours are virtual.

use std::sync::{Arc, Once};
use std::time::Duration;

use iop::clock::{Timestamp, TokioClock};
use iop::component::Component;
use iop::director::{Director, ItemStatus};
use iop::engine::{self, Running, StartOptions, Stop, Summary};
use iop::events::EventLayer;
use iop::message::{Header, Message, MessageId};
use iop::production::Production;
use iop::settings::{LayerSources, Layers, resolve};
use iop::store::memory::MemoryStore;
use iop::store::{Event, EventQuery, MessageQuery, Store};
use serde::de::DeserializeOwned;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

/// A state that does not come within this time, virtual or not, does not come.
const DEADLINE: Duration = Duration::from_secs(120);

/// A running production.
#[derive(Debug)]
pub struct Rig {
    running: Running,
    store: Arc<dyn Store>,
}

impl Rig {
    /// Starts `P` on an empty store.
    pub async fn start<P: Production>() -> Self {
        Self::with_settings::<P>(&[]).await
    }

    /// Starts `P` with settings as they would stand behind `--set`.
    pub async fn with_settings<P: Production>(set: &[&str]) -> Self {
        let clock = Arc::new(TokioClock::starting_at(Timestamp(1_700_000_000_000_000)));
        Self::on_store::<P>(MemoryStore::new(clock.clone()), clock, set).await
    }

    /// Starts `P` on what `store` holds.
    pub async fn on_store<P: Production>(store: Arc<dyn Store>, clock: Arc<TokioClock>, set: &[&str]) -> Self {
        store_events();
        let mut sources = LayerSources::default();
        sources.set = set.iter().map(ToString::to_string).collect();
        let resolved = resolve(P::GRAPH, P::wiring(), &Layers::read(sources)).expect("the settings fit");
        let running = engine::start(
            resolved,
            Arc::clone(&store),
            StartOptions { clock, services: true, ..StartOptions::default() },
        )
        .await;
        Self { running, store }
    }

    /// Where its messages are.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The handle for other code.
    #[must_use]
    pub fn director(&self) -> Director {
        self.running.director()
    }

    /// Sends a message to an item and waits for its response.
    ///
    /// # Panics
    /// Where there is none, with the reason.
    pub async fn call<M: Message>(&self, item: &str, message: &M) -> M::Response {
        self.try_call(item, message).await.unwrap_or_else(|error| panic!("{item}: {error}"))
    }

    /// Sends a message to an item and waits for its response or its failure.
    ///
    /// # Errors
    /// What the director says.
    pub async fn try_call<M: Message>(
        &self,
        item: &str,
        message: &M,
    ) -> Result<M::Response, iop::director::DirectorError> {
        let body = serde_json::to_vec(message).expect("a message is JSON");
        let called = self.director().call_json(item, Some(M::TYPE.name), &body, None).await?;
        let response = called.response.as_deref().unwrap_or(b"null");
        Ok(serde_json::from_slice(response).expect("the response is of its type"))
    }

    /// Waits until nothing is under way.
    pub async fn until_idle(&self) -> Summary {
        self.running.until_idle().await.expect("the store lives")
    }

    /// Waits for a state, however long it takes up to two minutes of tokio's time.
    ///
    /// # Panics
    /// Where it does not come; `what` says which.
    pub async fn until<T>(&self, what: &str, look: impl AsyncFn(&Self) -> Option<T>) -> T {
        let found = async {
            loop {
                if let Some(found) = look(self).await {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        match tokio::time::timeout(DEADLINE, found).await {
            Ok(found) => found,
            Err(_) => panic!("never: {what}\n{:#?}\n{:#?}", self.director().status(), self.messages().await),
        }
    }

    /// The state of an item.
    #[must_use]
    pub fn item(&self, name: &str) -> ItemStatus {
        let items = self.director().status().items;
        items.into_iter().find(|item| item.name == name).expect("the item exists")
    }

    /// Every message, in order of acceptance.
    pub async fn messages(&self) -> Vec<Header> {
        let query = MessageQuery { limit: 10_000, oldest_first: true, ..MessageQuery::default() };
        self.store.query(query).await.expect("the store answers")
    }

    /// Messages of one type, in order of acceptance.
    pub async fn messages_of<M: Message>(&self) -> Vec<Header> {
        self.messages().await.into_iter().filter(|header| &*header.type_name == M::TYPE.name).collect()
    }

    /// The stored body of a message.
    pub async fn body<M: Message>(&self, id: MessageId) -> M {
        self.json(id).await
    }

    /// The stored body of a message as any type that fits it.
    ///
    /// # Panics
    /// Where it does not fit.
    pub async fn json<T: DeserializeOwned>(&self, id: MessageId) -> T {
        let found = self.store.find(id).await.expect("the store answers").expect("the message is stored");
        serde_json::from_slice(&found.body).expect("the body is of its type")
    }

    /// Lines of the event log, in order of time.
    pub async fn events(&self, query: EventQuery) -> Vec<Event> {
        self.running.flush_log();
        let query = EventQuery { limit: 10_000, oldest_first: true, ..query };
        self.store.events(query).await.expect("the store answers")
    }

    /// What handlers of a component said in an item: lines of the module of `C`, without the engine's.
    pub async fn said_by<C: Component>(&self, item: &str) -> Vec<String> {
        let module = C::TYPE.rust_path.rsplit_once("::").map_or("", |(module, _)| module);
        let lines = self.events(EventQuery { item: Some(item.into()), ..EventQuery::default() }).await;
        lines.into_iter().filter(|line| line.module == module).map(|line| line.text).collect()
    }

    /// Drops the production in whatever it is doing, as a crash would; its store, ready for the next one.
    ///
    /// # Panics
    /// Where the store does not recover.
    pub async fn crash(self) -> Arc<dyn Store> {
        let Self { running, store } = self;
        drop(running);
        // Tasks that were cut off are dropped by the runtime at its next chance.
        tokio::task::yield_now().await;
        store.recover().await.expect("a memory store recovers");
        store
    }

    /// Stops the production; its store, as it is then.
    pub async fn stop(self, how: Stop) -> Arc<dyn Store> {
        self.running.stop(how).await.expect("the store closes");
        self.store
    }
}

/// Has what is said in turns stored, in every production of this process.
fn store_events() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(LevelFilter::INFO).with(EventLayer::new());
        tracing::subscriber::set_global_default(subscriber).expect("the first one");
    });
}
