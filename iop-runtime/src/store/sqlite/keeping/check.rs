//! Whether a store is sound: the file of SQLite, every checksum, the tip, the contents of blobs, and the books.

use std::path::Path;

use rusqlite::{Connection, Error, Result, Row};
use serde::Serialize;

use super::audit::{Audit, books};
use super::contents;
use crate::message::MessageId;
use crate::store::sqlite::checksum::damage;
use crate::store::sqlite::directory::{OpenError, connect_read_only, database_error, remembered};
use crate::store::sqlite::names::Names;
use crate::store::sqlite::row::{self, select_stored, unsigned};
use crate::store::sqlite::schema::{META, Meta};
use crate::store::sqlite::tip::LostTail;

/// So much damage is described one by one.
const DESCRIBED: usize = 1000;

/// What was found.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// Messages whose checksums were compared.
    pub messages: u64,
    /// States of process instances, and lookup tables, likewise.
    pub states: u64,
    /// Contents, likewise.
    pub blobs: u64,
    /// What SQLite finds wrong with its file.
    pub database: Vec<String>,
    /// How much is not what was written.
    pub damaged: u64,
    /// The first of it.
    pub damage: Vec<Damage>,
    /// What was acknowledged and is not there.
    pub lost: Option<LostTail>,
    /// The books; `None` where they cannot be read.
    pub books: Option<Audit>,
}

/// One thing that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Damage {
    /// `message`, `state` or `blob`.
    pub what: &'static str,
    /// Which: the id of the message or of the instance, or the name of the content; where that cannot be read, its sequence.
    pub id: String,
    /// What is wrong with it.
    pub why: String,
}

impl Check {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let balanced = self.books.as_ref().is_some_and(Audit::is_balanced);
        self.database.is_empty() && self.damaged == 0 && self.lost.is_none() && balanced
    }

    fn found(&mut self, damage: Damage) {
        self.damaged += 1;
        if self.damage.len() < DESCRIBED {
            self.damage.push(damage);
        }
    }
}

/// Checks a store, whoever works with it: as it was at the beginning.
///
/// # Errors
/// See [`OpenError`]: of a store that cannot even be opened nothing else can be said.
pub fn check(dir: &Path) -> Result<Check, OpenError> {
    let failed = |error| database_error(dir, &error);
    // Before the database: what is committed meanwhile is no loss.
    let tip = remembered(dir)?;
    let connection = connect_read_only(dir)?;
    connection.execute_batch("BEGIN").map_err(failed)?;
    let meta = connection.query_row(META, (), Meta::read).map_err(failed)?;
    let mut check = Check {
        messages: 0,
        states: 0,
        blobs: 0,
        database: Vec::new(),
        damaged: 0,
        damage: Vec::new(),
        lost: tip.and_then(|tip| LostTail::between(&tip, &meta.place)),
        books: None,
    };
    integrity(&connection, &mut check);
    for part in [messages, states] {
        if let Err(error) = part(&connection, &mut check) {
            check.database.push(error.to_string());
        }
    }
    match contents::referred(&connection) {
        Ok(referred) => {
            for id in referred {
                check.blobs += 1;
                if let Err(why) = contents::verify(dir, id) {
                    check.found(Damage { what: "blob", id: id.to_string(), why });
                }
            }
        }
        Err(error) => check.database.push(error.to_string()),
    }
    match books(&connection) {
        Ok(books) => check.books = Some(books),
        Err(error) => check.database.push(error.to_string()),
    }
    Ok(check)
}

fn integrity(connection: &Connection, check: &mut Check) {
    let ask = || -> Result<Vec<String>> {
        let mut statement = connection.prepare("PRAGMA integrity_check(100)")?;
        statement.query_map((), |row| row.get(0))?.collect()
    };
    match ask() {
        Ok(found) => check.database.extend(found.into_iter().filter(|line| line != "ok")),
        Err(error) => check.database.push(error.to_string()),
    }
}

fn messages(connection: &Connection, check: &mut Check) -> Result<()> {
    let mut names = Names::default();
    names.refresh(connection)?;
    let mut statement = connection.prepare(select_stored!("ORDER BY m.sequence"))?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        check.messages += 1;
        if let Err(error) = row::message(row, &names) {
            check.found(damaged_message(row, &error)?);
        }
    }
    Ok(())
}

/// What to say of a message that could not be read.
pub(super) fn damaged_message(row: &Row<'_>, error: &Error) -> Result<Damage> {
    let why = damage(error).unwrap_or_else(|| error.to_string());
    let id = match row::id(row, 1) {
        Ok(id) => id.to_string(),
        Err(_) => format!("sequence {}", unsigned(row, 0)?),
    };
    Ok(Damage { what: "message", id, why })
}

fn states(connection: &Connection, check: &mut Check) -> Result<()> {
    let mut statement = connection.prepare("SELECT version, data, digest, instance FROM state")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        check.states += 1;
        let verified = row::id(row, 3).and_then(|instance| row::state(row, instance));
        if let Err(error) = verified {
            let id = row::id(row, 3).unwrap_or(MessageId::from_bytes([0; 16])).to_string();
            check.found(Damage { what: "state", id, why: damage(&error).unwrap_or_else(|| error.to_string()) });
        }
    }
    Ok(())
}
