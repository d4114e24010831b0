//! Ways to the candidates of a search: which indexes can give them in the order of their sequences, and which gives the fewest.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Result, Row};

use super::candidates::{Candidate, MANY, Sieve, Stream};
use super::posting::{self, Class};
use super::reader::View;
use super::schema::{self, status};
use super::search::Range;
use crate::message::{MessageId, Status, SuspendReason, hashed};
use crate::search::{Mark, Pattern, Query, RESENT_FROM, Term, Test, contains};

/// Sequences that have no order of their own are read up to so many, and then put in order.
const SORTED: usize = 10_000;

/// More parts of the index of the queues than this are no way.
const MOST_PARTS: usize = 500;

/// The states that have an index of their own: few messages are in them.
const RARE: [i64; 4] = [status::RETRYING, status::SUSPENDED, status::DISCARDED, status::EXPIRED];

/// The columns of a [`Class`], as an index has them that is not of classes. Then the sieves that look at them need no row.
const CLASS: &str = ", coalesce(source, 0), coalesce(target, 0), type, kind, priority";

/// The largest number of candidates that is fetched at once.
const LARGEST_CHUNK: usize = 2048;

/// The same where the bodies are read for it, which may be large: the time is looked at between two chunks.
const LARGEST_CHUNK_OF_BODIES: usize = 64;

/// How candidates are found: some are known, the others are what any of these indexes gives.
#[derive(Default)]
pub(super) struct Way<'v> {
    /// In no order.
    known: Vec<i64>,
    streams: Vec<Stream<'v>>,
    /// Bodies are read on this way.
    of_bodies: bool,
}

impl<'v> Way<'v> {
    /// The way with the fewest candidates.
    pub(super) fn choose(view: &'v View, query: &'v Query, range: Range) -> Result<Self> {
        let mut best: Option<(usize, Way<'v>)> = None;
        let mut ways = Vec::new();
        for term in query.terms.iter().filter(|term| !term.negated) {
            ways.extend(of_term(view, range, query, &term.test)?);
        }
        ways.extend(of_states(view, range, query)?);
        ways.extend(of_classes(view, range, query)?);
        for mut way in ways {
            let size = way.size(range)?;
            if best.as_ref().is_none_or(|(least, _)| size < *least) {
                best = Some((size, way));
            }
        }
        match best {
            Some((_, way)) => Ok(way),
            None => of_everything(view, range, query),
        }
    }

    fn known(known: Vec<i64>) -> Self {
        Self { known, ..Self::default() }
    }

    fn streams(streams: Vec<Stream<'v>>) -> Self {
        Self { streams, ..Self::default() }
    }

    /// The largest number of candidates that is worth fetching at once.
    pub(super) fn largest_chunk(&self) -> usize {
        if self.of_bodies { LARGEST_CHUNK_OF_BODIES } else { LARGEST_CHUNK }
    }

    /// At most `count` candidates of a range, in its order; fewer only where there are no more.
    pub(super) fn next(&mut self, range: Range, count: usize) -> Result<Vec<Candidate>> {
        let known = self.known.iter().copied().filter(|sequence| (range.above + 1..range.below).contains(sequence));
        let mut found: Vec<_> = known.map(Candidate::possible).collect();
        for stream in &mut self.streams {
            stream.next(range, count, &mut found)?;
        }
        range.sort(&mut found);
        found.truncate(count);
        Ok(found)
    }

    /// How many candidates, counted up to a limit.
    fn size(&mut self, range: Range) -> Result<usize> {
        let mut size = self.known.len();
        for stream in &mut self.streams {
            if size < MANY {
                size += stream.size(range)?;
            }
        }
        Ok(size)
    }
}

/// Every message, where no index has fewer. Where a text is looked for in the bodies, they are read one behind the other, which
/// is quicker than message by message.
fn of_everything<'v>(view: &'v View, range: Range, query: &'v Query) -> Result<Way<'v>> {
    let texts: Vec<&[Arc<str>]> = positive(query)
        .filter_map(|test| match test {
            Test::Text(texts) => Some(&texts[..]),
            _ => None,
        })
        .collect();
    if texts.is_empty() {
        return Ok(Way::streams(vec![Stream::new(view, range, "FROM message WHERE TRUE", vec![Vec::new()])?]));
    }
    let bodies = Stream::reading(view, range, ", body", "FROM body WHERE TRUE", vec![Vec::new()])?;
    let sieve = move |row: &Row<'_>| {
        let body = row.get_ref(1)?.as_bytes_or_null()?.unwrap_or_default();
        Ok(have_all(&texts, body))
    };
    Ok(Way { of_bodies: true, ..Way::streams(vec![bodies.through(Box::new(sieve))]) })
}

/// What has to hold.
fn positive(query: &Query) -> impl Iterator<Item = &Test> {
    query.terms.iter().filter(|term| !term.negated).map(|term| &term.test)
}

/// Whether one text of each row of alternatives is in there.
fn have_all(rows: &[&[Arc<str>]], within: &[u8]) -> bool {
    rows.iter().all(|texts| texts.iter().any(|text| contains(within, text.as_bytes())))
}

/// The way that one condition opens.
fn of_term<'v>(view: &'v View, range: Range, query: &'v Query, test: &'v Test) -> Result<Option<Way<'v>>> {
    let id = |id: MessageId| vec![Value::Blob(id.to_bytes().to_vec())];
    Ok(match test {
        Test::Id(ids) => {
            let mut known = Vec::new();
            for id in ids {
                let sql = "SELECT sequence FROM message WHERE id = ?1";
                known.extend(view.rows(sql, (id.to_bytes(),), |row| row.get::<_, i64>(0))?);
            }
            Some(Way::known(known))
        }
        Test::Session(sessions) => {
            let sessions = sessions.iter().map(|session| id(session.input())).collect();
            let rest = "FROM message INDEXED BY message_session WHERE session = ?1";
            Some(Way::streams(vec![Stream::new(view, range, rest, sessions)?]))
        }
        Test::Key(name, values) => of_key(view, range, name, values)?,
        Test::Is(marks) => of_marks(view, range, query, marks)?,
        // What is found damaged when it is read is suspended as corrupt, and no index says so.
        Test::Reason(reasons) if !reasons.contains(&SuspendReason::Corrupt) => {
            Some(Way::streams(vec![of_reasons(view, range, query, reasons)?]))
        }
        // An empty text is in every error, and in what has none as well.
        Test::Error(texts) if texts.iter().all(|text| !text.is_empty()) => {
            Some(Way::streams(vec![of_errors(view, range, query)?]))
        }
        _ => None,
    })
}

/// Those with any of these marks.
fn of_marks<'v>(view: &'v View, range: Range, query: &'v Query, marks: &[Mark]) -> Result<Option<Way<'v>>> {
    let mut all = Way::default();
    for mark in marks {
        match mark {
            Mark::Late => {
                let rest = "FROM message INDEXED BY message_late WHERE late = 1";
                let late = Stream::reading(view, range, CLASS, rest, vec![Vec::new()])?;
                all.streams.push(late.through(of_its_class(view, query)));
            }
            Mark::Orphaned => all.streams.push(of_reasons(view, range, query, &[SuspendReason::Orphaned])?),
            Mark::Resent => {
                let any = Pattern { text: "".into(), prefix: true };
                let Some(resent) = of_key(view, range, RESENT_FROM, &[any])? else { return Ok(None) };
                all.known.extend(resent.known);
                all.streams.extend(resent.streams);
            }
        }
    }
    Ok(Some(all))
}

fn of_reasons<'v>(view: &'v View, range: Range, query: &'v Query, reasons: &[SuspendReason]) -> Result<Stream<'v>> {
    let rest = "FROM message INDEXED BY message_reason WHERE reason IS NOT NULL AND reason = ?1";
    let asked = reasons.iter().map(|reason| vec![Value::Integer(schema::reason(*reason))]).collect();
    Ok(Stream::reading(view, range, CLASS, rest, asked)?.through(of_its_class(view, query)))
}

/// What has an error: the index has its text, so that the others are not read.
fn of_errors<'v>(view: &'v View, range: Range, query: &'v Query) -> Result<Stream<'v>> {
    let columns = format!("{CLASS}, error");
    let rest = "FROM message INDEXED BY message_failed WHERE error IS NOT NULL";
    let texts: Vec<&[Arc<str>]> = positive(query)
        .filter_map(|test| match test {
            Test::Error(texts) => Some(&texts[..]),
            _ => None,
        })
        .collect();
    let mut of_class = of_its_class(view, query);
    let sieve = move |row: &Row<'_>| Ok(of_class(row)? && have_all(&texts, row.get_ref(6)?.as_bytes()?));
    Ok(Stream::reading(view, range, &columns, rest, vec![Vec::new()])?.through(Box::new(sieve)))
}

fn of_key<'v>(view: &'v View, range: Range, name: &str, values: &[Pattern]) -> Result<Option<Way<'v>>> {
    let Some(number) = view.names.find(&view.connection, name)? else { return Ok(Some(Way::default())) };
    if values.iter().all(|value| !value.prefix) {
        let texts = values.iter().flat_map(|value| [value.text.to_string(), hashed(name, &value.text)]);
        let asked = texts.map(|text| vec![Value::Integer(number), Value::Text(text)]).collect();
        let stream = Stream::new(view, range, "FROM key WHERE name = ?1 AND value = ?2", asked)?;
        return Ok(Some(Way::streams(vec![stream])));
    }
    // What begins so is in the order of the values. Where it is too much to be put in order, this is no way.
    let mut all = Vec::new();
    for value in values {
        let (low, limit) = (value.text.to_string(), i64::try_from(SORTED).unwrap_or(i64::MAX));
        let high = if value.prefix { format!("{low}\u{10ffff}") } else { low.clone() };
        let sql = "SELECT sequence FROM key WHERE name = ?1 AND value >= ?2 AND value <= ?3 LIMIT ?4";
        all.extend(view.rows(sql, (number, low, high, limit), |row| row.get::<_, i64>(0))?);
        if all.len() >= SORTED {
            return Ok(None);
        }
    }
    Ok(Some(Way::known(all)))
}

/// The states that the query leaves; each has a way, but for `completed`.
fn of_states<'v>(view: &'v View, range: Range, query: &'v Query) -> Result<Option<Way<'v>>> {
    let mut left: Vec<Status> = Status::ALL.to_vec();
    for Term { negated, test } in &query.terms {
        left.retain(|status| match test {
            Test::Status(words) => words.iter().any(|word| word.covers(*status)) != *negated,
            Test::Reason(_) if !negated => *status == Status::Suspended,
            Test::Is(marks) if marks[..] == [Mark::Orphaned] && !negated => *status == Status::Suspended,
            _ => true,
        });
    }
    if left.contains(&Status::Completed) {
        return Ok(None);
    }
    let (mut rare, mut queued) = (Vec::new(), Vec::new());
    for number in left.iter().flat_map(|status| {
        let (low, high) = schema::status_range(*status);
        low..=high
    }) {
        if RARE.contains(&number) {
            rare.push(vec![Value::Integer(number)]);
            continue;
        }
        let Some(parts) = of_queues(view, number)? else { return Ok(None) };
        queued.extend(parts);
    }
    let mut streams = Vec::new();
    if !rare.is_empty() {
        let rest = format!("FROM message INDEXED BY message_rare WHERE {} AND status = ?1", schema::RARE);
        streams.push(Stream::reading(view, range, CLASS, &rest, rare)?.through(of_its_class(view, query)));
    }
    if !queued.is_empty() {
        let rest = "FROM message INDEXED BY message_queue WHERE rank IS NOT NULL AND target = ?1 AND status = ?2 AND rank = ?3";
        streams.push(Stream::new(view, range, rest, queued)?);
    }
    Ok(Some(Way::streams(streams)))
}

/// The index of the queues, part by part: with one target, state and rank it is in the order of sequences. What waits for a
/// time has a rank of its own each; many of those are no way.
fn of_queues(view: &View, state: i64) -> Result<Option<Vec<Vec<Value>>>> {
    let mut next_target = view
        .connection
        .prepare("SELECT min(target) FROM message INDEXED BY message_queue WHERE rank IS NOT NULL AND target > ?1")?;
    let mut next_rank = view.connection.prepare(
        "SELECT min(rank) FROM message INDEXED BY message_queue
         WHERE rank IS NOT NULL AND target = ?1 AND status = ?2 AND rank > ?3",
    )?;
    let mut parts = Vec::new();
    let mut target = 0;
    while let Some(found) = next_target.query_row((target,), |row| row.get::<_, Option<i64>>(0))? {
        target = found;
        let mut rank = i64::MIN;
        while let Some(found) = next_rank.query_row((target, state, rank), |row| row.get::<_, Option<i64>>(0))? {
            rank = found;
            parts.push([target, state, rank].map(Value::Integer).to_vec());
            if parts.len() > MOST_PARTS {
                return Ok(None);
            }
        }
    }
    Ok(Some(parts))
}

/// The conditions that the class of a message decides.
fn class_terms(query: &Query) -> Vec<&Term> {
    let of_a_class = |term: &&Term| {
        matches!(
            term.test,
            Test::Item(_) | Test::From(_) | Test::To(_) | Test::Type(_) | Test::Kind(_) | Test::Priority(_)
        )
    };
    query.terms.iter().filter(of_a_class).collect()
}

/// Whether the query leaves messages of the class that follows the sequence in a row.
fn of_its_class<'v>(view: &'v View, query: &'v Query) -> Sieve<'v> {
    let terms = class_terms(query);
    let mut known = HashMap::new();
    Box::new(move |row| {
        let class = posting::class(row, 1)?;
        let left = || terms.iter().all(|term| in_class(view, &term.test, &class) != term.negated);
        Ok(*known.entry(class).or_insert_with(left))
    })
}

/// The classes that the query leaves, and what has no posting yet.
fn of_classes<'v>(view: &'v View, range: Range, query: &Query) -> Result<Option<Way<'v>>> {
    let terms = class_terms(query);
    if terms.is_empty() {
        return Ok(None);
    }
    let read = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, posting::class(row, 1)?));
    let classes = view.rows("SELECT number, source, target, type, kind, priority FROM class", (), read)?;
    let left = |class: &Class| terms.iter().all(|term| in_class(view, &term.test, class) != term.negated);
    let left: Vec<_> =
        classes.iter().filter(|(_, class)| left(class)).map(|(number, _)| vec![Value::Integer(*number)]).collect();
    let posted: i64 = view.connection.query_row("SELECT sequence FROM posted", (), |row| row.get(0))?;
    let behind = vec![vec![Value::Integer(posted)]];
    let mut streams = vec![Stream::new(view, range, "FROM message WHERE sequence > ?1", behind)?];
    if !left.is_empty() {
        streams.push(Stream::new(view, range, "FROM posting WHERE class = ?1", left)?);
    }
    Ok(Some(Way::streams(streams)))
}

fn in_class(view: &View, test: &Test, class: &Class) -> bool {
    let [source, target, type_name, kind, priority] = *class;
    let any = |patterns: &[Pattern], number: i64| {
        let name = if number == 0 { Some("outside".into()) } else { view.names.text(number) };
        patterns.iter().any(|pattern| name.as_ref().is_some_and(|name| pattern.matches(name)))
    };
    match test {
        Test::Item(items) => any(items, source) || any(items, target),
        Test::From(items) => any(items, source),
        Test::To(items) => any(items, target),
        Test::Type(types) => any(types, type_name),
        Test::Kind(kinds) => kinds.iter().any(|wanted| schema::kind(*wanted) == kind),
        Test::Priority(lanes) => {
            lanes.iter().any(|lanes| (i64::from(lanes.low)..=i64::from(lanes.high)).contains(&priority))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_with_an_index_of_their_own_are_those_of_the_schema() {
        assert!(schema::TABLES.contains(&format!("WHERE {};", schema::RARE)));
        let listed = RARE.map(|status| format!("status = {status}")).join(" OR ");
        assert_eq!(schema::RARE, format!("({listed})"));
    }
    /// The rows of these are the ones that are not to be read.
    #[test]
    fn what_a_sieve_looks_at_is_in_its_index() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.execute_batch(schema::TABLES).unwrap();
        let error = format!("{CLASS}, error");
        let rare = format!("{} AND status = ?1", schema::RARE);
        for (columns, index, condition) in [
            (CLASS, "message_rare", &*rare),
            (CLASS, "message_late", "late = 1"),
            (CLASS, "message_reason", "reason IS NOT NULL AND reason = ?1"),
            (&*error, "message_failed", "error IS NOT NULL"),
        ] {
            let sql = format!(
                "EXPLAIN QUERY PLAN SELECT sequence{columns} FROM message INDEXED BY {index} WHERE {condition}
                 AND sequence > 1 AND sequence < 9 ORDER BY sequence DESC LIMIT 5"
            );
            let mut plan = connection.prepare(&sql).unwrap();
            let given = vec![1; plan.parameter_count()];
            let steps = plan.query_map(rusqlite::params_from_iter(given), |row| row.get::<_, String>(3)).unwrap();
            let steps: Vec<_> = steps.map(Result::unwrap).collect();
            let wanted = format!("SEARCH message USING COVERING INDEX {index}");
            assert!(steps.len() == 1 && steps[0].starts_with(&wanted), "{steps:?}");
        }
    }
}
