//! A store in memory: for tests, and for productions that need nothing to survive.
//!
//! It keeps every law but survival: one lock, no thread, every answer known at once, so that it works under paused time.

mod job;
mod order;
mod purge;
mod rows;
mod state;
mod view;

use std::fmt;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::state::State;
use super::{
    Admin, AuditEntry, AuditQuery, AuditRecord, Caps, Commit, Deed, Event, EventQuery, Fence, Flight, Found, JobLine,
    JobLineQuery, JobQuery, JobWrite, LeaseBatch, LeaseRequest, LeaseToken, NodeId, OnRecord, ProcessState, PurgeBatch,
    Purged, QueueStatus, Receipt, Reply, Search, Step, Store, StoreError, StoredJob, StoredKey, StoredMessage, Usage,
    Viewer,
};
use crate::clock::{Clock, Timestamp};
use crate::message::{BlobStore, MessageId};

/// Messages that live as long as the process.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl MemoryStore {
    /// An empty store. `clock` says what is due and what has expired.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { clock, state: Mutex::new(State::default()) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does it now; the reply only carries the answer.
    fn answer<T: Send + 'static>(&self, act: impl FnOnce(&mut State, Timestamp) -> T) -> Reply<T> {
        let now = self.clock.now();
        let mut state = self.state();
        let answer = if state.closed { Err(StoreError::Closed) } else { Ok(act(&mut state, now)) };
        Box::pin(ready(answer))
    }
}

impl Store for MemoryStore {
    fn caps(&self) -> Caps {
        Caps::embedded(false)
    }

    fn epoch(&self) -> u64 {
        self.state().epoch
    }

    fn recover(&self) -> Reply<()> {
        self.answer(|state, _| state.recover())
    }

    fn submit(&self, step: Step) -> Receipt {
        let now = self.clock.now();
        let mut state = self.state();
        if state.closed {
            let leases = vec![None; step.emit.len()];
            return Receipt { first_sequence: 0, leases, commit: Commit::done(Err(StoreError::Closed)) };
        }
        state.submit(step, now)
    }

    /// What does not survive the process is in no crash.
    fn attempting(&self, _message: MessageId) -> Flight {
        Flight::unseen()
    }

    fn lease(&self, request: LeaseRequest) -> Reply<LeaseBatch> {
        self.answer(move |state, now| state.lease(&request, now))
    }

    fn extend(&self, leases: Vec<LeaseToken>, ttl: Duration) -> Reply<Vec<bool>> {
        self.answer(move |state, now| leases.iter().map(|token| state.leases.extend(token, now, ttl)).collect())
    }

    fn is_marked(&self, mark: MessageId) -> Reply<bool> {
        self.answer(|state, _| state.rows.marks.contains_key(&mark))
    }

    fn acquire(&self, name: Arc<str>, node: NodeId, ttl: Duration) -> Reply<Option<Fence>> {
        self.answer(move |state, now| state.acquire(name, node, now, ttl))
    }

    fn renew(&self, fence: Fence, ttl: Duration) -> Reply<bool> {
        self.answer(move |state, now| state.fences.renew(&fence, now, ttl))
    }

    fn give_up(&self, fence: Fence) -> Reply<()> {
        self.answer(move |state, _| state.fences.give_up(&fence))
    }

    fn append_events(&self, events: Vec<Event>) {
        // Closed: the log never holds anybody up, and there is nowhere left to write to.
        drop(self.answer(move |state, _| state.append_events(events)));
    }

    fn append_audit(&self, record: AuditRecord) -> Reply<AuditEntry> {
        self.answer(move |state, now| state.append_audit(record, now))
    }

    fn act(&self, deed: Deed, record: OnRecord) -> Reply<bool> {
        self.answer(move |state, now| {
            let done = match deed {
                Deed::Admin(action) => state.admin(&action, now),
                Deed::Job(write) => state.jobs.write(write) > 0,
                Deed::Note(name, text) => {
                    state.notes.insert(name, text);
                    true
                }
            };
            if done {
                state.put_on_record(record, now);
            }
            done
        })
    }

    fn purge(&self, batch: PurgeBatch) -> Reply<Purged> {
        self.answer(|state, _| state.purge(batch))
    }

    fn shrink(&self, _: u64) -> Reply<bool> {
        self.answer(|_, _| false)
    }

    fn blobs(&self) -> Arc<dyn BlobStore> {
        Arc::new(self.state().blobs.clone())
    }

    fn write_note(&self, name: Arc<str>, text: Arc<str>) -> Reply<()> {
        self.answer(move |state, _| drop(state.notes.insert(name, text)))
    }

    fn write_job(&self, write: JobWrite) -> Reply<u64> {
        self.answer(move |state, _| state.jobs.write(write))
    }

    fn admin(&self, action: Admin) -> Reply<bool> {
        self.answer(move |state, now| state.admin(&action, now))
    }

    fn close(&self) -> Reply<()> {
        self.answer(|state, _| state.closed = true)
    }
}

impl Viewer for MemoryStore {
    fn find(&self, id: MessageId) -> Reply<Option<StoredMessage>> {
        self.answer(|state, _| state.rows.get(id).map(|entry| entry.message.clone()))
    }

    fn load_state(&self, instance: MessageId) -> Reply<Option<ProcessState>> {
        self.answer(|state, _| state.rows.instances.get(&instance).cloned())
    }

    fn note(&self, name: Arc<str>) -> Reply<Option<Arc<str>>> {
        self.answer(move |state, _| state.notes.get(&name).cloned())
    }

    fn search(&self, search: Search) -> Reply<Found> {
        self.answer(move |state, _| view::search(&state.rows, &search))
    }

    fn key_values(&self, name: Arc<str>, prefix: Arc<str>, limit: usize) -> Reply<Vec<String>> {
        self.answer(move |state, _| view::key_values(&state.rows, &name, &prefix, limit))
    }

    fn keys(&self, sequences: Vec<u64>) -> Reply<Vec<StoredKey>> {
        self.answer(move |state, _| view::keys(&state.rows, &sequences))
    }

    fn last_sequence(&self) -> Reply<u64> {
        self.answer(|state, _| state.rows.messages.last_key_value().map_or(0, |(sequence, _)| *sequence))
    }

    fn queues(&self) -> Reply<Vec<QueueStatus>> {
        self.answer(|state, _| view::queues(&state.rows))
    }

    fn events(&self, query: EventQuery) -> Reply<Vec<Event>> {
        self.answer(move |state, _| view::events(&state.events, &query))
    }

    fn audit(&self, query: AuditQuery) -> Reply<Vec<AuditEntry>> {
        self.answer(move |state, _| view::audit(&state.audit, &query))
    }

    fn jobs(&self, query: JobQuery) -> Reply<Vec<StoredJob>> {
        self.answer(move |state, _| state.jobs.find(query))
    }

    fn job_lines(&self, query: JobLineQuery) -> Reply<Vec<JobLine>> {
        self.answer(move |state, _| state.jobs.lines(query))
    }

    fn purgeable(&self, batch: PurgeBatch) -> Reply<Purged> {
        self.answer(|state, _| state.purgeable(batch).0)
    }

    fn usage(&self) -> Reply<Usage> {
        self.answer(|state, _| state.usage())
    }
}
