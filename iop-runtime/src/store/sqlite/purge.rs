//! Purging a SQLite store: what may go, for the writer that removes it and for the reader that only says so.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Result, Row, Statement};

use super::blob::User;
use super::names::Names;
use super::row::{self, signed, unsigned};
use super::writer::Writer;
use crate::clock::Timestamp;
use crate::message::{MessageId, SessionId};
use crate::store::purge::Stage;
use crate::store::{Purge, PurgeBatch, PurgeOf, Purged, Usage};

/// A batch looks at so many messages or marks for each that it may remove: most are kept as a rule.
const LOOKS: usize = 8;

/// Of the pages, one in so many stays free for what comes: a store that shrinks only to grow again gains nothing.
const KEPT_FREE: u64 = 16;

/// What decides whether a session is over.
const OF_SESSION: &str = "
    SELECT m.ended, m.type, CASE m.kind WHEN 1 THEN m.source ELSE m.target END,
           EXISTS (SELECT 1 FROM state WHERE instance = m.id)
    FROM message m WHERE m.session = ?1";

/// What a batch would remove.
#[derive(Debug, Default)]
struct Chosen {
    messages: Vec<u64>,
    marks: Vec<MessageId>,
    events: Vec<u64>,
}

impl Writer<'_> {
    /// Removes one batch.
    pub(super) fn purge(&mut self, batch: PurgeBatch) -> Result<Purged> {
        let (purged, chosen) = purgeable(self.connection, &self.names, batch)?;
        for sequence in chosen.messages {
            let sequence = signed(sequence);
            self.free_blobs(User::Message(sequence))?;
            self.remove_posting(sequence)?;
            self.sql.remove_keys.execute((sequence,))?;
            self.sql.remove_body.execute((sequence,))?;
            self.purged += self.sql.remove_message.execute((sequence,))? as u64;
        }
        for mark in chosen.marks {
            self.sql.remove_mark.execute((mark.to_bytes(),))?;
        }
        for number in chosen.events {
            self.sql.remove_event.execute((signed(number),))?;
        }
        Ok(purged)
    }

    /// Gives free pages back to the file system; `false` when there are none to give.
    pub(super) fn shrink(&mut self, bytes: u64) -> Result<bool> {
        let pages = Pages::of(self.connection)?;
        let spare = pages.free.saturating_sub(pages.all / KEPT_FREE);
        // A store of an older program, made without the book of pages that this needs, keeps its size.
        let incremental = self.connection.query_row("PRAGMA auto_vacuum", (), |row| row.get::<_, i64>(0))? == 2;
        let given = spare.min((bytes / pages.size.max(1)).max(1));
        if !incremental || spare == 0 {
            return Ok(false);
        }
        let mut vacuum = self.connection.prepare(&format!("PRAGMA incremental_vacuum({given})"))?;
        // A page with each row.
        let mut rows = vacuum.query(())?;
        while rows.next()?.is_some() {}
        Ok(spare > given)
    }
}

/// The room that a store takes.
pub(super) fn usage(connection: &Connection) -> Result<Usage> {
    let pages = Pages::of(connection)?;
    let oldest = connection
        .query_row("SELECT created FROM message ORDER BY sequence LIMIT 1", (), |row| row.get(0).map(Timestamp))
        .optional()?;
    Ok(Usage { bytes: pages.all * pages.size, free: pages.free * pages.size, oldest })
}

struct Pages {
    all: u64,
    free: u64,
    size: u64,
}

impl Pages {
    fn of(connection: &Connection) -> Result<Self> {
        let ask = |pragma: &str| connection.query_row(pragma, (), |row| unsigned(row, 0));
        Ok(Self { all: ask("PRAGMA page_count")?, free: ask("PRAGMA freelist_count")?, size: ask("PRAGMA page_size")? })
    }
}

/// What this batch would remove.
pub(super) fn preview(connection: &Connection, names: &Names, batch: PurgeBatch) -> Result<Purged> {
    purgeable(connection, names, batch).map(|(purged, _)| purged)
}

fn purgeable(connection: &Connection, names: &Names, batch: PurgeBatch) -> Result<(Purged, Chosen)> {
    match batch.cursor.stage {
        Stage::Messages => match batch.purge.sessions.clone() {
            Some(sessions) => of_sessions(connection, names, batch, &sessions),
            None => messages(connection, names, batch),
        },
        Stage::Marks => marks(connection, batch),
        Stage::Events => lines(connection, batch),
    }
}

/// How long messages are kept, by the numbers of types and items.
struct Cutoffs {
    messages: Option<Timestamp>,
    types: HashMap<i64, Option<Timestamp>>,
    items: HashMap<i64, Option<Timestamp>>,
}

impl Cutoffs {
    fn of(purge: &Purge, connection: &Connection, names: &Names) -> Result<Self> {
        let mut cutoffs = Self { messages: purge.messages, types: HashMap::new(), items: HashMap::new() };
        for rule in &purge.rules {
            let (name, rules) = match &rule.of {
                PurgeOf::Type(name) => (name, &mut cutoffs.types),
                PurgeOf::Item(name) => (name, &mut cutoffs.items),
            };
            // A name that the store has never met is on no message.
            if let Some(number) = names.find(connection, name)? {
                let before = rules.entry(number).or_insert(rule.before);
                *before = rule.before.min(*before);
            }
        }
        Ok(cutoffs)
    }

    /// Before when a message must have ended; `None` where it is kept.
    fn cutoff(&self, type_name: i64, item: Option<i64>) -> Option<Timestamp> {
        let by_type = self.types.get(&type_name);
        let by_item = item.and_then(|item| self.items.get(&item));
        // `None` sorts first: it keeps the message longest.
        by_type.into_iter().chain(by_item).copied().min().unwrap_or(self.messages)
    }

    /// Whether a message may go, from a row of `ended, type, item`, at `column`.
    fn may_go(&self, row: &Row<'_>, column: usize) -> Result<bool> {
        let ended = row::time_or_null(row, column)?;
        let before = self.cutoff(row.get(column + 1)?, row.get(column + 2)?);
        Ok(ended.zip(before).is_some_and(|(ended, before)| ended < before))
    }
}

fn messages(connection: &Connection, names: &Names, batch: PurgeBatch) -> Result<(Purged, Chosen)> {
    let PurgeBatch { purge, mut cursor, limit } = batch;
    let (mut purged, mut chosen) = (Purged::default(), Chosen::default());
    let Some(latest) = purge.latest() else {
        purged.next = cursor.next_stage();
        return Ok((purged, chosen));
    };
    let cutoffs = Cutoffs::of(&purge, connection, names)?;
    let mut size = connection.prepare("SELECT octet_length(body) FROM body WHERE sequence = ?1")?;
    let mut oldest_first = connection.prepare(
        "SELECT sequence, session, created, ended, type, CASE kind WHEN 1 THEN source ELSE target END
         FROM message WHERE sequence > ?1 ORDER BY sequence",
    )?;
    let mut of_session = connection.prepare(OF_SESSION)?;
    let mut rows = oldest_first.query((signed(cursor.after),))?;
    let mut looks = limit.saturating_mul(LOOKS);
    while let Some(row) = rows.next()? {
        if chosen.messages.len() >= limit || looks == 0 {
            purged.next = Some(cursor);
            return Ok((purged, chosen));
        }
        looks -= 1;
        let created = Timestamp(row.get(2)?);
        // What was accepted later has not ended before; a clock that was set back only puts it off.
        if created >= latest {
            break;
        }
        cursor.after = unsigned(row, 0)?;
        let session = SessionId::of(row::id(row, 1)?);
        if cutoffs.may_go(row, 3)? && cursor.may_go(session, || is_over(&mut of_session, session, &cutoffs))? {
            let bytes = size.query_row((signed(cursor.after),), |row| unsigned(row, 0)).optional()?.unwrap_or(0);
            purged.add(Purged { messages: 1, bytes, oldest: Some(created), ..Purged::default() });
            chosen.messages.push(cursor.after);
        }
    }
    purged.next = cursor.next_stage();
    Ok((purged, chosen))
}

/// The same of sessions that are named, whole ones or nothing of them.
fn of_sessions(
    connection: &Connection,
    names: &Names,
    batch: PurgeBatch,
    sessions: &[SessionId],
) -> Result<(Purged, Chosen)> {
    let PurgeBatch { purge, mut cursor, limit } = batch;
    let (mut purged, mut chosen) = (Purged::default(), Chosen::default());
    let cutoffs = Cutoffs::of(&purge, connection, names)?;
    let mut of_session = connection.prepare(OF_SESSION)?;
    let mut messages = connection.prepare(
        "SELECT m.sequence, m.created, coalesce(octet_length(b.body), 0)
         FROM message m LEFT JOIN body b ON b.sequence = m.sequence
         WHERE m.session = ?1 AND m.sequence > ?2 ORDER BY m.sequence",
    )?;
    let mut looks = limit.saturating_mul(LOOKS);
    while let Some(session) = sessions.get(cursor.session).copied() {
        if chosen.messages.len() >= limit || looks == 0 {
            purged.next = Some(cursor);
            return Ok((purged, chosen));
        }
        looks -= 1;
        if cursor.may_go(session, || is_over(&mut of_session, session, &cutoffs))? {
            let mut rows = messages.query((session.input().to_bytes(), signed(cursor.after)))?;
            while let Some(row) = rows.next()? {
                if chosen.messages.len() >= limit {
                    purged.next = Some(cursor);
                    return Ok((purged, chosen));
                }
                cursor.after = unsigned(row, 0)?;
                let (oldest, bytes) = (Some(Timestamp(row.get(1)?)), unsigned(row, 2)?);
                purged.add(Purged { messages: 1, bytes, oldest, ..Purged::default() });
                chosen.messages.push(cursor.after);
            }
        } else {
            purged.kept += 1;
        }
        (cursor.session, cursor.after) = (cursor.session + 1, 0);
    }
    purged.next = cursor.next_stage();
    Ok((purged, chosen))
}

/// Whether every message of a session may go, and no process instance of it waits on.
fn is_over(messages: &mut Statement<'_>, session: SessionId, cutoffs: &Cutoffs) -> Result<bool> {
    let mut rows = messages.query((session.input().to_bytes(),))?;
    while let Some(row) = rows.next()? {
        if row.get(3)? || !cutoffs.may_go(row, 0)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn marks(connection: &Connection, batch: PurgeBatch) -> Result<(Purged, Chosen)> {
    let PurgeBatch { purge, mut cursor, limit } = batch;
    let mut chosen = Chosen::default();
    let Some(before) = purge.marks else {
        return Ok((Purged { next: cursor.next_stage(), ..Purged::default() }, chosen));
    };
    let mut marks = connection.prepare(
        "SELECT mark, created < ?2 AND NOT EXISTS (SELECT 1 FROM message WHERE session = mark)
         FROM mark WHERE mark > ?1 ORDER BY mark LIMIT ?3",
    )?;
    let after = cursor.mark.map(MessageId::to_bytes);
    let looks = limit.saturating_mul(LOOKS);
    let (after, most) = (after.as_ref().map_or(&[][..], |mark| &mark[..]), i64::try_from(looks).unwrap_or(i64::MAX));
    let mut rows = marks.query((after, before.0, most))?;
    let mut looked = 0;
    while let Some(row) = rows.next()? {
        if chosen.marks.len() >= limit {
            break;
        }
        looked += 1;
        let mark = row::id(row, 0)?;
        cursor.mark = Some(mark);
        if row.get(1)? {
            chosen.marks.push(mark);
        }
    }
    let more = looked == looks || chosen.marks.len() >= limit;
    let next = if more { Some(cursor) } else { cursor.next_stage() };
    Ok((Purged { marks: chosen.marks.len() as u64, next, ..Purged::default() }, chosen))
}

fn lines(connection: &Connection, batch: PurgeBatch) -> Result<(Purged, Chosen)> {
    let PurgeBatch { purge, mut cursor, limit } = batch;
    let mut chosen = Chosen::default();
    let Some(before) = purge.events else {
        return Ok((Purged { next: cursor.next_stage(), ..Purged::default() }, chosen));
    };
    let mut lines = connection.prepare("SELECT number, time FROM event WHERE number > ?1 ORDER BY number LIMIT ?2")?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = lines.query((signed(cursor.after), most))?;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(1)? >= before.0 {
            break;
        }
        cursor.after = unsigned(row, 0)?;
        chosen.events.push(cursor.after);
    }
    let next = if chosen.events.len() >= limit { Some(cursor) } else { cursor.next_stage() };
    Ok((Purged { events: chosen.events.len() as u64, next, ..Purged::default() }, chosen))
}
