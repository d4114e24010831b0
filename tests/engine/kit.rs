//! A production in this process, on a store in memory, with time that the test turns.

use std::sync::Arc;
use std::time::Duration;

use iop::clock::{Timestamp, TokioClock};
use iop::engine::{self, Running, StartOptions};
use iop::message::{Header, Invocation, Kind, MessageId, Priority, SessionId, Status};
use iop::production::Production;
use iop::settings::{self, Layers};
use iop::store::memory::MemoryStore;
use iop::store::{MessageQuery, NewMessage, Step, Store};

/// A running production with its store, which outlives it.
pub struct Lab {
    pub running: Running,
    pub store: Arc<MemoryStore>,
    clock: Arc<TokioClock>,
}

impl Lab {
    /// Starts a production on an empty store.
    pub async fn start<P: Production>() -> Self {
        let (store, clock) = Self::memory();
        Self::on_store::<P>(store.clone(), store, clock).await
    }

    /// A store, and the clock that it shares with the engine.
    pub fn memory() -> (Arc<MemoryStore>, Arc<TokioClock>) {
        let clock = Arc::new(TokioClock::starting_at(Timestamp(1_000_000_000)));
        (MemoryStore::new(clock.clone()), clock)
    }

    /// Starts a production on a store that stands before the one in memory.
    pub async fn on_store<P: Production>(
        front: Arc<dyn Store>,
        store: Arc<MemoryStore>,
        clock: Arc<TokioClock>,
    ) -> Self {
        let resolved = settings::resolve(P::GRAPH, P::wiring(), &Layers::none()).expect("valid settings");
        let options = StartOptions { clock: clock.clone(), services: true, ..StartOptions::default() };
        let running = engine::start(resolved, front, options).await;
        Self { running, store, clock }
    }

    /// Drops the production in whatever it is doing, as a crash would, and starts it on what is stored.
    pub async fn crash_and_restart<P: Production>(self) -> Self {
        let Self { running, store, clock } = self;
        drop(running);
        // Tasks that were cut off are dropped by the runtime at its next chance.
        tokio::task::yield_now().await;
        store.recover().await.expect("a memory store recovers");
        Self::on_store::<P>(store.clone(), store, clock).await
    }

    /// The same, but nothing runs for a while in between.
    pub async fn crash_late_and_restart<P: Production>(self, down: Duration) -> Self {
        let Self { running, store, clock } = self;
        drop(running);
        tokio::time::sleep(down).await;
        store.recover().await.expect("a memory store recovers");
        Self::on_store::<P>(store.clone(), store, clock).await
    }

    /// Calls a service or any other item that takes one message type.
    pub async fn call(&self, item: &str, body: &str) -> Result<String, iop::director::DirectorError> {
        let called = self.running.director().call_json(item, None, body.as_bytes(), None).await?;
        Ok(called.response.map(|body| String::from_utf8_lossy(&body).into_owned()).unwrap_or_default())
    }

    /// Stores messages that no item sent.
    pub async fn put(&self, emit: Vec<NewMessage>) {
        let stored = self.store.submit(Step { emit, ..Step::default() }).commit.wait().await;
        assert!(stored.is_ok_and(|outcome| outcome.is_stored()));
    }

    pub async fn until_idle(&self) -> engine::Summary {
        self.running.until_idle().await.expect("the store works")
    }

    /// Every stored message, in order of acceptance.
    pub async fn messages(&self) -> Vec<Header> {
        let query = MessageQuery { oldest_first: true, limit: 1_000_000, ..MessageQuery::default() };
        iop::store::Viewer::query(&*self.store, query).await.expect("readable")
    }

    /// Stored requests to an item, in order of acceptance.
    pub async fn requests_to(&self, item: &str) -> Vec<Header> {
        let mut messages = self.messages().await;
        messages.retain(|header| header.kind == Kind::Request && header.target.as_deref() == Some(item));
        messages
    }

    /// What tells the time.
    pub fn clock(&self) -> &TokioClock {
        &self.clock
    }

    /// Waits until a stored request to `item` is in `status`.
    pub async fn until(&self, item: &str, status: Status) -> Header {
        loop {
            if let Some(found) = self.requests_to(item).await.into_iter().find(|header| header.status == status) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn session(&self, session: SessionId) -> Vec<Header> {
        let mut messages = self.messages().await;
        messages.retain(|header| header.session == session);
        messages
    }
}

/// A request from nowhere.
pub fn request(target: &str, type_name: &str, position: u32, body: String) -> NewMessage {
    let id = MessageId::random();
    NewMessage {
        id,
        session: SessionId::of(id),
        parent: None,
        position,
        source: None,
        target: Some(target.into()),
        instance: None,
        type_name: type_name.into(),
        type_version: 1,
        kind: Kind::Request,
        invocation: Invocation::OneWay,
        status: Status::Queued,
        priority: Priority::NORMAL,
        due: None,
        late: false,
        completion_key: None,
        description: None,
        body: body.into(),
        keys: Vec::new(),
        leased: None,
        order_key: None,
        parks: false,
    }
}
