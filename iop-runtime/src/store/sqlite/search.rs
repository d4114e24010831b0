//! Searching a SQLite store: an index gives candidates in the order of their sequences, and each is asked the whole question.
//!
//! Which index is in `ways`: the one that gives the fewest candidates. An answer is never wrong because an index is behind or
//! gives too much; it can only take longer, and then it says how far it came. What an index says itself of a message, its
//! class or its error, is asked first: a message that it rules out is never read.

use std::time::Instant;

use rusqlite::{OptionalExtension, Result, Statement};

use super::candidates::Candidate;
use super::reader::View;
use super::row::{self, select_header, signed, unsigned};
use super::ways::Way;
use crate::clock::Timestamp;
use crate::message::{Header, hashed};
use crate::search::{Facts, Pattern, RESENT_FROM, contains};
use crate::store::viewer::page;
use crate::store::{Found, Search, StoredKey};

/// The time is looked at after so many candidates.
const BETWEEN_LOOKS: usize = 32;

/// Which sequences are asked for: those between the two, in one direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) above: i64,
    pub(super) below: i64,
    pub(super) oldest_first: bool,
}

impl Range {
    /// What is left of it behind a candidate.
    fn after(self, sequence: i64) -> Self {
        if self.oldest_first { Self { above: sequence, ..self } } else { Self { below: sequence, ..self } }
    }

    pub(super) fn sort(self, candidates: &mut Vec<Candidate>) {
        // Of two that are the same message, the one that rules it out comes first, and is kept.
        candidates.sort_unstable();
        candidates.dedup_by_key(|candidate| candidate.sequence);
        if !self.oldest_first {
            candidates.reverse();
        }
    }
}

impl View {
    pub(super) fn search(&self, search: &Search) -> Result<Found> {
        let began = Instant::now();
        let out_of_time = || search.within.is_some_and(|within| began.elapsed() >= within);
        let limit = page(search.limit);
        let mut range = self.range(search)?;
        let mut way = Way::choose(self, &search.query, range)?;
        let mut asking = Asking::prepare(self)?;
        let mut found = Found { headers: Vec::new(), next: None, looked_to: None };
        let mut chunk = limit.saturating_add(1).min(way.largest_chunk());
        loop {
            let candidates = way.next(range, chunk)?;
            for (index, Candidate { sequence, possible }) in candidates.iter().enumerate() {
                if index % BETWEEN_LOOKS == BETWEEN_LOOKS - 1 && out_of_time() {
                    return self.unfinished(found, range);
                }
                if *possible && let Some(header) = asking.holds(search, *sequence)? {
                    if found.headers.len() == limit {
                        found.next = found.headers.last().map(|header| header.sequence);
                        return Ok(found);
                    }
                    found.headers.push(header);
                }
                range = range.after(*sequence);
            }
            if candidates.len() < chunk {
                return Ok(found);
            }
            if out_of_time() {
                return self.unfinished(found, range);
            }
            chunk = (chunk * 2).min(way.largest_chunk());
        }
    }

    /// How far it came.
    fn unfinished(&self, mut found: Found, left: Range) -> Result<Found> {
        let last = if left.oldest_first { left.above } else { left.below };
        found.next = Some(last.cast_unsigned());
        let mut created = self
            .connection
            .prepare("SELECT created FROM message WHERE sequence <= ?1 ORDER BY sequence DESC LIMIT 1")?;
        found.looked_to = created.query_row((last,), |row| row.get(0).map(Timestamp)).optional()?;
        Ok(found)
    }

    /// The sequences that can match by time, page and freeze. Sequences are in the order of time, since the writer gives both;
    /// what a clock that was set back has mixed up is asked for its own time all the same.
    fn range(&self, search: &Search) -> Result<Range> {
        use crate::search::{Test, When};
        let (mut above, mut below) = (0, i64::MAX);
        for term in search.query.terms.iter().filter(|term| !term.negated) {
            match &term.test {
                Test::Since(When::At(since)) => above = above.max(self.first_since(*since)? - 1),
                Test::Until(When::At(until)) => below = below.min(self.first_since(*until)?),
                _ => {}
            }
        }
        if let Some(up_to) = search.up_to {
            below = below.min(signed(up_to).saturating_add(1));
        }
        let range = Range { above, below, oldest_first: search.oldest_first };
        Ok(match search.after.map(signed) {
            Some(after) if search.oldest_first => Range { above: above.max(after), ..range },
            Some(after) => Range { below: below.min(after), ..range },
            None => range,
        })
    }

    /// The first sequence that was accepted at or after a moment; one more than the last where there is none.
    fn first_since(&self, moment: Timestamp) -> Result<i64> {
        let ends = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?));
        let ends = self.connection.query_row(
            "SELECT (SELECT min(sequence) FROM message), (SELECT max(sequence) FROM message)",
            (),
            ends,
        )?;
        let (Some(mut low), Some(last)) = ends else { return Ok(1) };
        let mut high = last + 1;
        let mut at = self
            .connection
            .prepare("SELECT sequence, created FROM message WHERE sequence >= ?1 ORDER BY sequence LIMIT 1")?;
        while low < high {
            let middle = low + (high - low) / 2;
            let (sequence, created): (i64, i64) = at.query_row((middle,), |row| Ok((row.get(0)?, row.get(1)?)))?;
            if created >= moment.0 {
                high = middle;
            } else {
                low = sequence + 1;
            }
        }
        Ok(low)
    }
}

/// The statements that a candidate is asked with.
struct Asking<'v> {
    view: &'v View,
    header: Statement<'v>,
    key: Statement<'v>,
    keys: Statement<'v>,
    body: Statement<'v>,
}

impl<'v> Asking<'v> {
    fn prepare(view: &'v View) -> Result<Self> {
        let prepare = |sql| view.connection.prepare(sql);
        Ok(Self {
            view,
            header: prepare(select_header!("FROM message m WHERE m.sequence = ?1"))?,
            key: prepare("SELECT 1 FROM key WHERE name = ?1 AND value = ?2 AND sequence = ?3")?,
            keys: prepare("SELECT value FROM key INDEXED BY key_sequence WHERE sequence = ?1 AND name = ?2")?,
            body: prepare("SELECT body FROM body WHERE sequence = ?1")?,
        })
    }

    /// The header, where the query holds for the message. One that is gone meanwhile is none.
    fn holds(&mut self, search: &Search, sequence: i64) -> Result<Option<Header>> {
        let names = &self.view.names;
        let header = self.header.query_row((sequence,), |row| row::header_to_show(row, names)).optional()?;
        let Some(header) = header else { return Ok(None) };
        let mut asked = Asked { asking: self, header };
        let holds = search.query.holds(&mut asked)?;
        Ok(holds.then_some(asked.header))
    }
}

/// A message that is asked the whole question.
struct Asked<'a, 'v> {
    asking: &'a mut Asking<'v>,
    header: Header,
}

impl Facts for Asked<'_, '_> {
    type Error = rusqlite::Error;

    fn header(&self) -> &Header {
        &self.header
    }

    fn has_key(&mut self, name: &str, value: &Pattern) -> Result<bool> {
        let view = self.asking.view;
        let Some(number) = view.names.find(&view.connection, name)? else { return Ok(false) };
        let sequence = signed(self.header.sequence);
        if value.prefix {
            let mut rows = self.asking.keys.query((sequence, number))?;
            while let Some(row) = rows.next()? {
                if value.matches(row.get_ref(0)?.as_str()?) {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let key = &mut self.asking.key;
        Ok(key.exists((number, &*value.text, sequence))?
            || key.exists((number, hashed(name, &value.text), sequence))?)
    }

    fn is_resent(&mut self) -> Result<bool> {
        self.has_key(RESENT_FROM, &Pattern { text: "".into(), prefix: true })
    }

    fn body_contains(&mut self, text: &str) -> Result<bool> {
        let mut rows = self.asking.body.query((signed(self.header.sequence),))?;
        let Some(row) = rows.next()? else { return Ok(false) };
        Ok(contains(row.get_ref(0)?.as_bytes_or_null()?.unwrap_or_default(), text.as_bytes()))
    }
}

/// The values of a key that begin so, each once and in their order. Hashes are not shown.
impl View {
    pub(super) fn key_values(&self, name: &str, prefix: &str, limit: usize) -> Result<Vec<String>> {
        let Some(number) = self.names.find(&self.connection, name)? else { return Ok(Vec::new()) };
        let mut next =
            self.connection.prepare("SELECT value FROM key WHERE name = ?1 AND value > ?2 ORDER BY value LIMIT 1")?;
        let first = "SELECT value FROM key WHERE name = ?1 AND value >= ?2 ORDER BY value LIMIT 1";
        let mut value = self.connection.query_row(first, (number, prefix), |row| row.get::<_, String>(0)).optional()?;
        let mut values = Vec::new();
        while let Some(found) = value.filter(|found| found.starts_with(prefix) && values.len() < limit) {
            value = if found.starts_with("hash:") {
                // All of them begin so: on to what is behind.
                next.query_row((number, "hash;"), |row| row.get(0)).optional()?
            } else {
                next.query_row((number, &found), |row| row.get(0)).optional()?
            };
            if !found.starts_with("hash:") {
                values.push(found);
            }
        }
        Ok(values)
    }

    /// The keys of some messages, those of one by their names.
    pub(super) fn keys(&self, sequences: &[u64]) -> Result<Vec<StoredKey>> {
        let sql = "SELECT name, value FROM key INDEXED BY key_sequence WHERE sequence = ?1 AND substr(value, 1, 5) <> 'hash:'";
        let mut statement = self.connection.prepare(sql)?;
        let mut keys = Vec::new();
        for &sequence in sequences {
            let first = keys.len();
            let mut rows = statement.query((signed(sequence),))?;
            while let Some(row) = rows.next()? {
                // A name that came after this view was opened is for the next one.
                let Some(name) = self.names.text(row.get(0)?) else { continue };
                keys.push(StoredKey { sequence, name, value: row.get(1)? });
            }
            keys[first..].sort_by(|one: &StoredKey, other| one.name.cmp(&other.name));
        }
        Ok(keys)
    }

    /// The highest sequence that is stored; 0 where there is none.
    pub(super) fn last_sequence(&self) -> Result<u64> {
        self.connection.query_row("SELECT coalesce(max(sequence), 0) FROM message", (), |row| unsigned(row, 0))
    }
}
