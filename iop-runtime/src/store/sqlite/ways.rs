//! Ways to the candidates of a search: which indexes can give them in the order of their sequences, and which gives the fewest.

use rusqlite::types::Value;
use rusqlite::{Result, Statement, params_from_iter};

use super::posting::{self, Class};
use super::reader::View;
use super::schema::{self, status};
use super::search::Range;
use crate::message::{MessageId, Status, SuspendReason, hashed};
use crate::search::{Mark, Pattern, Query, RESENT_FROM, Term, Test};

/// From so many candidates on, one way is as good as another.
const MANY: usize = 2000;

/// Sequences that have no order of their own are read up to so many, and then put in order.
const SORTED: usize = 10_000;

/// More parts of the index of the queues than this are no way.
const MOST_PARTS: usize = 500;

/// The states that have an index of their own: few messages are in them.
const RARE: [i64; 4] = [status::RETRYING, status::SUSPENDED, status::DISCARDED, status::EXPIRED];

/// One index that gives sequences in their order, with all that it is asked for.
pub(super) struct Stream<'v> {
    statement: Statement<'v>,
    asked: Vec<Vec<Value>>,
}

impl<'v> Stream<'v> {
    /// `rest` is from `FROM` to the last condition; what it is asked for has as many values each as it has parameters.
    fn new(view: &'v View, range: Range, rest: &str, asked: Vec<Vec<Value>>) -> Result<Self> {
        let values = asked.first().map_or(0, Vec::len);
        let (above, below, limit) = (values + 1, values + 2, values + 3);
        let order = if range.oldest_first { "ASC" } else { "DESC" };
        let statement = view.connection.prepare(&format!(
            "SELECT sequence {rest} AND sequence > ?{above} AND sequence < ?{below} ORDER BY sequence {order} LIMIT ?{limit}"
        ))?;
        Ok(Self { statement, asked })
    }

    fn next(&mut self, range: Range, count: usize, into: &mut Vec<i64>) -> Result<()> {
        let limit = i64::try_from(count).unwrap_or(i64::MAX);
        let bounds = [range.above, range.below, limit].map(Value::Integer);
        for values in &self.asked {
            let mut rows = self.statement.query(params_from_iter(values.iter().chain(&bounds)))?;
            while let Some(row) = rows.next()? {
                into.push(row.get(0)?);
            }
        }
        Ok(())
    }

    /// How many there are, counted up to a limit.
    fn size(&mut self, range: Range) -> Result<usize> {
        let mut found = Vec::new();
        let asked = std::mem::take(&mut self.asked);
        for values in &asked {
            if found.len() < MANY {
                self.asked = vec![values.clone()];
                self.next(range, MANY - found.len(), &mut found)?;
            }
        }
        self.asked = asked;
        Ok(found.len())
    }
}

/// How candidates are found.
pub(super) enum Way<'v> {
    /// They are known: in their order, oldest first.
    Known(Vec<i64>),
    /// What any of these indexes gives.
    Streams(Vec<Stream<'v>>),
}

impl<'v> Way<'v> {
    /// The way with the fewest candidates.
    pub(super) fn choose(view: &'v View, query: &Query, range: Range) -> Result<Self> {
        let mut best: Option<(usize, Way<'v>)> = None;
        let mut ways = Vec::new();
        for term in query.terms.iter().filter(|term| !term.negated) {
            ways.extend(of_term(view, range, &term.test)?);
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
            None => Ok(Self::Streams(vec![Stream::new(view, range, "FROM message WHERE TRUE", vec![Vec::new()])?])),
        }
    }

    /// At most `count` candidates of a range, in its order; fewer only where there are no more.
    pub(super) fn next(&mut self, range: Range, count: usize) -> Result<Vec<i64>> {
        let mut found = Vec::new();
        match self {
            Self::Known(known) => {
                found.extend(known.iter().filter(|sequence| (range.above + 1..range.below).contains(sequence)));
            }
            Self::Streams(streams) => {
                for stream in streams {
                    stream.next(range, count, &mut found)?;
                }
            }
        }
        range.sort(&mut found);
        found.truncate(count);
        Ok(found)
    }

    /// How many candidates, counted up to a limit.
    fn size(&mut self, range: Range) -> Result<usize> {
        match self {
            Self::Known(known) => Ok(known.len()),
            Self::Streams(streams) => {
                let mut size = 0;
                for stream in streams {
                    if size < MANY {
                        size += stream.size(range)?;
                    }
                }
                Ok(size)
            }
        }
    }
}

/// The way that one condition opens.
fn of_term<'v>(view: &'v View, range: Range, test: &Test) -> Result<Option<Way<'v>>> {
    let known = |sql: &str, values: Vec<Vec<Value>>| -> Result<Way<'v>> {
        let mut all = Vec::new();
        for values in values {
            all.extend(view.rows(sql, params_from_iter(values), |row| row.get::<_, i64>(0))?);
        }
        Ok(Way::Known(all))
    };
    let one = |rest: &str, asked: Vec<Vec<Value>>| -> Result<Option<Way<'v>>> {
        Ok(Some(Way::Streams(vec![Stream::new(view, range, rest, asked)?])))
    };
    let id = |id: MessageId| vec![Value::Blob(id.to_bytes().to_vec())];
    Ok(match test {
        Test::Id(ids) => {
            Some(known("SELECT sequence FROM message WHERE id = ?1", ids.iter().copied().map(id).collect())?)
        }
        Test::Session(sessions) => {
            let sessions = sessions.iter().map(|session| id(session.input())).collect();
            one("FROM message INDEXED BY message_session WHERE session = ?1", sessions)?
        }
        Test::Key(name, values) => of_key(view, range, name, values)?,
        Test::Is(marks) if marks[..] == [Mark::Late] => {
            one("FROM message INDEXED BY message_late WHERE late = 1", vec![Vec::new()])?
        }
        Test::Is(marks) if marks[..] == [Mark::Resent] => {
            of_key(view, range, RESENT_FROM, &[Pattern { text: "".into(), prefix: true }])?
        }
        // What is found damaged when it is read is suspended as corrupt, and no index says so.
        Test::Reason(reasons) if !reasons.contains(&SuspendReason::Corrupt) => of_reasons(view, range, reasons)?,
        Test::Is(marks) if marks[..] == [Mark::Orphaned] => of_reasons(view, range, &[SuspendReason::Orphaned])?,
        // An empty text is in every error, and in what has none as well.
        Test::Error(texts) if texts.iter().all(|text| !text.is_empty()) => {
            one("FROM message INDEXED BY message_failed WHERE error IS NOT NULL", vec![Vec::new()])?
        }
        _ => None,
    })
}

fn of_reasons<'v>(view: &'v View, range: Range, reasons: &[SuspendReason]) -> Result<Option<Way<'v>>> {
    let rest = "FROM message INDEXED BY message_reason WHERE reason IS NOT NULL AND reason = ?1";
    let asked = reasons.iter().map(|reason| vec![Value::Integer(schema::reason(*reason))]).collect();
    Ok(Some(Way::Streams(vec![Stream::new(view, range, rest, asked)?])))
}

fn of_key<'v>(view: &'v View, range: Range, name: &str, values: &[Pattern]) -> Result<Option<Way<'v>>> {
    let Some(number) = view.names.find(&view.connection, name)? else { return Ok(Some(Way::Known(Vec::new()))) };
    if values.iter().all(|value| !value.prefix) {
        let texts = values.iter().flat_map(|value| [value.text.to_string(), hashed(name, &value.text)]);
        let asked = texts.map(|text| vec![Value::Integer(number), Value::Text(text)]).collect();
        let stream = Stream::new(view, range, "FROM key WHERE name = ?1 AND value = ?2", asked)?;
        return Ok(Some(Way::Streams(vec![stream])));
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
    Ok(Some(Way::Known(all)))
}

/// The states that the query leaves; each has a way, but for `completed`.
fn of_states<'v>(view: &'v View, range: Range, query: &Query) -> Result<Option<Way<'v>>> {
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
        streams.push(Stream::new(view, range, &rest, rare)?);
    }
    if !queued.is_empty() {
        let rest = "FROM message INDEXED BY message_queue WHERE rank IS NOT NULL AND target = ?1 AND status = ?2 AND rank = ?3";
        streams.push(Stream::new(view, range, rest, queued)?);
    }
    Ok(Some(Way::Streams(streams)))
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

/// The classes that the query leaves, and what has no posting yet.
fn of_classes<'v>(view: &'v View, range: Range, query: &Query) -> Result<Option<Way<'v>>> {
    let of_a_class = |term: &&Term| {
        matches!(
            term.test,
            Test::Item(_) | Test::From(_) | Test::To(_) | Test::Type(_) | Test::Kind(_) | Test::Priority(_)
        )
    };
    let terms: Vec<&Term> = query.terms.iter().filter(of_a_class).collect();
    if terms.is_empty() {
        return Ok(None);
    }
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, posting::class(row, 1)?));
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
    Ok(Some(Way::Streams(streams)))
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
        assert!(schema::TABLES.contains(&format!("ON message (status) WHERE {};", schema::RARE)));
        let listed = RARE.map(|status| format!("status = {status}")).join(" OR ");
        assert_eq!(schema::RARE, format!("({listed})"));
    }
}
