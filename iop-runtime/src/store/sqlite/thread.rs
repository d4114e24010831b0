//! The thread that owns the only write connection, from the opening of the store to its end.
//!
//! One round of its loop is one connection: a recovery from a failure begins another one, so that nothing of a failed
//! transaction is left in memory.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rusqlite::hooks::Wal;
use rusqlite::{Connection, Result};

use super::directory::{DATABASE, Directory, OpenError, database_error, io_error};
use super::flight::Book;
use super::inbox::{Inbox, Work};
use super::op::{Answer, reply};
use super::pages::Pages;
use super::space::Space;
use super::tip::Tip;
use super::writer::Writer;
use crate::clock::Clock;
use crate::store::StoreError;
use crate::store::blobs::Blobs;

/// Where nobody has asked for anything for so long, what can wait is done.
const IDLE: Duration = Duration::from_millis(250);

/// So long an opening compares the pages of the database with their checksums: about 300 MiB.
const COMPARED: Duration = Duration::from_millis(250);

/// What the writer has from its store for as long as it runs.
pub(super) struct Setup {
    pub(super) directory: Directory,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) fault: Arc<AtomicU8>,
    pub(super) blobs: Blobs,
    pub(super) space: Arc<Space>,
    pub(super) flights: Arc<Book>,
    /// Pages in the log after the last commit.
    pub(super) logged: Arc<AtomicU32>,
}

/// Who waits to hear that the store is open.
enum Waiting {
    Opener(mpsc::SyncSender<Result<(), OpenError>>),
    Recovery(Answer<()>),
}

impl Waiting {
    fn tell(self, result: Result<(), OpenError>) {
        match self {
            // Nobody waits any more: then there is nobody to tell.
            Self::Opener(opener) => drop(opener.send(result)),
            Self::Recovery(answer) => {
                reply(answer, result.map_err(|error| not_recovered(&error)));
            }
        }
    }
}

/// What a store that is damaged says cannot be helped by another attempt.
fn not_recovered(error: &OpenError) -> StoreError {
    let why = error.to_string().into();
    match error {
        OpenError::Corrupt { .. } | OpenError::LostTail { .. } => StoreError::Corrupt(why),
        _ => StoreError::NotStored(why),
    }
}

/// Why a connection was left.
enum Left {
    Recover(Answer<()>),
    Close(Answer<()>, Result<()>),
    Stop,
}

/// Runs until the store is closed or dropped.
pub(super) fn run(mut setup: Setup, opener: mpsc::SyncSender<Result<(), OpenError>>) {
    // Whatever ends this thread, nobody waits for it in vain.
    let _hangup = Hangup(setup.inbox.clone());
    let mut waiting = Waiting::Opener(opener);
    let mut first = true;
    // Longer open than any connection.
    let mut pages = None;
    let mut mends = false;
    loop {
        let left = match setup.connect(&mut pages, mends) {
            Ok((connection, tip, pages)) => serve(&setup, &connection, (tip, pages), first, waiting),
            Err(error) => Err((waiting, error)),
        };
        let mended = std::mem::take(&mut mends);
        waiting = match left {
            // Behind the end of a log there may lie what a failed transaction has left, which looks like what a damaged frame
            // hides. Only where the tip misses something is the log mended.
            Err((waiting, OpenError::LostTail { .. })) if !mended => {
                mends = true;
                waiting
            }
            Ok(Left::Recover(answer)) => Waiting::Recovery(answer),
            Ok(Left::Close(answer, result)) => {
                let result = result.or_else(|error| setup.close_once_more(&mut pages).ok_or(error));
                drop((pages, setup));
                reply(answer, result.map_err(|error| StoreError::Unknown(error.to_string().into())));
                return;
            }
            Ok(Left::Stop) => return,
            Err((waiting, error)) => {
                if first {
                    pages.iter_mut().for_each(Pages::leave_as_found);
                    setup.directory.leave_as_found();
                }
                waiting.tell(Err(error));
                if first {
                    return;
                }
                match setup.wait_for_recovery() {
                    Some(answer) => Waiting::Recovery(answer),
                    None => return,
                }
            }
        };
        first = first && mends;
    }
}

/// Ends the inbox with the thread.
struct Hangup(Arc<Inbox>);

impl Drop for Hangup {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Setup {
    /// Opens the database, after its pages were compared: SQLite must not read what is not what was written.
    fn connect<'p>(
        &self,
        pages: &'p mut Option<Pages>,
        mends: bool,
    ) -> Result<(Connection, Tip, &'p mut Pages), OpenError> {
        let dir = &self.directory.path;
        let tip = Tip::new(self.directory.tip()?);
        let database = dir.join(DATABASE);
        let pages = match pages {
            Some(pages) => pages,
            None => pages.insert(Pages::open(dir).map_err(io_error("read", &database))?),
        };
        pages.compare(COMPARED, mends).map_err(io_error("read", &database))?;
        let failed = |error| database_error(dir, &error);
        let mut connection = self.directory.connect().map_err(failed)?;
        let logged = self.logged.clone();
        let count = move |_: &mut Wal, pages| {
            logged.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        };
        connection.wal_hook(Some(count)).map_err(failed)?;
        Ok((connection, tip, pages))
    }

    /// After a failure of the disk: what could not be stored on the way out is tried once more, on a connection that knows
    /// nothing of it. `None` where that fails as well.
    fn close_once_more(&self, pages: &mut Option<Pages>) -> Option<()> {
        let (connection, tip, pages) = self.connect(pages, false).ok()?;
        Writer::open(self, &connection, (tip, pages), false).ok()?.finish().ok()
    }

    /// There is no usable connection: everything but another attempt is refused.
    fn wait_for_recovery(&self) -> Option<Answer<()>> {
        loop {
            match self.inbox.take(None) {
                Work::Recover(answer) => return Some(answer),
                Work::Close(answer) => {
                    reply(answer, Ok(()));
                    return None;
                }
                Work::Stop => return None,
                Work::Idle => {}
                Work::Batch(batch) => {
                    for op in batch {
                        op.refuse(StoreError::Read("the store has not recovered from a failure".into()));
                    }
                }
            }
        }
    }
}

/// Works on one connection.
fn serve(
    setup: &Setup,
    connection: &Connection,
    files: (Tip, &mut Pages),
    first: bool,
    waiting: Waiting,
) -> Result<Left, (Waiting, OpenError)> {
    let mut writer = match Writer::open(setup, connection, files, first) {
        Ok(writer) => writer,
        Err(error) => return Err((waiting, error)),
    };
    let noted = setup.flights.begin(&setup.directory.path, writer.epoch);
    setup.inbox.opened(writer.epoch, writer.sequence + 1);
    if let Err(error) = noted {
        writer.tell(&format!("`flight` cannot be made, so a message that ends the process will not be found: {error}"));
    }
    writer.complete_the_book();
    waiting.tell(Ok(()));
    loop {
        let idle = if writer.has_work_left() { Some(IDLE) } else { None };
        match setup.inbox.take(idle) {
            Work::Batch(batch) => {
                writer.batch(batch);
                writer.look_after_the_files();
            }
            Work::Idle => {
                writer.batch(Vec::new());
                writer.look_after_the_files();
            }
            Work::Recover(answer) => return Ok(Left::Recover(answer)),
            Work::Close(answer) => {
                // What is damaged is left for those who save what they can of it.
                let result = if writer.is_damaged { Ok(()) } else { writer.finish() };
                return Ok(Left::Close(answer, result));
            }
            Work::Stop => return Ok(Left::Stop),
        }
    }
}
