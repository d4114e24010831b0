//! Candidates of a search: what one index gives, in the order of the sequences, and what it says of each by itself.

use rusqlite::types::Value;
use rusqlite::{Result, Row, Statement, params_from_iter};

use super::reader::View;
use super::search::Range;

/// From so many candidates on, one way is as good as another.
pub(super) const MANY: usize = 2000;

/// A message that the whole question is asked, unless the index has ruled it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub(super) sequence: i64,
    pub(super) possible: bool,
}

impl Candidate {
    pub(super) fn possible(sequence: i64) -> Self {
        Self { sequence, possible: true }
    }
}

/// Whether a message can match, by what its entry in an index says beside the sequence.
pub(super) type Sieve<'v> = Box<dyn FnMut(&Row<'_>) -> Result<bool> + 'v>;

/// One index that gives sequences in their order, with all that it is asked for.
pub(super) struct Stream<'v> {
    statement: Statement<'v>,
    asked: Vec<Vec<Value>>,
    sieve: Option<Sieve<'v>>,
}

impl<'v> Stream<'v> {
    /// `rest` is from `FROM` to the last condition; what it is asked for has as many values each as it has parameters.
    pub(super) fn new(view: &'v View, range: Range, rest: &str, asked: Vec<Vec<Value>>) -> Result<Self> {
        Self::reading(view, range, "", rest, asked)
    }

    /// The same with columns for a sieve.
    pub(super) fn reading(
        view: &'v View,
        range: Range,
        columns: &str,
        rest: &str,
        asked: Vec<Vec<Value>>,
    ) -> Result<Self> {
        let values = asked.first().map_or(0, Vec::len);
        let (above, below, limit) = (values + 1, values + 2, values + 3);
        let order = if range.oldest_first { "ASC" } else { "DESC" };
        let statement = view.connection.prepare(&format!(
            "SELECT sequence{columns} {rest} AND sequence > ?{above} AND sequence < ?{below} ORDER BY sequence {order} LIMIT ?{limit}"
        ))?;
        Ok(Self { statement, asked, sieve: None })
    }

    pub(super) fn through(self, sieve: Sieve<'v>) -> Self {
        Self { sieve: Some(sieve), ..self }
    }

    pub(super) fn next(&mut self, range: Range, count: usize, into: &mut Vec<Candidate>) -> Result<()> {
        let limit = i64::try_from(count).unwrap_or(i64::MAX);
        let bounds = [range.above, range.below, limit].map(Value::Integer);
        for values in &self.asked {
            let mut rows = self.statement.query(params_from_iter(values.iter().chain(&bounds)))?;
            while let Some(row) = rows.next()? {
                let possible = self.sieve.as_mut().map_or(Ok(true), |sieve| sieve(row))?;
                into.push(Candidate { sequence: row.get(0)?, possible });
            }
        }
        Ok(())
    }

    /// How many there are, counted up to a limit; those that are ruled out as well, since they have to be passed.
    pub(super) fn size(&mut self, range: Range) -> Result<usize> {
        let mut size = 0;
        for values in &self.asked {
            let limit = i64::try_from(MANY.saturating_sub(size)).unwrap_or(i64::MAX);
            let bounds = [range.above, range.below, limit].map(Value::Integer);
            let mut rows = self.statement.query(params_from_iter(values.iter().chain(&bounds)))?;
            while rows.next()?.is_some() {
                size += 1;
            }
        }
        Ok(size)
    }
}
