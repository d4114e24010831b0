//! A store in front of the one in memory that fails, or keeps its commits open, when the test says so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use iop::message::MessageId;
use iop::store::memory::MemoryStore;
use iop::store::{
    Admin, AuditEntry, AuditQuery, AuditRecord, Caps, Commit, Deed, Event, EventQuery, Fence, Flight, Found, JobLine,
    JobLineQuery, JobQuery, JobWrite, LeaseBatch, LeaseOrder, LeaseRequest, LeaseToken, NodeId, OnRecord, Outcome,
    ProcessState, PurgeBatch, Purged, QueueStatus, Receipt, Reply, Search, Step, Store, StoreError, StoredJob,
    StoredKey, StoredMessage, Usage, Viewer,
};
use tokio::sync::watch;

/// What the store in front does with a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Pass,
    Fail,
    Hold,
}

/// The store in front.
#[derive(Debug)]
pub struct Front {
    inner: Arc<MemoryStore>,
    mode: Mutex<Mode>,
    held: Mutex<Vec<(Commit, Result<Outcome, StoreError>)>>,
    lease_fails: AtomicBool,
    is_full: AtomicBool,
    /// `false`: what was leased is known to the store, and not yet to who asked.
    leases_arrive: watch::Sender<bool>,
}

impl Front {
    pub fn of(inner: Arc<MemoryStore>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            mode: Mutex::new(Mode::Pass),
            held: Mutex::default(),
            lease_fails: AtomicBool::new(false),
            is_full: AtomicBool::new(false),
            leases_arrive: watch::Sender::new(true),
        })
    }

    fn mode(&self) -> MutexGuard<'_, Mode> {
        self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(Commit, Result<Outcome, StoreError>)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every step fails from now on, until the store is told to recover.
    pub fn fail(&self) {
        *self.mode() = Mode::Fail;
    }

    /// Whether there is room for something new.
    pub fn fill(&self, full: bool) {
        self.is_full.store(full, Ordering::SeqCst);
    }

    /// The next queue that is asked for cannot be read.
    pub fn fail_next_lease(&self) {
        self.lease_fails.store(true, Ordering::SeqCst);
    }

    /// Answers to queues that are ordered by key, and to decisions, are on their way until this is called with `true`.
    pub fn let_leases_arrive(&self, arrive: bool) {
        self.leases_arrive.send_replace(arrive);
    }

    /// Steps are taken, but their commits stay open: an fsync that takes its time.
    pub fn hold(&self) {
        *self.mode() = Mode::Hold;
    }

    /// Steps whose commits are open.
    pub fn held(&self) -> usize {
        self.waiting().len()
    }

    /// The fsync is done, for all that was held; what comes now is held again.
    pub fn release(&self) {
        for (commit, outcome) in self.waiting().drain(..) {
            commit.resolve(outcome);
        }
    }
}

impl Viewer for Front {
    fn note(&self, name: Arc<str>) -> Reply<Option<Arc<str>>> {
        self.inner.note(name)
    }

    fn search(&self, search: Search) -> Reply<Found> {
        self.inner.search(search)
    }

    fn key_values(&self, name: Arc<str>, prefix: Arc<str>, limit: usize) -> Reply<Vec<String>> {
        self.inner.key_values(name, prefix, limit)
    }

    fn keys(&self, sequences: Vec<u64>) -> Reply<Vec<StoredKey>> {
        self.inner.keys(sequences)
    }

    fn last_sequence(&self) -> Reply<u64> {
        self.inner.last_sequence()
    }

    fn find(&self, id: MessageId) -> Reply<Option<StoredMessage>> {
        self.inner.find(id)
    }

    fn load_state(&self, instance: MessageId) -> Reply<Option<ProcessState>> {
        self.inner.load_state(instance)
    }

    fn queues(&self) -> Reply<Vec<QueueStatus>> {
        self.inner.queues()
    }

    fn events(&self, query: EventQuery) -> Reply<Vec<Event>> {
        self.inner.events(query)
    }

    fn audit(&self, query: AuditQuery) -> Reply<Vec<AuditEntry>> {
        self.inner.audit(query)
    }

    fn jobs(&self, query: JobQuery) -> Reply<Vec<StoredJob>> {
        self.inner.jobs(query)
    }

    fn job_lines(&self, query: JobLineQuery) -> Reply<Vec<JobLine>> {
        self.inner.job_lines(query)
    }

    fn purgeable(&self, batch: PurgeBatch) -> Reply<Purged> {
        self.inner.purgeable(batch)
    }

    fn usage(&self) -> Reply<Usage> {
        self.inner.usage()
    }
}

impl Store for Front {
    fn caps(&self) -> Caps {
        self.inner.caps()
    }

    fn epoch(&self) -> u64 {
        self.inner.epoch()
    }

    fn is_short_of_space(&self) -> bool {
        self.is_full.load(Ordering::SeqCst)
    }

    fn recover(&self) -> Reply<()> {
        *self.mode() = Mode::Pass;
        self.inner.recover()
    }

    fn submit(&self, step: Step) -> Receipt {
        let mode = *self.mode();
        if mode == Mode::Fail {
            // As a real store: it hands out sequences and leases first, and then the commit fails.
            let leases = step.emit.iter().map(|message| {
                message.leased.map(|_| LeaseToken { message: message.id, sequence: u64::MAX / 2, number: 0 })
            });
            return Receipt {
                first_sequence: u64::MAX / 2,
                leases: leases.collect(),
                commit: Commit::done(Err(StoreError::NotStored("the disk is on fire".into()))),
            };
        }
        let mut receipt = self.inner.submit(step);
        if mode == Mode::Hold
            && let Some(outcome) = receipt.commit.get().cloned()
        {
            receipt.commit = Commit::pending();
            self.waiting().push((receipt.commit.clone(), outcome));
        }
        receipt
    }

    fn attempting(&self, message: MessageId) -> Flight {
        self.inner.attempting(message)
    }

    fn lease(&self, request: LeaseRequest) -> Reply<LeaseBatch> {
        if self.lease_fails.swap(false, Ordering::SeqCst) {
            return Box::pin(std::future::ready(Err(StoreError::Read("a bad sector".into()))));
        }
        let waits = request.order == LeaseOrder::Key;
        let leased = self.inner.lease(request);
        let mut arrive = self.leases_arrive.subscribe();
        Box::pin(async move {
            // The sender lives as long as the store.
            let _ = arrive.wait_for(|arrive| *arrive || !waits).await;
            leased.await
        })
    }

    fn extend(&self, leases: Vec<LeaseToken>, ttl: Duration) -> Reply<Vec<bool>> {
        self.inner.extend(leases, ttl)
    }

    fn is_marked(&self, mark: MessageId) -> Reply<bool> {
        self.inner.is_marked(mark)
    }

    fn acquire(&self, name: Arc<str>, node: NodeId, ttl: Duration) -> Reply<Option<Fence>> {
        self.inner.acquire(name, node, ttl)
    }

    fn renew(&self, fence: Fence, ttl: Duration) -> Reply<bool> {
        self.inner.renew(fence, ttl)
    }

    fn give_up(&self, fence: Fence) -> Reply<()> {
        self.inner.give_up(fence)
    }

    fn append_events(&self, events: Vec<Event>) {
        self.inner.append_events(events);
    }

    fn blobs(&self) -> Arc<dyn iop::message::BlobStore> {
        self.inner.blobs()
    }

    fn write_note(&self, name: Arc<str>, text: Arc<str>) -> Reply<()> {
        self.inner.write_note(name, text)
    }

    fn append_audit(&self, record: AuditRecord) -> Reply<AuditEntry> {
        self.inner.append_audit(record)
    }

    fn act(&self, deed: Deed, record: OnRecord) -> Reply<bool> {
        let (done, mut arrive) = (self.inner.act(deed, record), self.leases_arrive.subscribe());
        Box::pin(async move {
            let _ = arrive.wait_for(|arrive| *arrive).await;
            done.await
        })
    }

    fn purge(&self, batch: PurgeBatch) -> Reply<Purged> {
        self.inner.purge(batch)
    }

    fn shrink(&self, bytes: u64) -> Reply<bool> {
        self.inner.shrink(bytes)
    }

    fn write_job(&self, write: JobWrite) -> Reply<u64> {
        self.inner.write_job(write)
    }

    fn admin(&self, action: Admin) -> Reply<bool> {
        let (decided, mut arrive) = (self.inner.admin(action), self.leases_arrive.subscribe());
        Box::pin(async move {
            let _ = arrive.wait_for(|arrive| *arrive).await;
            decided.await
        })
    }

    fn close(&self) -> Reply<()> {
        self.inner.close()
    }
}
