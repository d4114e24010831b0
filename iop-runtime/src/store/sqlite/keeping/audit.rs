//! The books: what was accepted is somewhere, each message in one state, and nothing hangs loose.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, Result};
use serde::Serialize;

use crate::message::Status;
use crate::store::sqlite::directory::{OpenError, connect_read_only, database_error};
use crate::store::sqlite::names::Names;
use crate::store::sqlite::row::{name_or_null, unsigned};
use crate::store::sqlite::schema::{META, Meta, read_status};

/// The books of a store at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Audit {
    /// Messages that were ever stored: counted when they were.
    pub accepted: u64,
    /// Of them, those that a purge has removed: counted when it did.
    pub purged: u64,
    /// Messages that are there: counted now.
    pub stored: u64,
    /// They, by item and state.
    pub items: Vec<ItemBooks>,
    /// Rows whose message is not there, and messages without a row that they must have.
    pub orphans: Orphans,
}

/// The messages of one item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ItemBooks {
    /// The item; `None` for messages of no item: responses to callers outside.
    pub item: Option<String>,
    /// Waiting.
    pub queued: u64,
    /// In the hands of a worker, or were when the process died.
    pub in_flight: u64,
    /// Waiting for their next attempt.
    pub retrying: u64,
    /// Waiting for a person.
    pub suspended: u64,
    /// Done.
    pub completed: u64,
    /// Taken out by somebody.
    pub discarded: u64,
    /// Taken out by a rule.
    pub expired: u64,
    /// In a state that there is not: damaged.
    pub unknown: u64,
}

impl ItemBooks {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        let waiting = self.queued + self.in_flight + self.retrying + self.suspended;
        waiting + self.completed + self.discarded + self.expired + self.unknown
    }

    fn count(&mut self, status: Option<Status>) -> &mut u64 {
        match status {
            Some(Status::Queued) => &mut self.queued,
            Some(Status::InFlight) => &mut self.in_flight,
            Some(Status::Retrying) => &mut self.retrying,
            Some(Status::Suspended) => &mut self.suspended,
            Some(Status::Completed) => &mut self.completed,
            Some(Status::Discarded) => &mut self.discarded,
            Some(Status::Expired) => &mut self.expired,
            None => &mut self.unknown,
        }
    }
}

/// What hangs loose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Orphans {
    /// Messages without a body.
    pub messages_without_body: u64,
    /// Bodies without a message.
    pub bodies: u64,
    /// Keys without a message.
    pub keys: u64,
    /// References to contents, of a message or a state that is not there.
    pub blobs: u64,
}

impl Audit {
    /// Whether the books balance: `accepted = completed + queued + in flight + retrying + suspended + discarded + expired +
    /// purged`, and nothing hangs loose.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        let by_state: u64 = self.items.iter().map(ItemBooks::total).sum();
        let unknown: u64 = self.items.iter().map(|item| item.unknown).sum();
        self.stored == by_state
            && unknown == 0
            && self.accepted == self.stored + self.purged
            && self.orphans == Orphans::default()
    }
}

/// Reads the books of a store, whoever works with it.
///
/// # Errors
/// See [`OpenError`].
pub fn audit(dir: &Path) -> Result<Audit, OpenError> {
    let connection = connect_read_only(dir)?;
    let read = || {
        connection.execute_batch("BEGIN")?;
        books(&connection)
    };
    read().map_err(|error| database_error(dir, &error))
}

/// Reads the books inside a transaction.
pub(super) fn books(connection: &Connection) -> Result<Audit> {
    let mut names = Names::default();
    names.refresh(connection)?;
    let meta = connection.query_row(META, (), Meta::read)?;
    let mut items: BTreeMap<Option<String>, ItemBooks> = BTreeMap::new();
    let mut statement = connection.prepare("SELECT target, status, count(*) FROM message NOT INDEXED GROUP BY 1, 2")?;
    let mut rows = statement.query(())?;
    let mut stored = 0;
    while let Some(row) = rows.next()? {
        // A name that is not there is that of no item.
        let item = name_or_null(row, 0, &names).ok().flatten().map(|name| name.to_string());
        let count = unsigned(row, 2)?;
        stored += count;
        let books = items.entry(item.clone()).or_insert_with(|| ItemBooks { item, ..ItemBooks::default() });
        *books.count(row.get(1).ok().and_then(read_status)) += count;
    }
    let orphans = Orphans {
        messages_without_body: count(
            connection,
            "message m WHERE NOT EXISTS (SELECT 1 FROM body b WHERE b.sequence = m.sequence)",
        )?,
        bodies: count(connection, "body b WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.sequence = b.sequence)")?,
        keys: count(connection, "key k WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.sequence = k.sequence)")?,
        blobs: count(
            connection,
            "blob b WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.sequence = b.sequence)
                AND NOT EXISTS (SELECT 1 FROM state s WHERE s.instance = b.instance)",
        )?,
    };
    Ok(Audit { accepted: meta.accepted, purged: meta.purged, stored, items: items.into_values().collect(), orphans })
}

fn count(connection: &Connection, of: &'static str) -> Result<u64> {
    connection.query_row(&["SELECT count(*) FROM ", of].concat(), (), |row| unsigned(row, 0))
}
