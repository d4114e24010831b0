//! A copy of a store, taken while it is at work: whole, verified, and held.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, Result};
use serde::Serialize;

use super::{Check, Copied, Keeper, KeepingError, check, contents, store_now};
use crate::store::sqlite::directory::{self, Draft, connect_read_only, database_error, io_error};
use crate::store::sqlite::row::signed;
use crate::store::sqlite::schema::{META, Meta, keep_a_log};
use crate::store::sqlite::tip::{Place, Tip};
use crate::store::{HELD, Held};

/// What was copied.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Backup {
    /// How much.
    pub copied: Copied,
    /// The check of the copy. What is damaged in it was damaged in the original.
    pub check: Check,
}

/// Copies the store `dir`, whoever works with it, to `to`, where nothing may be.
///
/// The copy is that of one moment. It is a history of its own from there on, its operations are held until somebody
/// [releases](super::release) them, and what was in flight is queued again.
///
/// # Errors
/// See [`KeepingError`]; then there is no copy.
pub fn backup(dir: &Path, to: &Path, keeper: &Keeper) -> Result<Backup, KeepingError> {
    if !directory::is_vacant(to)? {
        return Err(KeepingError::Taken(to.to_owned()));
    }
    drop(connect_read_only(dir)?);
    let failed = |error| database_error(dir, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(dir.join(directory::DATABASE), flags).map_err(failed)?;
    source.busy_timeout(std::time::Duration::from_secs(5)).map_err(failed)?;
    let draft = Draft::begin(to)?;
    // Contents first, and then those that came meanwhile: what a purge removes in between is no longer referred to.
    copy_contents(&source, dir, draft.path()).map_err(failed)?;
    let database = draft.path().join(directory::DATABASE);
    directory::private_empty(&database).map_err(io_error("make", &database))?;
    source.execute("VACUUM INTO ?1", (database.to_string_lossy(),)).map_err(failed)?;
    drop(source);
    let held = Held {
        copy_of: std::path::absolute(dir).map_err(io_error("find", dir))?,
        taken: store_now().to_string(),
        by: keeper.who.clone(),
    };
    let copy = Connection::open(&database).map_err(failed)?;
    let place = begin_anew(&copy, &held).map_err(failed)?;
    copy_contents(&copy, dir, draft.path()).map_err(failed)?;
    copy.close().map_err(|(_, error)| failed(error))?;
    let tip = draft.path().join(directory::TIP);
    let mut file = Tip::new(directory::private_empty(&tip).map_err(io_error("make", &tip))?);
    file.begin_at(&place).map_err(io_error("write", &tip))?;
    draft.lock_file()?;
    let check = check(draft.path())?;
    if !check.database.is_empty() || check.lost.is_some() {
        return Err(KeepingError::BadCopy { to: to.to_owned(), why: check.database.join("; ") });
    }
    draft.finish()?;
    let copied = Copied { messages: check.messages, states: check.states, blobs: check.blobs };
    Ok(Backup { copied, check })
}

/// Copies what is missing of the contents. One that cannot be copied is damage of the original, which the check of the copy
/// tells.
fn copy_contents(database: &Connection, from: &Path, to: &Path) -> Result<()> {
    for id in contents::referred(database)? {
        drop(contents::copy(from, to, id));
    }
    Ok(())
}

/// Makes the copy a history of its own: nothing that belongs to the original fits it any more, and the other way round.
fn begin_anew(copy: &Connection, held: &Held) -> Result<Place> {
    keep_a_log(copy)?;
    copy.execute_batch("PRAGMA synchronous = FULL; BEGIN")?;
    let meta = copy.query_row(META, (), Meta::read)?;
    let mut history = blake3::Hasher::new();
    history.update(&meta.place.hash);
    history.update(held.taken.as_bytes());
    let place = Place {
        commits: meta.place.commits + 1,
        epoch: meta.place.epoch + 1,
        hash: *history.finalize().as_bytes(),
        sequence: meta.place.sequence,
    };
    let moved = (signed(place.epoch), signed(place.commits), place.hash);
    copy.execute("UPDATE meta SET epoch = ?1, commits = ?2, hash = ?3", moved)?;
    // Nobody works on the copy, and its first opening must not take that for a crash.
    copy.execute("UPDATE message SET status = 0, rank = 255 - priority WHERE status = 3", ())?;
    let note = serde_json::to_string(held).unwrap_or_default();
    copy.execute("INSERT OR REPLACE INTO note (name, text) VALUES (?1, ?2)", (HELD, note))?;
    let text =
        format!("this store is a copy of {}, taken by {}; its operations are held", held.copy_of.display(), held.by);
    let event = super::line(&text, store_now());
    copy.execute(
        "INSERT INTO event (time, level, module, text) VALUES (?1, ?2, ?3, ?4)",
        (event.time.0, crate::store::sqlite::schema::level(event.level), event.module, event.text),
    )?;
    copy.execute_batch("COMMIT")?;
    copy.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
    Ok(place)
}
