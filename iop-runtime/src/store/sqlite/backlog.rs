//! How many messages wait at each item, and since when.
//!
//! Asked every few seconds and for each page of the console, beside an engine at work: so each message of a backlog is
//! counted in the index of the queues, and none is looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Result, Row, Statement};

use super::reader::View;
use super::row::unsigned;
use super::schema::status;
use crate::clock::Timestamp;
use crate::store::QueueStatus;

/// The next target that something waits for …
const NEXT_TARGET: &str =
    "SELECT min(target) FROM message INDEXED BY message_queue WHERE rank IS NOT NULL AND target > ?1";
/// … and the next state in which it does.
const NEXT_STATE: &str = "
    SELECT min(status) FROM message INDEXED BY message_queue WHERE rank IS NOT NULL AND target = ?1 AND status > ?2";
const COUNT: &str = "
    SELECT count(*) FROM message INDEXED BY message_queue WHERE rank IS NOT NULL AND target = ?1 AND status = ?2";
/// Of what waits for a time, each has a rank of its own.
const OLDEST: &str = "
    SELECT min(sequence) FROM message INDEXED BY message_queue WHERE rank IS NOT NULL AND target = ?1 AND status = ?2";
/// Of what does not, the rank is its priority, and in each the oldest comes first.
const FIRST_BEHIND: &str = "
    SELECT rank, sequence FROM message INDEXED BY message_queue
    WHERE rank IS NOT NULL AND target = ?1 AND status = ?2 AND rank > ?3
    ORDER BY rank, sequence LIMIT 1";

impl View {
    pub(super) fn queues(&self) -> Result<Vec<QueueStatus>> {
        let mut asking = Asking::prepare(&self.connection)?;
        let mut queues: BTreeMap<Arc<str>, QueueStatus> = BTreeMap::new();
        let mut target = i64::MIN;
        while let Some(found) = asking.next_target.query_row((target,), |row| row.get(0))? {
            target = found;
            if let Some(item) = self.names.text(target) {
                queues.insert(item.clone(), asking.of(target, item)?);
            }
        }
        Ok(queues.into_values().collect())
    }
}

/// The statements that a queue is asked with.
struct Asking<'c> {
    next_target: Statement<'c>,
    next_state: Statement<'c>,
    count: Statement<'c>,
    oldest: Statement<'c>,
    first_behind: Statement<'c>,
    created: Statement<'c>,
}

impl<'c> Asking<'c> {
    fn prepare(connection: &'c Connection) -> Result<Self> {
        Ok(Self {
            next_target: connection.prepare(NEXT_TARGET)?,
            next_state: connection.prepare(NEXT_STATE)?,
            count: connection.prepare(COUNT)?,
            oldest: connection.prepare(OLDEST)?,
            first_behind: connection.prepare(FIRST_BEHIND)?,
            created: connection.prepare("SELECT created FROM message WHERE sequence = ?1")?,
        })
    }

    fn of(&mut self, target: i64, item: Arc<str>) -> Result<QueueStatus> {
        let mut queue = QueueStatus::empty(item);
        let (mut state, mut head) = (i64::MIN, None::<i64>);
        while let Some(found) = self.next_state.query_row((target, state), |row| row.get(0))? {
            state = found;
            let count = self.count.query_row((target, state), |row| unsigned(row, 0))?;
            match state {
                status::HELD | status::READY | status::DELAYED => queue.queued += count,
                status::RETRYING => queue.retrying += count,
                status::IN_FLIGHT => queue.in_flight += count,
                _ => queue.suspended += count,
            }
            let first = match state {
                status::SUSPENDED => None,
                status::DELAYED | status::RETRYING => self.oldest.query_row((target, state), |row| row.get(0))?,
                _ => self.first_of_all_ranks(target, state)?,
            };
            head = head.into_iter().chain(first).min();
        }
        if let Some(head) = head {
            queue.oldest = self.created.query_row((head,), |row| row.get(0).map(Timestamp)).optional()?;
        }
        Ok(queue)
    }

    fn first_of_all_ranks(&mut self, target: i64, state: i64) -> Result<Option<i64>> {
        let (mut rank, mut lowest) = (i64::MIN, None::<i64>);
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        while let Some((found, sequence)) = self.first_behind.query_row((target, state, rank), read).optional()? {
            rank = found;
            lowest = lowest.into_iter().chain([sequence]).min();
        }
        Ok(lowest)
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;

    #[test]
    fn a_backlog_is_counted_in_the_index_of_the_queues_alone() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(schema::TABLES).unwrap();
        for sql in [NEXT_TARGET, NEXT_STATE, COUNT, OLDEST, FIRST_BEHIND] {
            let mut plan = connection.prepare(&["EXPLAIN QUERY PLAN ", sql].concat()).unwrap();
            let parameters = vec![None::<i64>; plan.parameter_count()];
            let steps = plan.query_map(rusqlite::params_from_iter(parameters), |row| row.get::<_, String>(3)).unwrap();
            let steps: Vec<_> = steps.map(Result::unwrap).collect();
            assert!(
                steps.iter().all(|step| step.starts_with("SEARCH message USING COVERING INDEX message_queue (target")
                    && !step.contains("TEMP")),
                "{sql}: {steps:?}"
            );
        }
    }
}
