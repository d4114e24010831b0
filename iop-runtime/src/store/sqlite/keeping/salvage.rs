//! What can be saved of a store that is damaged: every row whose checksum holds, in a new store.

use std::fs;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, Error, OpenFlags, OptionalExtension, Result, Row, Statement, params_from_iter};
use serde::Serialize;

use super::check::damaged_message;
use super::first_page::copy_with_first_page;
use super::{Copied, Damage, Keeper, KeepingError, contents, store_now, write_down};
use crate::store::sqlite::checksum::damage;
use crate::store::sqlite::directory::{self, Directory, Draft, OpenError, connect_read_only, database_error, io_error};
use crate::store::sqlite::names::Names;
use crate::store::sqlite::row::{self, select_header, signed, unsigned};
use crate::store::sqlite::schema::{META, Meta};
use crate::store::sqlite::tip::{Place, Tip};

/// After a page that cannot be read, so many messages are looked for one by one before the rest is read in order again.
const ONE_BY_ONE: u64 = 256;

/// What was saved, and what was not.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Salvage {
    /// What is in the new store.
    pub copied: Copied,
    /// What is not.
    pub left_behind: LeftBehind,
}

/// What was not saved.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct LeftBehind {
    /// Messages, states and contents that were found and are not what was written.
    pub damaged: Vec<Damage>,
    /// Messages that the books of the old store know of, and that were not found; `None` where the books cannot be read.
    pub missing: Option<u64>,
    /// What could not be read in order, and why: between what is there something may be missing.
    pub unreadable: Vec<String>,
}

impl LeftBehind {
    /// Whether everything was saved.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.damaged.is_empty() && self.unreadable.is_empty() && self.missing == Some(0)
    }
}

/// Copies what is sound of the store `dir`, which nobody may have open, to a new store `to`. The old one is left as it is.
///
/// # Errors
/// See [`KeepingError`].
pub fn salvage(dir: &Path, to: &Path, keeper: &Keeper) -> Result<Salvage, KeepingError> {
    if !directory::is_vacant(to)? {
        return Err(KeepingError::Taken(to.to_owned()));
    }
    let taken = Directory::take_existing(dir);
    let failed = |error| database_error(dir, &error);
    let draft = Draft::begin(to)?;
    draft.fill()?;
    // Held to the end: nobody may work on it meanwhile.
    let (_held, old) = match taken {
        Ok(taken) => ((Some(taken), None), dir.to_owned()),
        Err(OpenError::NotAStore { .. }) if directory::was_a_store(dir) => {
            let lock = directory::lock(dir)?;
            ((None, Some(lock)), copy_with_first_page(dir, draft.path())?)
        }
        Err(error) => return Err(error.into()),
    };
    let source = connect_read_only(&old)?;
    let database = draft.path().join(directory::DATABASE);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let target = Connection::open_with_flags(&database, flags).map_err(failed)?;
    target.execute("ATTACH ?1 AS old", (read_only_uri(&old.join(directory::DATABASE)),)).map_err(failed)?;
    // Synced as a whole at the end.
    target.execute_batch("PRAGMA main.synchronous = OFF; BEGIN").map_err(failed)?;
    let mut work =
        Work { source: &source, target: &target, copied: Copied::default(), left: LeftBehind::default(), lost: 0 };
    let place = work.all(dir, draft.path()).map_err(failed)?;
    let Work { copied, mut left, .. } = work;
    target.execute_batch("COMMIT; DETACH old; PRAGMA main.wal_checkpoint(TRUNCATE)").map_err(failed)?;
    target.close().map_err(|(_, error)| failed(error))?;
    drop(source);
    if old != dir {
        left.unreadable.insert(0, "the first page of the database: another one was put in its place".to_owned());
        fs::remove_dir_all(&old).map_err(io_error("remove", &old))?;
    }
    let tip = draft.path().join(directory::TIP);
    let file = directory::open_private(&tip).map_err(io_error("open", &tip))?;
    Tip::new(file).begin_at(&place).map_err(io_error("write", &tip))?;
    draft.finish()?;
    let text = format!("salvaged from {}: {} messages, {} damaged", dir.display(), copied.messages, left.damaged.len());
    write_down(to, keeper, "store.salvage", &text)?;
    Ok(Salvage { copied, left_behind: left })
}

/// A file name as SQLite attaches it without the right to write.
fn read_only_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for character in path.to_string_lossy().chars() {
        match character {
            '%' | '?' | '#' => uri.push_str(&format!("%{:02x}", u32::from(character))),
            other => uri.push(other),
        }
    }
    uri.push_str("?mode=ro");
    uri
}

struct Work<'c> {
    source: &'c Connection,
    target: &'c Connection,
    copied: Copied,
    left: LeftBehind,
    /// Messages that were found and could not be copied.
    lost: u64,
}

impl Work<'_> {
    fn all(&mut self, dir: &Path, to: &Path) -> Result<Place> {
        let tables: Vec<String> = {
            let mut tables =
                self.target.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
            tables.query_map((), |row| row.get(0))?.collect::<Result<_>>()?
        };
        // What has checksums of its own is copied row by row below, the index behind the commits is made anew by the first
        // opening, and the rest is copied as it is.
        let apart = ["meta", "message", "body", "state", "class", "posting", "posted"];
        for table in tables.iter().filter(|table| !apart.contains(&table.as_str()) && !table.starts_with("sqlite_")) {
            self.table(table)?;
        }
        self.messages()?;
        self.states()?;
        self.target.execute_batch(
            "DELETE FROM key WHERE sequence NOT IN (SELECT sequence FROM message);
             DELETE FROM blob WHERE sequence IS NOT NULL AND sequence NOT IN (SELECT sequence FROM message);
             DELETE FROM blob WHERE instance IS NOT NULL AND instance NOT IN (SELECT instance FROM state);",
        )?;
        for id in contents::referred(self.target)? {
            match contents::copy(dir, to, id) {
                Ok(()) => self.copied.blobs += 1,
                Err(why) => self.left.damaged.push(Damage { what: "blob", id: id.to_string(), why }),
            }
        }
        self.books()
    }

    /// Begins the books anew: what is there is what was accepted.
    fn books(&mut self) -> Result<Place> {
        let old = self.source.query_row(META, (), Meta::read);
        let highest = "SELECT coalesce(max(sequence), 0), coalesce(max(epoch), 0) FROM message";
        let (sequence, epoch) = self.target.query_row(highest, (), |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?)))?;
        let mut place = Place { commits: 1, epoch, hash: [0; 32], sequence };
        match old {
            Ok(old) => {
                let known = old.accepted.saturating_sub(old.purged);
                self.left.missing = Some(known.saturating_sub(self.copied.messages + self.lost));
                place.commits = old.place.commits + 1;
                place.epoch = place.epoch.max(old.place.epoch);
                place.sequence = place.sequence.max(old.place.sequence);
                place.hash =
                    *blake3::hash(&[&old.place.hash[..], store_now().to_string().as_bytes()].concat()).as_bytes();
            }
            Err(error) => self.left.unreadable.push(format!("meta: {error}")),
        }
        let meta = (
            signed(place.epoch),
            signed(place.commits),
            place.hash,
            signed(place.sequence),
            signed(self.copied.messages),
        );
        self.target.execute(
            "UPDATE meta SET epoch = ?1, commits = ?2, hash = ?3, sequence = ?4, accepted = ?5, purged = 0",
            meta,
        )?;
        Ok(place)
    }

    /// Copies a table as far as it can be read: from its beginning, and where that ends early, from its end.
    fn table(&mut self, table: &str) -> Result<()> {
        let by = self.order_of(table)?;
        let forward = format!("SELECT * FROM {table} ORDER BY {by}");
        if let Err(error) = self.rows(table, &forward) {
            self.left.unreadable.push(format!("{table}: {error}"));
            let backward: Vec<String> = by.split(", ").map(|column| format!("{column} DESC")).collect();
            // It ends where the first one did, from the other side.
            let _ = self.rows(table, &format!("SELECT * FROM {table} ORDER BY {}", backward.join(", ")));
        }
        Ok(())
    }

    /// The columns by which a table lies in its file.
    fn order_of(&self, table: &str) -> Result<String> {
        let mut columns = self.target.prepare("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk")?;
        let key: Vec<String> = columns.query_map((table,), |row| row.get(0))?.collect::<Result<_>>()?;
        let without_rowid = self.target.prepare(&format!("SELECT rowid FROM {table}")).is_err();
        Ok(if without_rowid { key.join(", ") } else { "rowid".to_owned() })
    }

    fn rows(&mut self, table: &str, select: &str) -> Result<()> {
        let mut statement = self.source.prepare(select)?;
        let width = statement.column_count();
        let places = vec!["?"; width].join(", ");
        let mut insert = self.target.prepare(&format!("INSERT OR IGNORE INTO {table} VALUES ({places})"))?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let values = (0..width).map(|column| row.get::<_, Value>(column)).collect::<Result<Vec<_>>>()?;
            insert.execute(params_from_iter(values))?;
        }
        Ok(())
    }

    /// Copies messages in order; behind a page that cannot be read, one by one until they can be again.
    fn messages(&mut self) -> Result<()> {
        let highest = self.source.query_row("SELECT max(sequence) FROM message", (), |row| unsigned(row, 0));
        let known = self.source.query_row(META, (), Meta::read).map(|meta| meta.place.sequence);
        let highest = highest.unwrap_or(0).max(known.unwrap_or(0));
        let mut one = OneMessage::prepare(self.source, self.target)?;
        let mut in_order = self.source.prepare("SELECT sequence FROM message WHERE sequence > ?1 ORDER BY sequence")?;
        let mut seen: u64 = 0;
        loop {
            let mut rows = in_order.query((signed(seen),))?;
            let error = loop {
                match rows.next() {
                    Ok(Some(row)) => seen = unsigned(row, 0)?,
                    Ok(None) => return Ok(()),
                    Err(error) => break error,
                }
                self.message(&mut one, seen)?;
            };
            drop(rows);
            self.left.unreadable.push(format!("messages behind the sequence {seen}: {error}"));
            if seen >= highest {
                return Ok(());
            }
            let last = (seen + ONE_BY_ONE).min(highest);
            for sequence in seen + 1..=last {
                self.message(&mut one, sequence)?;
            }
            seen = last;
        }
    }

    fn message(&mut self, one: &mut OneMessage<'_>, sequence: u64) -> Result<()> {
        match one.copy(sequence)? {
            Found::Nothing => {}
            Found::Sound => self.copied.messages += 1,
            Found::WithoutBody(damage) => {
                self.copied.messages += 1;
                self.left.damaged.push(damage);
            }
            Found::Damaged(damage) => {
                self.lost += 1;
                self.left.damaged.push(damage);
            }
        }
        Ok(())
    }

    fn states(&mut self) -> Result<()> {
        let mut insert = self
            .target
            .prepare("INSERT OR IGNORE INTO state (instance, version, digest, data) VALUES (?1, ?2, ?3, ?4)")?;
        let mut copy = |order: &str| -> Result<()> {
            let select = format!("SELECT version, data, digest, instance FROM state ORDER BY rowid {order}");
            let mut statement = self.source.prepare(&select)?;
            let mut rows = statement.query(())?;
            while let Some(row) = rows.next()? {
                let instance = row::id(row, 3);
                let verified = instance.and_then(|instance| Ok((instance, row::state(row, instance)?)));
                match verified {
                    Ok((instance, state)) => {
                        let digest: i64 = row.get(2)?;
                        let data = row::text_or_blob(&state.data);
                        let copied = insert.execute((instance.to_bytes(), signed(state.version), digest, data))?;
                        self.copied.states += copied as u64;
                    }
                    Err(error) => {
                        let id = row::id(row, 3).map_or_else(|_| "unreadable".to_owned(), |id| id.to_string());
                        let why = damage(&error).unwrap_or_else(|| error.to_string());
                        let found = Damage { what: "state", id, why };
                        if !self.left.damaged.contains(&found) {
                            self.left.damaged.push(found);
                        }
                    }
                }
            }
            Ok(())
        };
        if let Err(error) = copy("ASC") {
            self.left.unreadable.push(format!("states: {error}"));
            // It ends where the first one did, from the other side.
            let _ = copy("DESC");
        }
        Ok(())
    }
}

/// What was found under a sequence.
enum Found {
    Nothing,
    Sound,
    /// Its header was copied: it will be seen, and suspended, where it belongs.
    WithoutBody(Damage),
    Damaged(Damage),
}

/// The statements that copy one message.
struct OneMessage<'c> {
    names: Names,
    header: Statement<'c>,
    body: Statement<'c>,
    copy_header: Statement<'c>,
    copy_body: Statement<'c>,
    no_body: Statement<'c>,
}

impl<'c> OneMessage<'c> {
    fn prepare(source: &'c Connection, target: &'c Connection) -> Result<Self> {
        let mut names = Names::default();
        names.refresh(target)?;
        Ok(Self {
            names,
            header: source.prepare(select_header!("FROM message m WHERE m.sequence = ?1"))?,
            body: source.prepare("SELECT digest, body FROM body WHERE sequence = ?1")?,
            copy_header: target.prepare("INSERT INTO main.message SELECT * FROM old.message WHERE sequence = ?1")?,
            copy_body: target.prepare("INSERT INTO main.body SELECT * FROM old.body WHERE sequence = ?1")?,
            no_body: target.prepare("INSERT INTO main.body (sequence, digest, body) VALUES (?1, 0, '')")?,
        })
    }

    fn copy(&mut self, sequence: u64) -> Result<Found> {
        let names = &self.names;
        let read = |row: &Row<'_>| {
            Ok(row::header(row, names).map(|header| header.id).map_err(|error| damaged_message(row, &error)))
        };
        let id = match self.header.query_row((signed(sequence),), read).optional() {
            Ok(None) => return Ok(Found::Nothing),
            Ok(Some(Ok(id))) => id,
            Ok(Some(Err(damage))) => return Ok(Found::Damaged(damage?)),
            Err(error) => {
                let (id, why) = (format!("sequence {sequence}"), error.to_string());
                return Ok(Found::Damaged(Damage { what: "message", id, why }));
            }
        };
        let body = self.body.query_row((signed(sequence),), |row| row::verified_body(row, id));
        let sequence = (signed(sequence),);
        if let Err(error) = self.copy_header.execute(sequence) {
            return Ok(Found::Damaged(Damage { what: "message", id: id.to_string(), why: error.to_string() }));
        }
        match body {
            Ok(()) => {
                self.copy_body.execute(sequence)?;
                Ok(Found::Sound)
            }
            Err(error) => {
                // As far as it can be read it is kept for people; its checksum keeps workers from it.
                if damage(&error).is_none() || self.copy_body.execute(sequence).unwrap_or(0) == 0 {
                    self.no_body.execute(sequence)?;
                }
                let why = match error {
                    Error::QueryReturnedNoRows => "it has no body".to_owned(),
                    error => damage(&error).unwrap_or_else(|| error.to_string()),
                };
                Ok(Found::WithoutBody(Damage { what: "message", id: id.to_string(), why }))
            }
        }
    }
}
