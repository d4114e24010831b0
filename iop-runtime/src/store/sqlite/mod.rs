//! The default store: one SQLite database in a directory of its own.
//!
//! A change takes its place in the order in `inbox`, becomes rows in `step`, and is answered by `writer` after the
//! commit that it shares with everything else that waited. People look through `reader`; what counts a backlog, or reads as
//! long as it takes, has a reader of its own, so that a page does not wait behind it.

mod audit;
mod backlog;
mod blob;
mod candidates;
mod checksum;
mod crashes;
mod directory;
mod files;
mod flight;
mod inbox;
mod job;
pub mod keeping;
mod leasing;
mod log;
mod many;
mod names;
mod op;
mod order;
mod pages;
mod posting;
mod purge;
mod reader;
mod row;
mod schema;
mod search;
mod settle;
mod space;
mod statements;
mod step;
mod thread;
mod tip;
mod upkeep;
mod ways;
mod writer;
mod xxh64;

use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

pub use self::directory::OpenError;
use self::directory::{Directory, io_error};
use self::flight::Book;
use self::inbox::Inbox;
use self::op::Op;
use self::reader::{Reader, View};
use self::space::Space;
use self::thread::Setup;
pub use self::tip::LostTail;
#[doc(hidden)]
pub use self::writer::Fault;
use super::{
    Admin, AuditEntry, AuditQuery, AuditRecord, Caps, Deed, Event, EventQuery, Fence, Flight, Found, JobLine,
    JobLineQuery, JobQuery, JobWrite, LeaseBatch, LeaseRequest, LeaseToken, NodeId, OnRecord, ProcessState, PurgeBatch,
    Purged, QueueStatus, Receipt, Reply, Search, Step, Store, StoredJob, StoredKey, StoredMessage, Usage, Viewer,
};
use crate::clock::Clock;
use crate::message::{BlobStore, MessageId, blobs_in};
use crate::store::blobs::Blobs;

/// A page of more messages than this is no page that somebody waits for.
const LONGEST_PAGE: usize = 1000;

/// Messages in a store directory, open in this process alone.
///
/// Dropped without [`close`](Store::close), it is left as after a crash of the process, which loses nothing.
#[derive(Debug)]
pub struct SqliteStore {
    inbox: Arc<Inbox>,
    reader: Reader,
    counter: Reader,
    writer: Mutex<Option<JoinHandle<()>>>,
    fault: Arc<AtomicU8>,
    blobs: Blobs,
    space: Arc<Space>,
    flights: Arc<Book>,
}

/// How a store is opened.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SqliteOptions {
    /// Bytes of the disk that are kept free for the moment in which there are no others; fewer on a small disk. By default
    /// none.
    pub ballast: u64,
    /// Whether a network file system will do.
    pub network: Network,
}

impl SqliteOptions {
    /// With so much ballast.
    #[must_use]
    pub fn with_ballast(self, ballast: u64) -> Self {
        Self { ballast, ..self }
    }

    /// On a network file system or not.
    #[must_use]
    pub fn on_network(self, network: Network) -> Self {
        Self { network, ..self }
    }
}

/// Whether a store may lie on a network file system, whose locks and syncs are not always what they say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Network {
    /// It is refused.
    #[default]
    Refused,
    /// Somebody knows what they do.
    Allowed,
}

impl SqliteStore {
    /// Opens the store in `dir`, which is made where there is nothing. `clock` says what is due and what has expired.
    ///
    /// Blocks for as long as the files take, milliseconds as a rule.
    ///
    /// # Errors
    /// See [`OpenError`]; a refused directory is left as it was.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Arc<Self>, OpenError> {
        Self::open_with(dir, clock, SqliteOptions::default())
    }

    /// As [`open`](Self::open), otherwise than by default.
    ///
    /// # Errors
    /// See [`OpenError`]; a refused directory is left as it was.
    pub fn open_with(dir: &Path, clock: Arc<dyn Clock>, options: SqliteOptions) -> Result<Arc<Self>, OpenError> {
        directory::check_place(dir, options.network)?;
        let directory = Directory::take(dir)?;
        let space = Arc::new(Space::new(dir, options.ballast));
        let inbox = Arc::new(Inbox::new());
        let fault = Arc::new(AtomicU8::new(0));
        let blobs = Blobs::in_directory(directory::blobs_in(dir));
        let flights = Arc::<Book>::default();
        let setup = Setup {
            directory,
            clock,
            inbox: inbox.clone(),
            fault: fault.clone(),
            blobs: blobs.clone(),
            space: space.clone(),
            flights: flights.clone(),
            logged: Arc::default(),
        };
        let (opener, opened) = mpsc::sync_channel(1);
        let thread = Builder::new().name("iop-store-writer".to_owned()).spawn(|| thread::run(setup, opener));
        let writer = thread.map_err(io_error("start a writer of", dir))?;
        let result = opened
            .recv()
            .unwrap_or_else(|_| Err(OpenError::Database { dir: dir.to_owned(), why: "its writer has stopped".into() }));
        let readers = result.and_then(|()| Ok((Reader::open(dir)?, Reader::open(dir)?)));
        let (reader, counter) = match readers {
            Ok(readers) => readers,
            Err(error) => {
                inbox.stop();
                drop(writer.join());
                return Err(error);
            }
        };
        let store = Self { inbox, reader, counter, writer: Mutex::new(Some(writer)), fault, blobs, space, flights };
        store.tend();
        Ok(Arc::new(store))
    }

    /// Opens a store to look at, whoever works with it at the time.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_read_only(dir: &Path) -> Result<Arc<ReadOnlyStore>, OpenError> {
        Ok(Arc::new(ReadOnlyStore { reader: Reader::open(dir)? }))
    }

    /// The contents of a store directory, to be read, whoever works with it at the time.
    #[must_use]
    pub fn blobs_of(dir: &Path) -> Arc<dyn BlobStore> {
        Arc::new(Blobs::in_directory(directory::blobs_in(dir)))
    }

    /// Makes the next commit fail, for tests.
    #[doc(hidden)]
    pub fn inject(&self, fault: Fault) {
        self.fault.store(fault as u8, Ordering::SeqCst);
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.inbox.stop();
        // Until the writer has left, the directory is not free for the next opening.
        if let Some(writer) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            drop(writer.join());
        }
    }
}

impl Store for SqliteStore {
    fn caps(&self) -> Caps {
        Caps::embedded(true)
    }

    fn epoch(&self) -> u64 {
        self.inbox.epoch()
    }

    fn recover(&self) -> Reply<()> {
        self.inbox.ask(Op::Recover)
    }

    fn is_short_of_space(&self) -> bool {
        self.space.is_short()
    }

    fn tend(&self) {
        self.space.tend();
    }

    fn submit(&self, step: Step) -> Receipt {
        // Held until the step is stored: a purge that comes before it must not remove them.
        let bodies = step.emit.iter().map(|message| &message.body);
        let bodies = bodies.chain(step.state.iter().filter_map(|write| write.new.as_ref()));
        let holds = bodies.flat_map(|body| blobs_in(body)).map(|id| self.blobs.hold(id)).collect();
        self.inbox.submit(step, holds)
    }

    fn attempting(&self, message: MessageId) -> Flight {
        self.flights.attempting(message)
    }

    fn lease(&self, request: LeaseRequest) -> Reply<LeaseBatch> {
        self.inbox.ask(|answer| Op::Lease(request, answer))
    }

    fn extend(&self, leases: Vec<LeaseToken>, ttl: Duration) -> Reply<Vec<bool>> {
        self.inbox.ask(|answer| Op::Extend(leases, ttl, answer))
    }

    fn is_marked(&self, mark: MessageId) -> Reply<bool> {
        self.inbox.ask(|answer| Op::IsMarked(mark, answer))
    }

    fn acquire(&self, name: Arc<str>, node: NodeId, ttl: Duration) -> Reply<Option<Fence>> {
        self.inbox.ask(|answer| Op::Acquire(name, node, ttl, answer))
    }

    fn renew(&self, fence: Fence, ttl: Duration) -> Reply<bool> {
        self.inbox.ask(|answer| Op::Renew(fence, ttl, answer))
    }

    fn give_up(&self, fence: Fence) -> Reply<()> {
        self.inbox.ask(|answer| Op::GiveUp(fence, answer))
    }

    fn append_events(&self, events: Vec<Event>) {
        self.inbox.push(Op::Events(events));
    }

    fn append_audit(&self, record: AuditRecord) -> Reply<AuditEntry> {
        self.inbox.ask(|answer| Op::Audit(record, answer))
    }

    fn act(&self, deed: Deed, record: OnRecord) -> Reply<bool> {
        self.inbox.ask(|answer| Op::Act(deed, record, answer))
    }

    fn purge(&self, batch: PurgeBatch) -> Reply<Purged> {
        self.inbox.ask(|answer| Op::Purge(batch, answer))
    }

    fn shrink(&self, bytes: u64) -> Reply<bool> {
        self.inbox.ask(|answer| Op::Shrink(bytes, answer))
    }

    fn blobs(&self) -> Arc<dyn BlobStore> {
        Arc::new(self.blobs.clone())
    }

    fn write_note(&self, name: Arc<str>, text: Arc<str>) -> Reply<()> {
        self.inbox.ask(|answer| Op::WriteNote(name, text, answer))
    }

    fn write_job(&self, write: JobWrite) -> Reply<u64> {
        self.inbox.ask(|answer| Op::Job(write, answer))
    }

    fn admin(&self, action: Admin) -> Reply<bool> {
        self.inbox.ask(|answer| Op::Admin(action, answer))
    }

    fn close(&self) -> Reply<()> {
        self.reader.close();
        self.counter.close();
        self.inbox.ask(Op::Close)
    }
}

impl Viewer for SqliteStore {
    fn find(&self, id: MessageId) -> Reply<Option<StoredMessage>> {
        self.inbox.ask(|answer| Op::Find(id, answer))
    }

    fn load_state(&self, instance: MessageId) -> Reply<Option<ProcessState>> {
        self.inbox.ask(|answer| Op::LoadState(instance, answer))
    }

    fn note(&self, name: Arc<str>) -> Reply<Option<Arc<str>>> {
        self.reader.ask(move |view| view.note(&name))
    }

    fn search(&self, search: Search) -> Reply<Found> {
        // What has to read as long as it takes.
        let is_long = search.within.is_none() && (search.query.reads_bodies() || search.limit > LONGEST_PAGE);
        let reader = if is_long { &self.counter } else { &self.reader };
        reader.ask(move |view| view.search(&search))
    }

    fn key_values(&self, name: Arc<str>, prefix: Arc<str>, limit: usize) -> Reply<Vec<String>> {
        self.reader.ask(move |view| view.key_values(&name, &prefix, limit))
    }

    fn keys(&self, sequences: Vec<u64>) -> Reply<Vec<StoredKey>> {
        self.reader.ask(move |view| view.keys(&sequences))
    }

    fn last_sequence(&self) -> Reply<u64> {
        self.reader.ask(View::last_sequence)
    }

    fn queues(&self) -> Reply<Vec<QueueStatus>> {
        self.counter.ask(View::queues)
    }

    fn events(&self, query: EventQuery) -> Reply<Vec<Event>> {
        self.reader.ask(move |view| view.events(&query))
    }

    fn audit(&self, query: AuditQuery) -> Reply<Vec<AuditEntry>> {
        self.reader.ask(move |view| view.audit(&query))
    }

    fn jobs(&self, query: JobQuery) -> Reply<Vec<StoredJob>> {
        self.reader.ask(move |view| view.jobs(query))
    }

    fn job_lines(&self, query: JobLineQuery) -> Reply<Vec<JobLine>> {
        self.reader.ask(move |view| view.job_lines(query))
    }

    fn purgeable(&self, batch: PurgeBatch) -> Reply<Purged> {
        self.counter.ask(move |view| view.purgeable(batch))
    }

    fn usage(&self) -> Reply<Usage> {
        self.counter.ask(View::usage)
    }
}

/// A store directory to look at: what is committed, also while another process works with it.
#[derive(Debug)]
pub struct ReadOnlyStore {
    reader: Reader,
}

impl Viewer for ReadOnlyStore {
    fn find(&self, id: MessageId) -> Reply<Option<StoredMessage>> {
        self.reader.ask(move |view| view.find(id))
    }

    fn load_state(&self, instance: MessageId) -> Reply<Option<ProcessState>> {
        self.reader.ask(move |view| view.load_state(instance))
    }

    fn note(&self, name: Arc<str>) -> Reply<Option<Arc<str>>> {
        self.reader.ask(move |view| view.note(&name))
    }

    fn search(&self, search: Search) -> Reply<Found> {
        self.reader.ask(move |view| view.search(&search))
    }

    fn key_values(&self, name: Arc<str>, prefix: Arc<str>, limit: usize) -> Reply<Vec<String>> {
        self.reader.ask(move |view| view.key_values(&name, &prefix, limit))
    }

    fn keys(&self, sequences: Vec<u64>) -> Reply<Vec<StoredKey>> {
        self.reader.ask(move |view| view.keys(&sequences))
    }

    fn last_sequence(&self) -> Reply<u64> {
        self.reader.ask(View::last_sequence)
    }

    fn queues(&self) -> Reply<Vec<QueueStatus>> {
        self.reader.ask(View::queues)
    }

    fn events(&self, query: EventQuery) -> Reply<Vec<Event>> {
        self.reader.ask(move |view| view.events(&query))
    }

    fn audit(&self, query: AuditQuery) -> Reply<Vec<AuditEntry>> {
        self.reader.ask(move |view| view.audit(&query))
    }

    fn jobs(&self, query: JobQuery) -> Reply<Vec<StoredJob>> {
        self.reader.ask(move |view| view.jobs(query))
    }

    fn job_lines(&self, query: JobLineQuery) -> Reply<Vec<JobLine>> {
        self.reader.ask(move |view| view.job_lines(query))
    }

    fn purgeable(&self, batch: PurgeBatch) -> Reply<Purged> {
        self.reader.ask(move |view| view.purgeable(batch))
    }

    fn usage(&self) -> Reply<Usage> {
        self.reader.ask(View::usage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::store::MessageQuery;

    #[tokio::test]
    async fn a_page_does_not_wait_while_a_backlog_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("store"), Arc::new(SystemClock)).unwrap();
        let (let_go, goes_on) = mpsc::channel::<()>();
        let counts = store.counter.ask(move |_| Ok(goes_on.recv().is_err()));
        let (mut queues, mut usage) = (store.queues(), store.usage());
        let found = tokio::select! {
            biased;
            _ = &mut queues => panic!("it was counted by the reader of pages"),
            _ = &mut usage => panic!("it was measured by the reader of pages"),
            found = store.query(MessageQuery::default()) => found,
        };
        assert_eq!(found, Ok(Vec::new()));
        drop(let_go);
        assert_eq!(counts.await, Ok(true));
        assert_eq!(queues.await, Ok(Vec::new()));
        store.close().await.unwrap();
    }
}
