//! What waits becomes one transaction, and is answered after its commit: no timer, so that one caller waits for one fsync
//! and a thousand callers share it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use bytes::Bytes;
use rusqlite::{Connection, ErrorCode, Result};

use super::directory::{OpenError, database_error, io_error};
use super::files::Move;
use super::flight;
use super::inbox::{Inbox, Load};
use super::many::Body;
use super::names::Names;
use super::op::{Answer, Op, Promise, reply};
use super::pages::Pages;
use super::posting::Postings;
use super::reader::{is_corrupt, unread};
use super::row::signed;
use super::schema::Meta;
use super::settle::settle;
use super::space::Space;
use super::statements::Statements;
use super::thread::Setup;
use super::tip::{LostTail, Place, Tip};
use crate::clock::{Clock, Timestamp};
use crate::message::BlobId;
use crate::store::blobs::Blobs;
use crate::store::leases::{Fences, Leases};
use crate::store::{Outcome, Step, StoreError};

/// The largest body or state in bytes. SQLite's own limit is 1,000,000,000 for a row.
const LARGEST_BODY: usize = 512 << 20;

/// A failure that a test asks for, to prove what a store promises about one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    /// The next commit fails, and everything in it is rolled back.
    BeforeCommit = 1,
    /// The next commit succeeds, and its success is not seen.
    AfterCommit = 2,
    /// The next commit finds no room on the disk.
    NoSpace = 3,
    /// The next commit finds the database damaged.
    Damage = 4,
}

/// One connection with all that belongs to it.
pub(super) struct Writer<'c> {
    pub(super) connection: &'c Connection,
    pub(super) sql: Statements<'c>,
    pub(super) names: Names,
    pub(super) leases: Leases,
    pub(super) fences: Fences,
    /// Attempts that began in this batch and are not written yet, by sequence.
    pub(super) starts: HashMap<u64, Timestamp>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) epoch: u64,
    /// The highest sequence that was ever promised in a step that was stored.
    pub(super) sequence: u64,
    /// Its value when this opening began: what is above came later.
    pub(super) opened_at: u64,
    /// Some caller has given up a request in this opening.
    pub(super) has_abandoned: bool,
    /// Messages that were ever stored: the books that an audit compares with the rows.
    pub(super) accepted: u64,
    /// Of them, those that a purge has removed.
    pub(super) purged: u64,
    /// What makes the hash of the next place in the history.
    pub(super) history: blake3::Hasher,
    pub(super) postings: Postings,
    /// Bodies of messages that this batch has stored, and that are not written yet.
    pub(super) bodies: Vec<Body>,
    place: Place,
    tip: Tip,
    pub(super) pages: &'c mut Pages,
    fault: Arc<AtomicU8>,
    pub(super) blobs: Blobs,
    /// Some message or state refers to one.
    pub(super) has_blobs: bool,
    /// Contents that the present transaction has taken a reference from.
    pub(super) freed: Vec<BlobId>,
    pub(super) space: Arc<Space>,
    /// SQLite has found its file damaged: nothing more is written.
    pub(super) is_damaged: bool,
    /// Whether commits wait for the disk at present.
    syncs: bool,
    /// Whether the log is kept short, because there is no room for a long one.
    pub(super) is_thrifty: bool,
    /// Pages in the log after the last commit, which SQLite tells.
    pub(super) logged: Arc<AtomicU32>,
    /// Whether SQLite was told to commit the present transaction.
    committing: bool,
}

/// A step with what becomes of it if the transaction commits.
type Decided = (Promise, Result<Outcome, StoreError>);

/// Something to say once the transaction has committed or failed.
type AfterCommit = Box<dyn FnOnce(Result<(), &StoreError>)>;

impl<'c> Writer<'c> {
    /// Reads where the store stands, and begins a new epoch.
    pub(super) fn open(
        setup: &Setup,
        connection: &'c Connection,
        (mut tip, pages): (Tip, &'c mut Pages),
        first: bool,
    ) -> Result<Self, OpenError> {
        let dir = &setup.directory.path;
        let failed = |error| database_error(dir, &error);
        if !first && !setup.space.is_short() {
            still_sound(connection, dir)?;
        }
        if !pages.suspects.is_empty() {
            let why = |why: String| OpenError::Corrupt { dir: dir.clone(), why: why.into() };
            let found = settle(connection, &pages.suspects).map_err(why)?;
            pages.found.push(found);
        }
        let remembered = tip.read().map_err(io_error("read", dir))?;
        let mut sql = Statements::prepare(connection).map_err(failed)?;
        let meta = sql.meta.query_row((), Meta::read).map_err(failed)?;
        let lost = remembered.and_then(|tip| LostTail::between(&tip, &meta.place));
        if let Some(lost) = lost {
            return Err(OpenError::LostTail { dir: dir.clone(), lost });
        }
        let highest = sql.highest_sequence.query_row((), |row| super::row::unsigned(row, 0)).map_err(failed)?;
        let mut names = Names::default();
        names.refresh(connection).map_err(failed)?;
        let mut writer = Self {
            connection,
            sql,
            names,
            leases: Leases::default(),
            fences: Fences::default(),
            starts: HashMap::new(),
            clock: setup.clock.clone(),
            inbox: setup.inbox.clone(),
            epoch: meta.place.epoch + 1,
            sequence: meta.place.sequence.max(highest),
            opened_at: meta.place.sequence.max(highest),
            has_abandoned: false,
            accepted: meta.accepted,
            purged: meta.purged,
            history: blake3::Hasher::new(),
            postings: Postings::default(),
            bodies: Vec::new(),
            place: meta.place,
            tip,
            pages,
            fault: setup.fault.clone(),
            blobs: setup.blobs.clone(),
            has_blobs: true,
            space: setup.space.clone(),
            is_damaged: false,
            freed: Vec::new(),
            syncs: true,
            is_thrifty: false,
            logged: setup.logged.clone(),
            committing: false,
        };
        writer.remember_postings().map_err(failed)?;
        writer.alone(|writer| writer.put_back(first).and_then(|()| writer.tell_what_was_mended())).map_err(failed)?;
        writer.pages.accept().map_err(io_error("write", dir))?;
        if first {
            writer.sweep_blobs().map_err(failed)?;
        }
        Ok(writer)
    }

    /// One durable transaction outside of a batch.
    fn alone(&mut self, act: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.sync_commits(true)?;
        self.sql.begin.execute(())?;
        let done = act(self).and_then(|()| self.commit(true));
        if done.is_err() {
            self.roll_back();
        }
        done
    }

    /// What a clean close leaves behind: nothing in flight, and everything in the one file.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.alone(|writer| writer.put_back(false))?;
        // Where it stays, who was cut off just now counts as in flight in a crash.
        let _ = flight::remove(self.pages.dir());
        while !self.postings.is_empty() {
            self.alone(Self::write_postings)?;
        }
        // Whoever still reads in the log is waited for. Where that takes too long the log stays, and the next opening has it.
        let whole = self.move_the_log(Move::Whole)?;
        self.complete_the_book();
        if whole {
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
        }
        Ok(())
    }

    /// Does what waited, in one transaction. Where nothing has, the index that is behind the commits comes on.
    pub(super) fn batch(&mut self, ops: Vec<Op>) {
        let mut steps: Vec<Decided> = Vec::new();
        let mut answers: Vec<AfterCommit> = Vec::new();
        self.committing = false;
        self.save_room();
        let mut ops = ops.into_iter();
        let done = self.transaction(&mut ops, &mut steps, &mut answers);
        let Err(error) = done else {
            for (promise, outcome) in steps {
                promise.keep(outcome);
            }
            self.remove_freed();
            answers.into_iter().for_each(|answer| answer(Ok(())));
            return;
        };
        let rolled_back = self.roll_back();
        let full = error.sqlite_error_code() == Some(ErrorCode::DiskFull);
        if full || self.space.has_run_out() {
            self.space.run_out();
        }
        // A commit that failed may have reached the disk, unless there was no room for it.
        let certain = full || (rolled_back && !self.committing);
        let why: Arc<str> = error.to_string().into();
        self.is_damaged |= is_corrupt(&error);
        let failure = match certain {
            _ if self.is_damaged => StoreError::Corrupt(why.clone()),
            true => StoreError::NotStored(why.clone()),
            false => StoreError::Unknown(why.clone()),
        };
        // Before anybody hears of it: what they do next must already be refused.
        self.inbox.failed(&why);
        for (promise, _) in steps {
            promise.keep(Err(failure.clone()));
        }
        answers.into_iter().for_each(|answer| answer(Err(&failure)));
        ops.for_each(|op| op.refuse(failure.clone()));
    }

    /// Does what waited, and what comes meanwhile.
    fn transaction(
        &mut self,
        ops: &mut std::vec::IntoIter<Op>,
        steps: &mut Vec<Decided>,
        answers: &mut Vec<AfterCommit>,
    ) -> Result<()> {
        let idle = ops.as_slice().is_empty();
        let durable = ops.as_slice().iter().any(Op::must_be_durable);
        let mut load = Load::of(ops.as_slice());
        self.sync_commits(durable)?;
        self.sql.begin.execute(())?;
        loop {
            for op in ops.by_ref() {
                self.op(op, steps, answers)?;
            }
            // A transaction that does not wait for the disk is over soon, and whoever comes may need one that does.
            let Some(more) = durable.then(|| self.inbox.join(&mut load)).flatten() else { break };
            *ops = more.into_iter();
        }
        self.flush_bodies()?;
        self.flush_starts()?;
        if idle || self.postings.are_many() {
            self.write_postings()?;
        }
        self.commit(durable)
    }

    fn op(&mut self, op: Op, steps: &mut Vec<Decided>, answers: &mut Vec<AfterCommit>) -> Result<()> {
        if !matches!(op, Op::Step(_) | Op::Events(_)) {
            // It may read them.
            self.flush_bodies()?;
        }
        match op {
            Op::Step(queued) => {
                let outcome = match oversized(&queued.step) {
                    Some(error) => Err(error),
                    None => Ok(self.step(&queued)?),
                };
                steps.push((queued.promise, outcome));
            }
            Op::Events(events) => self.append_events(&events)?,
            Op::Lease(request, answer) => {
                let leased = self.lease(&request);
                self.look_at(&leased);
                later(answers, answer, leased);
            }
            Op::Extend(tokens, ttl, answer) => {
                let now = self.clock.now();
                let live = tokens.iter().map(|token| self.leases.extend(token, now, ttl)).collect();
                later(answers, answer, Ok(live));
            }
            Op::LoadState(instance, answer) => {
                let state = self.load_state(instance);
                self.look_at(&state);
                later(answers, answer, state);
            }
            Op::Find(id, answer) => {
                let found = self.find(id);
                self.look_at(&found);
                later(answers, answer, found);
            }
            Op::IsMarked(mark, answer) => {
                let marked = self.is_marked(mark);
                self.look_at(&marked);
                later(answers, answer, marked);
            }
            Op::Acquire(name, node, ttl, answer) => {
                let fence = self.acquire(&name, node, ttl)?;
                later(answers, answer, Ok(fence));
            }
            Op::Renew(fence, ttl, answer) => {
                let live = self.fences.renew(&fence, self.clock.now(), ttl);
                later(answers, answer, Ok(live));
            }
            Op::GiveUp(fence, answer) => {
                self.fences.give_up(&fence);
                later(answers, answer, Ok(()));
            }
            Op::Purge(batch, answer) => {
                self.flush_starts()?;
                let removed = self.purge(batch)?;
                later(answers, answer, Ok(removed));
            }
            Op::Shrink(bytes, answer) => {
                let more = self.shrink(bytes)?;
                later(answers, answer, Ok(more));
            }
            Op::WriteNote(name, text, answer) => {
                self.sql.write_note.execute((name, text))?;
                later(answers, answer, Ok(()));
            }
            Op::Audit(record, answer) => {
                let entry = self.append_audit(record)?;
                later(answers, answer, Ok(entry));
            }
            Op::Job(write, answer) => {
                let number = self.write_job(write)?;
                later(answers, answer, Ok(number));
            }
            Op::Admin(action, answer) => {
                self.flush_starts()?;
                let done = self.admin(&action)?;
                later(answers, answer, Ok(done));
            }
            Op::Act(deed, record, answer) => {
                let done = self.act(deed, record)?;
                later(answers, answer, Ok(done));
            }
            // They stand alone and never come here; refused rather than forgotten.
            Op::Recover(_) | Op::Close(_) => op.refuse(StoreError::NotStored("not in a batch".into())),
        }
        Ok(())
    }

    /// A file that cannot be read is not written to any more.
    fn look_at<T>(&mut self, read: &Result<T>) {
        self.is_damaged |= read.as_ref().is_err_and(is_corrupt);
    }

    fn commit(&mut self, durable: bool) -> Result<()> {
        // Only a commit that somebody waits for: what is written behind is not what a test means.
        let fault = if durable { self.fault.swap(0, Ordering::SeqCst) } else { 0 };
        for (before, code) in [
            (Fault::BeforeCommit, rusqlite::ffi::SQLITE_IOERR),
            (Fault::NoSpace, rusqlite::ffi::SQLITE_FULL),
            (Fault::Damage, rusqlite::ffi::SQLITE_CORRUPT),
        ] {
            if fault == before as u8 {
                return Err(asked_for(code));
            }
        }
        let place = durable.then(|| self.next_place());
        if let Some(place) = &place {
            self.sql.write_meta.execute((
                signed(place.epoch),
                signed(place.commits),
                place.hash,
                signed(place.sequence),
                signed(self.accepted),
                signed(self.purged),
            ))?;
        }
        self.committing = true;
        self.sql.commit.execute(())?;
        if let Some(place) = place {
            self.place = place;
            // Only a later opening misses it, and takes it for a process that died between the two writes.
            drop(self.tip.write(&place));
        }
        if fault == Fault::AfterCommit as u8 { Err(asked_for(rusqlite::ffi::SQLITE_IOERR)) } else { Ok(()) }
    }

    /// Where the history stands after the commit under way.
    fn next_place(&mut self) -> Place {
        let commits = self.place.commits + 1;
        self.history.update(&self.place.hash);
        self.history.update(&commits.to_le_bytes());
        self.history.update(&self.epoch.to_le_bytes());
        self.history.update(&self.clock.now().0.to_le_bytes());
        let hash = *self.history.finalize().as_bytes();
        self.history.reset();
        Place { commits, hash, epoch: self.epoch, sequence: self.sequence }
    }

    /// Leaves the transaction; `false` where it was not open any more.
    fn roll_back(&mut self) -> bool {
        self.starts.clear();
        self.bodies.clear();
        self.freed.clear();
        // Those of messages that were stored before are read again by whoever opens the database next: what was taken from them
        // for this transaction is not written, and neither are the classes that it has met.
        self.postings = Postings::default();
        // SQLite has rolled back by itself after some errors.
        let open = !self.connection.is_autocommit();
        let rolled_back = open && self.connection.execute_batch("ROLLBACK").is_ok();
        // What is counted is what is stored: the close that may come next writes it down.
        if let Ok(meta) = self.sql.meta.query_row((), Meta::read) {
            (self.accepted, self.purged) = (meta.accepted, meta.purged);
        }
        rolled_back
    }

    fn sync_commits(&mut self, sync: bool) -> Result<()> {
        if self.syncs != sync {
            self.connection.execute_batch(if sync {
                "PRAGMA synchronous = FULL"
            } else {
                "PRAGMA synchronous = NORMAL"
            })?;
            self.syncs = sync;
        }
        Ok(())
    }
}

/// After an error of the disk: what it has left in the file is looked at before anything is built on it.
fn still_sound(connection: &Connection, dir: &Path) -> Result<(), OpenError> {
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", (), |row| row.get(0))
        .map_err(|error| database_error(dir, &error))?;
    if found == "ok" { Ok(()) } else { Err(OpenError::Corrupt { dir: dir.to_owned(), why: found.into() }) }
}

/// Answers once the transaction has committed. An answer from a transaction that failed may never have been true.
fn later<T: Send + 'static>(answers: &mut Vec<AfterCommit>, answer: Answer<T>, result: Result<T>) {
    answers.push(Box::new(move |committed| {
        let result = match (result, committed) {
            (Ok(value), Ok(())) => Ok(value),
            (Ok(_), Err(failure)) => Err(failure.clone()),
            (Err(error), _) => Err(unread(&error)),
        };
        reply(answer, result);
    }));
}

/// Refuses alone what SQLite could not take, before it fails a whole batch.
fn oversized(step: &Step) -> Option<StoreError> {
    let bodies = step.emit.iter().map(|message| message.body.len());
    let states = step.state.iter().filter_map(|write| write.new.as_ref()).map(Bytes::len);
    let largest = bodies.chain(states).max().unwrap_or(0);
    (largest > LARGEST_BODY).then(|| {
        let why = format!("a body of {largest} bytes is larger than the {LARGEST_BODY} that a store takes");
        StoreError::NotStored(why.into())
    })
}

fn asked_for(code: std::ffi::c_int) -> rusqlite::Error {
    let error = rusqlite::ffi::Error::new(code);
    rusqlite::Error::SqliteFailure(error, Some("a fault that a test asked for".to_owned()))
}
