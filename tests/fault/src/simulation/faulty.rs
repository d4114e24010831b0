//! The store of the simulation: the one in memory, with commits that take their time, fail, are of unknown outcome, or
//! never come because the machine stands still; by chance, from a seed.
//!
//! It keeps the laws of a store: commits are answered in the order of their steps, after a failure everything is refused until
//! [`recover`](Store::recover), and what was never acknowledged may be there or not, but always as a prefix.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use iop::message::{BlobStore, Header, MessageId};
use iop::store::memory::MemoryStore;
use iop::store::{
    Admin, AuditEntry, AuditQuery, AuditRecord, Caps, Commit, Deed, Event, EventQuery, Fence, Flight, Found, JobLine,
    JobLineQuery, JobQuery, JobWrite, LeaseBatch, LeaseRequest, LeaseToken, MessageQuery, NodeId, OnRecord, Outcome,
    ProcessState, PurgeBatch, Purged, QueueStatus, Receipt, Reply, Search, Step, Store, StoreError, StoredJob,
    StoredKey, StoredMessage, Usage, Viewer,
};

use crate::trouble::Random;

/// How the store is at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Works,
    /// A commit has failed: everything is refused.
    Failed,
    /// Nothing is done and nothing is answered any more: the next thing is a crash.
    Stalled,
}

#[derive(Debug)]
struct State {
    random: Random,
    mood: Mood,
    /// Faults happen; not so any more at the end, when everything must come to rest.
    faults: bool,
    /// What was handed in and is not answered yet.
    open: Vec<(Commit, Result<Outcome, StoreError>)>,
    flushing: bool,
    counts: Counts,
}

/// What happened to the store.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) steps: u64,
    pub(super) refused: u64,
    pub(super) unknown: u64,
    pub(super) stalled: u64,
}

/// The store.
#[derive(Debug)]
pub(super) struct Faulty {
    inner: Arc<MemoryStore>,
    state: Mutex<State>,
}

impl Faulty {
    pub(super) fn before(inner: Arc<MemoryStore>, seed: u64) -> Arc<Self> {
        let state = State {
            random: Random::from_seed(seed),
            mood: Mood::Works,
            faults: true,
            open: Vec::new(),
            flushing: false,
            counts: Counts::default(),
        };
        Arc::new(Self { inner, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.state().mood == Mood::Stalled
    }

    /// As the next opening finds it; nothing happens to it while it is opened.
    pub(super) fn works_again(&self) -> bool {
        let mut state = self.state();
        state.mood = Mood::Works;
        std::mem::replace(&mut state.faults, false)
    }

    /// Faults happen again, where they did before.
    pub(super) fn goes_on(&self, faults: bool) {
        self.state().faults = faults;
    }

    /// From now on nothing happens to it.
    pub(super) fn heal(&self) {
        let mut state = self.state();
        state.faults = false;
        state.mood = Mood::Works;
    }

    pub(super) fn counts(&self) -> Counts {
        self.state().counts
    }

    /// Answers a step some time later, together with what was handed in meanwhile, in order.
    fn answer_later(self: &Arc<Self>, state: &mut State, commit: &Commit, outcome: Result<Outcome, StoreError>) {
        state.open.push((commit.clone(), outcome));
        if std::mem::replace(&mut state.flushing, true) {
            return;
        }
        let pause = Duration::from_micros(state.random.between(100, 6_000));
        let store = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            let mut state = store.state();
            state.flushing = false;
            let open = std::mem::take(&mut state.open);
            drop(state);
            for (commit, outcome) in open {
                commit.resolve(outcome);
            }
        });
    }
}

/// The store as the engine has it.
#[derive(Debug, Clone)]
pub(super) struct Handle(pub(super) Arc<Faulty>);

/// What a step that is not done gives at once.
fn undone(step: &Step, commit: Commit) -> Receipt {
    // As a real store: sequences and leases are handed out first, and then the commit fails.
    let leases = step
        .emit
        .iter()
        .map(|message| message.leased.map(|_| LeaseToken { message: message.id, sequence: u64::MAX / 2, number: 0 }));
    Receipt { first_sequence: u64::MAX / 2, leases: leases.collect(), commit }
}

impl Store for Handle {
    fn caps(&self) -> Caps {
        self.0.inner.caps()
    }

    fn epoch(&self) -> u64 {
        self.0.inner.epoch()
    }

    fn recover(&self) -> Reply<()> {
        self.0.state().mood = Mood::Works;
        self.0.inner.recover()
    }

    fn submit(&self, step: Step) -> Receipt {
        let mut state = self.0.state();
        state.counts.steps += 1;
        let fate = if state.faults { state.random.between(0, 1_500) } else { u64::MAX };
        match (state.mood, fate) {
            (Mood::Stalled, _) => return undone(&step, Commit::pending()),
            (Mood::Works, 0 | 1) => {
                state.mood = Mood::Stalled;
                state.counts.stalled += 1;
                return undone(&step, Commit::pending());
            }
            (Mood::Failed, _) | (Mood::Works, 2) => {
                state.mood = Mood::Failed;
                state.counts.refused += 1;
                let receipt = undone(&step, Commit::pending());
                let refused = Err(StoreError::NotStored("the disk refuses".into()));
                self.0.answer_later(&mut state, &receipt.commit, refused);
                return receipt;
            }
            (Mood::Works, 3) => {
                state.mood = Mood::Failed;
                state.counts.unknown += 1;
                let receipt = undone(&step, Commit::pending());
                let unknown = Err(StoreError::Unknown("the disk does not say".into()));
                self.0.answer_later(&mut state, &receipt.commit, unknown);
                return receipt;
            }
            _ => {}
        }
        let mut receipt = self.0.inner.submit(step);
        let Some(mut outcome) = receipt.commit.get().cloned() else { return receipt };
        if fate == 4 {
            // It is stored, and nobody knows.
            state.mood = Mood::Failed;
            state.counts.unknown += 1;
            outcome = Err(StoreError::Unknown("the disk does not say".into()));
        }
        receipt.commit = Commit::pending();
        self.0.answer_later(&mut state, &receipt.commit, outcome);
        receipt
    }

    fn attempting(&self, message: MessageId) -> Flight {
        self.0.inner.attempting(message)
    }

    fn lease(&self, request: LeaseRequest) -> Reply<LeaseBatch> {
        let mut state = self.0.state();
        let pause = Duration::from_micros(state.random.between(50, 4_000));
        if state.mood == Mood::Stalled {
            return Box::pin(std::future::pending());
        }
        drop(state);
        let leased = self.0.inner.lease(request);
        Box::pin(async move {
            tokio::time::sleep(pause).await;
            leased.await
        })
    }

    fn extend(&self, leases: Vec<LeaseToken>, ttl: Duration) -> Reply<Vec<bool>> {
        self.0.inner.extend(leases, ttl)
    }

    fn is_marked(&self, mark: MessageId) -> Reply<bool> {
        self.0.inner.is_marked(mark)
    }

    fn acquire(&self, name: Arc<str>, node: NodeId, ttl: Duration) -> Reply<Option<Fence>> {
        self.0.inner.acquire(name, node, ttl)
    }

    fn renew(&self, fence: Fence, ttl: Duration) -> Reply<bool> {
        self.0.inner.renew(fence, ttl)
    }

    fn give_up(&self, fence: Fence) -> Reply<()> {
        self.0.inner.give_up(fence)
    }

    fn append_events(&self, events: Vec<Event>) {
        self.0.inner.append_events(events);
    }

    fn append_audit(&self, record: AuditRecord) -> Reply<AuditEntry> {
        self.0.inner.append_audit(record)
    }

    fn act(&self, deed: Deed, record: OnRecord) -> Reply<bool> {
        self.0.inner.act(deed, record)
    }

    fn write_job(&self, write: JobWrite) -> Reply<u64> {
        self.0.inner.write_job(write)
    }

    fn purge(&self, batch: PurgeBatch) -> Reply<Purged> {
        self.0.inner.purge(batch)
    }

    fn shrink(&self, bytes: u64) -> Reply<bool> {
        self.0.inner.shrink(bytes)
    }

    fn blobs(&self) -> Arc<dyn BlobStore> {
        self.0.inner.blobs()
    }

    fn write_note(&self, name: Arc<str>, text: Arc<str>) -> Reply<()> {
        self.0.inner.write_note(name, text)
    }

    fn admin(&self, action: Admin) -> Reply<bool> {
        self.0.inner.admin(action)
    }

    fn close(&self) -> Reply<()> {
        self.0.inner.close()
    }
}

impl Viewer for Handle {
    fn note(&self, name: Arc<str>) -> Reply<Option<Arc<str>>> {
        self.0.inner.note(name)
    }

    fn query(&self, query: MessageQuery) -> Reply<Vec<Header>> {
        self.0.inner.query(query)
    }

    fn search(&self, search: Search) -> Reply<Found> {
        self.0.inner.search(search)
    }

    fn key_values(&self, name: Arc<str>, prefix: Arc<str>, limit: usize) -> Reply<Vec<String>> {
        self.0.inner.key_values(name, prefix, limit)
    }

    fn keys(&self, sequences: Vec<u64>) -> Reply<Vec<StoredKey>> {
        self.0.inner.keys(sequences)
    }

    fn last_sequence(&self) -> Reply<u64> {
        self.0.inner.last_sequence()
    }

    fn find(&self, id: MessageId) -> Reply<Option<StoredMessage>> {
        self.0.inner.find(id)
    }

    fn load_state(&self, instance: MessageId) -> Reply<Option<ProcessState>> {
        self.0.inner.load_state(instance)
    }

    fn queues(&self) -> Reply<Vec<QueueStatus>> {
        self.0.inner.queues()
    }

    fn events(&self, query: EventQuery) -> Reply<Vec<Event>> {
        self.0.inner.events(query)
    }

    fn audit(&self, query: AuditQuery) -> Reply<Vec<AuditEntry>> {
        self.0.inner.audit(query)
    }

    fn jobs(&self, query: JobQuery) -> Reply<Vec<StoredJob>> {
        self.0.inner.jobs(query)
    }

    fn job_lines(&self, query: JobLineQuery) -> Reply<Vec<JobLine>> {
        self.0.inner.job_lines(query)
    }

    fn purgeable(&self, batch: PurgeBatch) -> Reply<Purged> {
        self.0.inner.purgeable(batch)
    }

    fn usage(&self) -> Reply<Usage> {
        self.0.inner.usage()
    }
}
