//! The index of who sent what to whom: behind the commits, so that no step pays for it.
//!
//! Source, target, type, kind and priority of a message do not change, and a production has few combinations of them: its
//! *classes*. A posting says of which class a message is. The writer remembers the postings of what it stores, and writes them
//! many at a time, in a transaction that is under way anyway or when there is nothing else to do. A reader takes the postings
//! up to the watermark and looks at the few messages behind it itself.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Result, Row};

use super::row::signed;
use super::statements::Statements;
use super::writer::Writer;

/// So many postings are worth writing while others wait: a millisecond for a thousand messages.
const WORTH_WRITING: usize = 1024;

/// At most so many are written at once.
const AT_ONCE: usize = 4096;

/// Source, target, type, kind and priority, as numbers; 0 where there is no source or target.
pub(super) type Class = [i64; 5];

/// The postings that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Postings {
    classes: HashMap<Class, i64>,
    /// In the order of their sequences.
    waiting: Vec<(i64, Class)>,
}

impl Postings {
    /// Remembers a message that was stored; the one of the highest sequence so far.
    pub(super) fn remember(&mut self, sequence: u64, class: Class) {
        self.waiting.push((signed(sequence), class));
    }

    /// Whether they are worth a part of somebody else's transaction.
    pub(super) fn are_many(&self) -> bool {
        self.waiting.len() >= WORTH_WRITING
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn number(&mut self, sql: &mut Statements<'_>, class: Class) -> Result<i64> {
        if let Some(number) = self.classes.get(&class) {
            return Ok(*number);
        }
        let known = sql.class.query_row(class, |row| row.get(0)).optional()?;
        let number = match known {
            Some(number) => number,
            None => sql.insert_class.query_row(class, |row| row.get(0))?,
        };
        self.classes.insert(class, number);
        Ok(number)
    }
}

/// Reads a class from its five columns.
pub(super) fn class(row: &Row<'_>, first: usize) -> Result<Class> {
    let mut class = [0; 5];
    for (at, number) in class.iter_mut().enumerate() {
        *number = row.get(first + at)?;
    }
    Ok(class)
}

impl Writer<'_> {
    /// What an earlier opening left to be written.
    pub(super) fn remember_postings(&mut self) -> Result<()> {
        let posted: i64 = self.sql.posted.query_row((), |row| row.get(0))?;
        let mut rows = self.sql.unposted.query((posted,))?;
        while let Some(row) = rows.next()? {
            self.postings.waiting.push((row.get(0)?, class(row, 1)?));
        }
        Ok(())
    }

    /// Writes what waits, or a good part of it, inside a transaction.
    pub(super) fn write_postings(&mut self) -> Result<()> {
        let count = self.postings.waiting.len().min(AT_ONCE);
        let mut batch: Vec<_> = self.postings.waiting.drain(..count).collect();
        let Some((last, _)) = batch.last().copied() else { return Ok(()) };
        // Class by class, so that neighbours come to lie beside each other.
        batch.sort_unstable_by_key(|(sequence, class)| (*class, *sequence));
        for of_class in batch.chunk_by(|(_, one), (_, next)| one == next) {
            let Some((_, class)) = of_class.first() else { continue };
            let number = self.postings.number(&mut self.sql, *class)?;
            let sequences: Vec<i64> = of_class.iter().map(|(sequence, _)| *sequence).collect();
            self.insert_postings(number, &sequences)?;
        }
        self.sql.write_posted.execute((last,))?;
        Ok(())
    }

    /// Forgets the posting of a message that is removed, or that gets another class; before that.
    pub(super) fn remove_posting(&mut self, sequence: i64) -> Result<()> {
        if let Ok(at) = self.postings.waiting.binary_search_by_key(&sequence, |(sequence, _)| *sequence) {
            self.postings.waiting.remove(at);
            return Ok(());
        }
        let Some(class) = self.class_of(sequence)? else { return Ok(()) };
        let number = self.postings.number(&mut self.sql, class)?;
        self.sql.remove_posting.execute((number, sequence))?;
        Ok(())
    }

    /// Writes the posting of a message that has got another class.
    pub(super) fn write_posting(&mut self, sequence: i64) -> Result<()> {
        let Some(class) = self.class_of(sequence)? else { return Ok(()) };
        let number = self.postings.number(&mut self.sql, class)?;
        self.sql.insert_posting.execute((number, sequence))?;
        Ok(())
    }

    fn class_of(&mut self, sequence: i64) -> Result<Option<Class>> {
        self.sql.class_of.query_row((sequence,), |row| class(row, 0)).optional()
    }
}
