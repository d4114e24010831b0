//! `iop::testing` as the tests of the engine use it: a production on a store in memory, with what stands before that store.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use iop::clock::{Timestamp, TokioClock};
use iop::engine::Stop;
use iop::message::{Header, Invocation, Kind, MessageId, Priority, SessionId, Status};
use iop::production::Production;
use iop::store::memory::MemoryStore;
use iop::store::{Discard, NewMessage, Step, Store, StoreError};
use iop::testing::{TestProduction, TestRun};

/// A running production with its store, which outlives it.
pub struct Lab {
    run: TestRun,
    pub store: Arc<MemoryStore>,
    clock: Arc<TokioClock>,
}

impl Deref for Lab {
    type Target = TestRun;

    fn deref(&self) -> &TestRun {
        &self.run
    }
}

impl Lab {
    /// Starts a production on an empty store.
    pub async fn start<P: Production>() -> Self {
        let (store, clock) = Self::memory();
        Self::on_store::<P>(store.clone(), store, clock).await
    }

    /// Starts a production on an empty store with a setting as behind `--set`.
    pub async fn with<P: Production>(setting: &str, value: impl std::fmt::Display) -> Self {
        let (store, clock) = Self::memory();
        let production = TestProduction::<P>::new().setting(setting, value);
        let run = production.store(store.clone(), clock.clone()).start().await;
        Self { run, store, clock }
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
        let run = TestProduction::<P>::new().store(front, clock.clone()).start().await;
        Self { run, store, clock }
    }

    /// Drops the production in whatever it is doing, as a crash would, and starts `P` on what is stored.
    pub async fn crash_and_restart<P: Production>(self) -> Self {
        let Self { run, store, clock } = self;
        run.end().await;
        Self::on_store::<P>(store.clone(), store, clock).await
    }

    /// The same, but nothing runs for a while in between.
    pub async fn crash_late_and_restart<P: Production>(self, down: Duration) -> Self {
        let Self { run, store, clock } = self;
        run.end().await;
        tokio::time::sleep(down).await;
        Self::on_store::<P>(store.clone(), store, clock).await
    }

    /// Stops the production.
    pub async fn stop(self, how: Stop) {
        self.run.stop(how).await;
    }

    /// Calls a service or any other item that takes one message type.
    pub async fn call(&self, item: &str, body: &str) -> Result<String, iop::director::DirectorError> {
        let called = self.director().call_json(item, None, body.as_bytes(), None).await?;
        Ok(called.response.map(|body| String::from_utf8_lossy(&body).into_owned()).unwrap_or_default())
    }

    /// Stores messages that no item sent.
    pub async fn put(&self, emit: Vec<NewMessage>) {
        let stored = self.store.submit(Step { emit, ..Step::default() }).commit.wait().await;
        assert!(stored.is_ok_and(|outcome| outcome.is_stored()));
    }

    /// What tells the time.
    pub fn clock(&self) -> &TokioClock {
        &self.clock
    }

    /// Waits until a stored request to `item` is in `status`, however long that takes: some sleep for days.
    pub async fn until(&self, item: &str, status: Status) -> Header {
        loop {
            if let Some(found) = self.requests_to(item).await.into_iter().find(|header| header.status == status) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Takes a message out for good; `false` where it is finished, or somebody has it.
    pub async fn discard(&self, id: MessageId) -> Result<bool, StoreError> {
        let step = Step { discard: vec![Discard { id, by: "eve".into() }], ..Step::default() };
        Ok(self.store.submit(step).commit.wait().await?.is_stored())
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
