//! The files below the transactions: when the log is moved into the database, and what the pages are then.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rusqlite::{ErrorCode, Result};

use super::op::Op;
use super::writer::Writer;
use crate::store::{Event, Level};

/// Pages of the log before it is moved into the database …
const LOG: u32 = 4000;
/// … and where there is no room.
const THRIFTY_LOG: u32 = 16;

/// So long an opening, and a close, writes down pages that are not in the book yet.
const COMPLETED: Duration = Duration::from_millis(100);

/// How much of the log is moved into the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    /// As far as nobody reads in it.
    Passing,
    /// All of it: who reads in it is waited for, though not for ever.
    Whole,
}

impl Writer<'_> {
    /// Whether there is something to do once nobody asks for anything.
    pub(super) fn has_work_left(&self) -> bool {
        !self.postings.is_empty() || self.pages.is_unfinished()
    }

    /// Between two transactions: moves a long log into the database, and looks at a few pages more.
    pub(super) fn look_after_the_files(&mut self) {
        let limit = if self.is_thrifty { THRIFTY_LOG } else { LOG };
        if self.logged.load(Ordering::Relaxed) >= limit
            && let Err(error) = self.move_the_log(Move::Passing)
        {
            // Without room the log stays, and nothing is lost. Any other error may have left half a page.
            if error.sqlite_error_code() == Some(ErrorCode::DiskFull) || self.space.has_run_out() {
                self.space.run_out();
            } else {
                self.inbox.failed(&error.to_string().into());
            }
        }
        let found = self.pages.look();
        self.heed(found);
    }

    fn heed(&self, found: io::Result<bool>) {
        match found {
            Ok(true) => {}
            // What SQLite has read of it must be read again, and what it came to be found out.
            Ok(false) => self.inbox.failed(&Arc::from("a page of the database was not what was written")),
            Err(error) => self.inbox.failed(&error.to_string().into()),
        }
    }

    /// Moves the log into the database, and writes down what the pages are; gives whether all of it was moved.
    pub(super) fn move_the_log(&mut self, how: Move) -> Result<bool> {
        let before = self.pages.before_a_move();
        let sql = match how {
            Move::Passing => "PRAGMA wal_checkpoint(PASSIVE)",
            Move::Whole => "PRAGMA wal_checkpoint(FULL)",
        };
        let whole = self.connection.query_row(sql, (), |row| {
            let (logged, moved): (i64, i64) = (row.get(1)?, row.get(2)?);
            Ok(logged == moved)
        })?;
        self.pages.moved(whole, before);
        if whole {
            self.logged.store(0, Ordering::Relaxed);
        }
        Ok(whole)
    }

    /// Writes down what is not in the book yet, for a while.
    pub(super) fn complete_the_book(&mut self) {
        let found = self.pages.look_for(COMPLETED);
        self.heed(found);
    }

    /// Without room the log is moved into the database again and again, and begins anew in the room that it has.
    pub(super) fn save_room(&mut self) {
        let is_short = self.space.is_short();
        if is_short != self.is_thrifty {
            self.is_thrifty = is_short;
            // Where it fails, the next commit says why.
            if is_short && self.move_the_log(Move::Passing) == Ok(true) {
                let _ = self.connection.query_row("PRAGMA wal_checkpoint(RESTART)", (), |_| Ok(()));
            }
        }
    }

    /// Writes into the event log what was found wrong with the files, and what became of it.
    pub(super) fn tell_what_was_mended(&mut self) -> Result<()> {
        let found = std::mem::take(&mut self.pages.found);
        self.append_events(&found.iter().map(|text| self.line(text)).collect::<Vec<_>>())
    }

    /// Says something in the event log.
    pub(super) fn tell(&mut self, text: &str) {
        let line = self.line(text);
        self.batch(vec![Op::Events(vec![line])]);
    }

    fn line(&self, text: &str) -> Event {
        Event { level: Level::Warn, ..Event::of_store(text, self.clock.now()) }
    }
}
