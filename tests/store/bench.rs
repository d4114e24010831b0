//! A store on the bench: a fresh one, a clock that is moved by hand, and a way to open it again.

use std::sync::Arc;
use std::time::Duration;

use iop::clock::{Clock, ManualClock, Timestamp};
use iop::message::{Header, Invocation, Kind, MessageId, Priority, SessionId, Status};
use iop::store::memory::MemoryStore;
use iop::store::sqlite::SqliteStore;
use iop::store::{
    Discard, End, LeaseBatch, LeaseOrder, LeaseRequest, LeaseToken, MessageQuery, NewMessage, NodeId, Outcome, Purge,
    PurgeBatch, Receipt, Step, Store, StoredMessage,
};

/// The node that the tests speak for where it does not matter which.
pub(crate) const NODE: NodeId = NodeId(1);
/// Another one.
pub(crate) const OTHER: NodeId = NodeId(2);

/// A store under test.
pub(crate) trait Bench {
    /// The store as it is open now.
    fn store(&self) -> Arc<dyn Store>;

    /// Its clock.
    fn clock(&self) -> &ManualClock;

    /// The store as the next opening finds it.
    async fn reopen(&mut self);

    /// Hands a step in and waits for what becomes of it.
    async fn commit(&self, step: Step) -> Outcome {
        self.store().submit(step).commit.wait().await.expect("the store works")
    }

    /// Stores messages.
    async fn emit(&self, emit: Vec<NewMessage>) {
        let outcome = self.commit(Step { emit, ..Step::default() }).await;
        assert_eq!(outcome, Outcome::Committed { duplicates: Vec::new() });
    }

    /// Leases from the queue `out` for as long as the store is open.
    async fn lease(&self, limit: usize) -> Vec<iop::store::Leased> {
        self.lease_as(request(limit)).await.leased
    }

    /// Leases as asked.
    async fn lease_as(&self, request: LeaseRequest) -> LeaseBatch {
        self.store().lease(request).await.expect("the store works")
    }

    /// Ends the turn of one leased message.
    async fn end(&self, token: LeaseToken, end: End) -> Outcome {
        self.commit(Step { end: vec![(token, end)], ..Step::default() }).await
    }

    /// Takes a message out for good; `false` where the store refuses that.
    async fn discard(&self, id: MessageId, by: &str) -> bool {
        let outcome = self.commit(Step { discard: vec![Discard { id, by: by.into() }], ..Step::default() }).await;
        assert!(outcome.is_stored() || outcome == Outcome::NotAtRest, "{outcome:?}");
        outcome.is_stored()
    }

    /// A stored message.
    async fn stored(&self, id: MessageId) -> StoredMessage {
        self.store().find(id).await.expect("the store works").expect("the message is stored")
    }

    /// A stored header.
    async fn header(&self, id: MessageId) -> Header {
        self.stored(id).await.header
    }

    /// Its state.
    async fn status(&self, id: MessageId) -> Status {
        self.header(id).await.status
    }

    /// Whether a message is stored.
    async fn is_stored(&self, id: MessageId) -> bool {
        self.store().find(id).await.expect("the store works").is_some()
    }

    /// What a viewer finds, oldest first.
    async fn query(&self, query: MessageQuery) -> Vec<MessageId> {
        let headers = self.store().query(MessageQuery { oldest_first: true, ..query }).await.expect("the store works");
        headers.iter().map(|header| header.id).collect()
    }

    /// Now.
    fn clock_now(&self) -> Timestamp {
        self.clock().now()
    }

    /// Now, and then some.
    fn later(&self, seconds: u64) -> Timestamp {
        self.clock().now().after(Duration::from_secs(seconds))
    }

    /// Removes up to `limit` messages of sessions that are over now. How many.
    async fn purge(&self, limit: usize) -> u64 {
        let batch = PurgeBatch::first(Purge::messages_before(self.clock_now()), limit);
        self.store().purge(batch).await.expect("the store works").messages
    }

    /// Moves the clock on.
    fn wait(&self, seconds: u64) {
        self.clock().advance(Duration::from_secs(seconds));
    }
}

/// A lease of the queue `out` for as long as the store is open.
pub(crate) fn request(limit: usize) -> LeaseRequest {
    LeaseRequest {
        queue: "out".into(),
        node: NODE,
        limit,
        ttl: Duration::MAX,
        order: LeaseOrder::None,
        with_parked: false,
    }
}

/// A lease of the queue `out`, as an ordered queue.
pub(crate) fn ordered(limit: usize) -> LeaseRequest {
    LeaseRequest { order: LeaseOrder::Queue, ..request(limit) }
}

/// A request for the queue `out`, in a session of its own.
pub(crate) fn message() -> NewMessage {
    let id = MessageId::random();
    NewMessage {
        id,
        session: SessionId::of(id),
        parent: None,
        position: 0,
        source: Some("in".into()),
        target: Some("out".into()),
        instance: None,
        type_name: "Hello".into(),
        type_version: 1,
        kind: Kind::Request,
        invocation: Invocation::OneWay,
        status: Status::Queued,
        priority: Priority::NORMAL,
        due: None,
        late: false,
        completion_key: None,
        description: None,
        body: r#"{"name":"world"}"#.into(),
        keys: Vec::new(),
        leased: None,
        order_key: None,
        parks: false,
    }
}

/// Several of them.
pub(crate) fn messages(count: usize) -> Vec<NewMessage> {
    (0..count).map(|_| message()).collect()
}

/// Their ids.
pub(crate) fn ids<'a>(messages: impl IntoIterator<Item = &'a NewMessage>) -> Vec<MessageId> {
    messages.into_iter().map(|message| message.id).collect()
}

/// The ids of leased messages.
pub(crate) fn leased(leased: &[iop::store::Leased]) -> Vec<MessageId> {
    leased.iter().map(|leased| leased.message.header.id).collect()
}

/// The outcome of a step where nothing was a duplicate.
pub(crate) fn committed() -> Outcome {
    Outcome::Committed { duplicates: Vec::new() }
}

/// A step that only emits.
pub(crate) fn emitting(emit: Vec<NewMessage>) -> Step {
    Step { emit, ..Step::default() }
}

/// The token of the only message that a receipt leases.
pub(crate) fn token(receipt: &Receipt) -> LeaseToken {
    receipt.leases.first().copied().flatten().expect("the message is leased from the start")
}

/// The memory store; its next opening is a recovery.
pub(crate) struct Memory {
    store: Arc<MemoryStore>,
    clock: ManualClock,
}

impl Memory {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::default();
        Self { store: MemoryStore::new(Arc::new(clock.clone())), clock }
    }
}

impl Bench for Memory {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    async fn reopen(&mut self) {
        self.store.recover().await.expect("the store works");
    }
}

/// The SQLite store; it is dropped as a crash would drop it, and opened again.
pub(crate) struct Sqlite {
    store: Option<Arc<SqliteStore>>,
    clock: ManualClock,
    dir: tempfile::TempDir,
}

impl Sqlite {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory for a test");
        let clock = ManualClock::default();
        let mut bench = Self { store: None, clock, dir };
        bench.open();
        bench
    }

    /// The store directory.
    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("store")
    }

    /// The store with what only a SQLite store has.
    pub(crate) fn sqlite(&self) -> &Arc<SqliteStore> {
        self.store.as_ref().expect("the store is open")
    }

    /// Drops the store without closing it.
    pub(crate) fn crash(&mut self) {
        self.store = None;
    }

    /// Opens it again.
    pub(crate) fn open(&mut self) {
        let clock = Arc::new(self.clock.clone());
        self.store = Some(SqliteStore::open(&self.path(), clock).expect("the store opens"));
    }
}

impl Bench for Sqlite {
    fn store(&self) -> Arc<dyn Store> {
        self.sqlite().clone()
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    async fn reopen(&mut self) {
        self.crash();
        self.open();
    }
}
