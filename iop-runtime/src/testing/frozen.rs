//! The store as a production under test has it: it can be frozen, as if the process had ended at that moment.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, mpsc};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::message::{BlobStore, MessageId};
use crate::store::blobs::Blobs;
use crate::store::{
    Admin, AuditEntry, AuditQuery, AuditRecord, Caps, Commit, Deed, Event, EventQuery, Fence, Flight, Found, JobLine,
    JobLineQuery, JobQuery, JobWrite, LeaseBatch, LeaseRequest, LeaseToken, NodeId, OnRecord, ProcessState, PurgeBatch,
    Purged, QueueStatus, Receipt, Reply, Search, Step, Store, StoreError, StoredJob, StoredKey, StoredMessage, Usage,
    Viewer,
};

/// Where the production's messages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    /// Every answer is known at once.
    AtOnce,
    /// A thread answers: virtual time must stand still until it has.
    FromAThread,
}

/// A store that stops to answer. What was handed in before is in the store behind it, and nothing after.
pub(super) struct Frozen {
    inner: RwLock<Option<Arc<dyn Store>>>,
    frozen: AtomicBool,
    closed: AtomicBool,
    answers: Answers,
    caps: Caps,
    epoch: u64,
}

impl fmt::Debug for Frozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frozen").field("frozen", &self.frozen).finish_non_exhaustive()
    }
}

impl Frozen {
    pub(super) fn before(inner: Arc<dyn Store>, answers: Answers) -> Arc<Self> {
        let (caps, epoch) = (inner.caps(), inner.epoch());
        Arc::new(Self {
            inner: RwLock::new(Some(inner)),
            frozen: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            answers,
            caps,
            epoch,
        })
    }

    /// From now on nothing is stored and nothing is answered.
    pub(super) fn freeze(&self) {
        self.frozen.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_frozen(&self) -> bool {
        self.frozen.load(Ordering::SeqCst)
    }

    /// Lets the store behind go.
    pub(super) fn release(&self) -> Option<Arc<dyn Store>> {
        self.freeze();
        self.inner.write().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn behind(&self) -> Option<Arc<dyn Store>> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn live(&self) -> Option<Arc<dyn Store>> {
        if self.is_frozen() { None } else { self.behind() }
    }

    /// What the store behind answers; nothing ever where it is frozen, unless the production had closed it before.
    fn ask<T: Send + 'static>(&self, ask: impl FnOnce(&dyn Store) -> Reply<T>) -> Reply<T> {
        let Some(store) = self.live() else {
            return match self.closed.load(Ordering::SeqCst) {
                true => Box::pin(std::future::ready(Err(StoreError::Closed))),
                false => Box::pin(std::future::pending()),
            };
        };
        let reply = ask(&*store);
        let held = self.hold_time();
        Box::pin(async move {
            let answer = reply.await;
            drop(held);
            answer
        })
    }

    /// Virtual time stands still until this is dropped: tokio's clock does not move by itself while something blocks.
    fn hold_time(&self) -> Option<mpsc::Sender<()>> {
        if self.answers == Answers::AtOnce {
            return None;
        }
        let runtime = Handle::try_current().ok()?;
        let (held, released) = mpsc::channel();
        // It ends with an error, which is how it learns that it was dropped.
        runtime.spawn_blocking(move || released.recv().unwrap_or(()));
        Some(held)
    }
}

impl Store for Frozen {
    fn caps(&self) -> Caps {
        self.caps
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn recover(&self) -> Reply<()> {
        self.ask(Store::recover)
    }

    fn is_short_of_space(&self) -> bool {
        self.live().is_some_and(|store| store.is_short_of_space())
    }

    fn submit(&self, step: Step) -> Receipt {
        let Some(store) = self.live() else {
            return Receipt { first_sequence: 0, leases: vec![None; step.emit.len()], commit: Commit::pending() };
        };
        let receipt = store.submit(step);
        if let Some(held) = self.hold_time() {
            let commit = receipt.commit.clone();
            tokio::spawn(async move {
                // Whatever came of it, it is known now. The store's thread wakes one after the other who waits for it, and
                // has woken all when it answers again: until then nothing may believe that nobody has anything to do.
                let _ = commit.wait().await;
                let _ = store.is_marked(MessageId::of_input(&[b"nothing"])).await;
                drop(held);
            });
        }
        receipt
    }

    fn attempting(&self, message: MessageId) -> Flight {
        self.live().map_or_else(Flight::unseen, |store| store.attempting(message))
    }

    fn lease(&self, request: LeaseRequest) -> Reply<LeaseBatch> {
        self.ask(|store| store.lease(request))
    }

    fn extend(&self, leases: Vec<LeaseToken>, ttl: Duration) -> Reply<Vec<bool>> {
        self.ask(|store| store.extend(leases, ttl))
    }

    fn is_marked(&self, mark: MessageId) -> Reply<bool> {
        self.ask(|store| store.is_marked(mark))
    }

    fn acquire(&self, name: Arc<str>, node: NodeId, ttl: Duration) -> Reply<Option<Fence>> {
        self.ask(|store| store.acquire(name, node, ttl))
    }

    fn renew(&self, fence: Fence, ttl: Duration) -> Reply<bool> {
        self.ask(|store| store.renew(fence, ttl))
    }

    fn give_up(&self, fence: Fence) -> Reply<()> {
        self.ask(|store| store.give_up(fence))
    }

    fn append_events(&self, events: Vec<Event>) {
        // What was said before the crash is worth reading after it.
        if let Some(store) = self.behind() {
            store.append_events(events);
        }
    }

    fn append_audit(&self, record: AuditRecord) -> Reply<AuditEntry> {
        self.ask(|store| store.append_audit(record))
    }

    fn act(&self, deed: Deed, record: OnRecord) -> Reply<bool> {
        self.ask(|store| store.act(deed, record))
    }

    fn purge(&self, batch: PurgeBatch) -> Reply<Purged> {
        self.ask(|store| store.purge(batch))
    }

    fn shrink(&self, bytes: u64) -> Reply<bool> {
        self.ask(|store| store.shrink(bytes))
    }

    fn blobs(&self) -> Arc<dyn BlobStore> {
        self.behind().map_or_else(|| Arc::new(Blobs::in_memory()) as Arc<dyn BlobStore>, |store| store.blobs())
    }

    fn write_note(&self, name: Arc<str>, text: Arc<str>) -> Reply<()> {
        self.ask(|store| store.write_note(name, text))
    }

    fn write_job(&self, write: JobWrite) -> Reply<u64> {
        self.ask(|store| store.write_job(write))
    }

    fn admin(&self, action: Admin) -> Reply<bool> {
        self.ask(|store| store.admin(action))
    }

    /// The test goes on with the store behind, and closes it where it must be.
    fn close(&self) -> Reply<()> {
        self.closed.store(true, Ordering::SeqCst);
        self.ask(|store| {
            let receipt = store.submit(Step::default());
            Box::pin(async move { receipt.commit.wait().await.map(drop) }) as Reply<()>
        })
    }
}

impl Viewer for Frozen {
    fn note(&self, name: Arc<str>) -> Reply<Option<Arc<str>>> {
        self.ask(|store| store.note(name))
    }

    fn load_state(&self, instance: MessageId) -> Reply<Option<ProcessState>> {
        self.ask(|store| store.load_state(instance))
    }

    fn audit(&self, query: AuditQuery) -> Reply<Vec<AuditEntry>> {
        self.ask(|store| store.audit(query))
    }

    fn jobs(&self, query: JobQuery) -> Reply<Vec<StoredJob>> {
        self.ask(|store| store.jobs(query))
    }

    fn job_lines(&self, query: JobLineQuery) -> Reply<Vec<JobLine>> {
        self.ask(|store| store.job_lines(query))
    }

    fn purgeable(&self, batch: PurgeBatch) -> Reply<Purged> {
        self.ask(|store| store.purgeable(batch))
    }

    fn usage(&self) -> Reply<Usage> {
        self.ask(|store| store.usage())
    }

    fn find(&self, id: MessageId) -> Reply<Option<StoredMessage>> {
        self.ask(|store| store.find(id))
    }

    fn search(&self, search: Search) -> Reply<Found> {
        self.ask(|store| store.search(search))
    }

    fn key_values(&self, name: Arc<str>, prefix: Arc<str>, limit: usize) -> Reply<Vec<String>> {
        self.ask(|store| store.key_values(name, prefix, limit))
    }

    fn keys(&self, sequences: Vec<u64>) -> Reply<Vec<StoredKey>> {
        self.ask(|store| store.keys(sequences))
    }

    fn last_sequence(&self) -> Reply<u64> {
        self.ask(|store| store.last_sequence())
    }

    fn queues(&self) -> Reply<Vec<QueueStatus>> {
        self.ask(|store| store.queues())
    }

    fn events(&self, query: EventQuery) -> Reply<Vec<Event>> {
        self.ask(|store| store.events(query))
    }
}

/// Waits until everything handed in so far is stored.
pub(super) async fn settle(store: &dyn Store) -> Result<(), StoreError> {
    store.submit(Step::default()).commit.wait().await.map(drop)
}
