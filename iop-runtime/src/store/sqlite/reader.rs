//! What people see of a SQLite store, through a connection that only reads.
//!
//! A thread of its own, so that a slow question holds up neither the writer nor an async worker.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, InterruptHandle, OptionalExtension, Result, params_from_iter};
use tokio::sync::oneshot;

use super::checksum::damage;
use super::directory::{OpenError, connect_read_only, io_error};
use super::names::Names;
use super::op::reply;
use super::purge;
use super::row::{self, select_message, signed, unsigned};
use super::schema;
use crate::clock::Timestamp;
use crate::message::{MessageId, SessionId};
use crate::store::viewer::page;
use crate::store::{Event, EventQuery, ProcessState, PurgeBatch, Purged, Reply, StoreError, StoredMessage, Usage};

/// A question, with the way of its answer inside.
type Question = Box<dyn FnOnce(&mut View) + Send>;

/// The thread that answers.
pub(super) struct Reader {
    questions: Mutex<Option<mpsc::Sender<Question>>>,
    /// Ends the question under way.
    interrupt: InterruptHandle,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("thread", &self.thread).finish_non_exhaustive()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.close();
        // Until its connection is closed, the files are not those of the next opening alone.
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Reader {
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        let connection = connect_read_only(path)?;
        let interrupt = connection.get_interrupt_handle();
        let (sender, questions) = mpsc::channel::<Question>();
        let answer = move || {
            let mut view = View { connection, names: Names::default() };
            for question in questions {
                question(&mut view);
            }
        };
        let thread = thread::Builder::new().name("iop-store-reader".to_owned()).spawn(answer);
        let thread = Some(thread.map_err(io_error("start a reader of", path))?);
        Ok(Self { questions: Mutex::new(Some(sender)), interrupt, thread })
    }

    /// Answers no further question, and leaves the one that it is at.
    pub(super) fn close(&self) {
        drop(self.questions.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.interrupt.interrupt();
    }

    pub(super) fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&View) -> Result<T> + Send + 'static,
    ) -> Reply<T> {
        let (answer, answered) = oneshot::channel();
        let question: Question = Box::new(move |view| {
            // Who has stopped waiting has perhaps asked again: the questions that wait are never more than those who do.
            if answer.is_closed() {
                return;
            }
            let result = view.at_one_time(question);
            reply(answer, result.map_err(|error| unread(&error)));
        });
        if let Some(sender) = &*self.questions.lock().unwrap_or_else(PoisonError::into_inner) {
            // A thread that is gone drops the question, and the answer says that the store is closed.
            drop(sender.send(question));
        }
        Box::pin(async { answered.await.unwrap_or(Err(StoreError::Closed)) })
    }
}

/// Whether SQLite finds its file damaged.
pub(super) fn is_corrupt(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Why something could not be read.
pub(super) fn unread(error: &rusqlite::Error) -> StoreError {
    match damage(error) {
        Some(why) => StoreError::Damaged(why.into()),
        None if is_corrupt(error) => StoreError::Corrupt(error.to_string().into()),
        None => StoreError::Read(error.to_string().into()),
    }
}

/// The connection, with the names that it has met.
#[derive(Debug)]
pub(super) struct View {
    pub(super) connection: Connection,
    pub(super) names: Names,
}

impl View {
    /// Asks several statements about one state of the store.
    fn at_one_time<T>(&mut self, question: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        self.connection.execute_batch("BEGIN")?;
        let answer = self.names.refresh(&self.connection).and_then(|()| question(self));
        let ended = self.connection.execute_batch("COMMIT");
        answer.and_then(|answer| ended.map(|()| answer))
    }

    /// Every row that a statement gives.
    pub(super) fn rows<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.connection.prepare(sql)?.query_map(values, read)?.collect()
    }

    pub(super) fn find(&self, id: MessageId) -> Result<Option<StoredMessage>> {
        let mut statement = self.connection.prepare(select_message!("WHERE m.id = ?1"))?;
        statement.query_row((id.to_bytes(),), |row| row::message(row, &self.names)).optional()
    }

    pub(super) fn load_state(&self, instance: MessageId) -> Result<Option<ProcessState>> {
        let mut statement = self.connection.prepare("SELECT version, data, digest FROM state WHERE instance = ?1")?;
        statement.query_row((instance.to_bytes(),), |row| row::state(row, instance)).optional()
    }

    pub(super) fn note(&self, name: &str) -> Result<Option<Arc<str>>> {
        let mut statement = self.connection.prepare("SELECT text FROM note WHERE name = ?1")?;
        statement.query_row((name,), |row| row.get(0)).optional()
    }

    pub(super) fn purgeable(&self, batch: PurgeBatch) -> Result<Purged> {
        purge::preview(&self.connection, &self.names, batch)
    }

    pub(super) fn usage(&self) -> Result<Usage> {
        purge::usage(&self.connection)
    }

    pub(super) fn events(&self, query: &EventQuery) -> Result<Vec<Event>> {
        let mut filter = Filter::new(
            "SELECT e.number, e.time, e.level, e.item, e.session, e.message, e.module, e.text FROM event e WHERE TRUE",
        );
        if let Some(level) = query.level {
            filter.and(" AND e.level >= ?", [Value::Integer(schema::level(level))]);
        }
        if let Some(item) = &query.item {
            let Some(item) = self.names.find(&self.connection, item)? else { return Ok(Vec::new()) };
            filter.and(" AND e.item = ?", [Value::Integer(item)]);
        }
        if let Some(session) = query.session {
            filter.and(" AND e.session = ?", [Value::Blob(session.input().to_bytes().to_vec())]);
        }
        if let Some(message) = query.message {
            filter.and(" AND e.message = ?", [Value::Blob(message.to_bytes().to_vec())]);
        }
        filter.page("e.number", query.after, query.oldest_first, query.limit);
        let mut statement = self.connection.prepare(&filter.sql)?;
        let rows = statement.query_map(params_from_iter(filter.values), |row| self.event(row))?;
        rows.collect()
    }

    fn event(&self, row: &rusqlite::Row<'_>) -> Result<Event> {
        Ok(Event {
            number: unsigned(row, 0)?,
            time: Timestamp(row.get(1)?),
            level: row::level(row, 2)?,
            item: row::name_or_null(row, 3, &self.names)?,
            session: row::id_or_null(row, 4)?.map(SessionId::of),
            message: row::id_or_null(row, 5)?,
            module: row.get(6)?,
            text: row.get(7)?,
        })
    }
}

/// A statement put together from fixed pieces, with its values.
pub(super) struct Filter {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Filter {
    pub(super) fn new(sql: &'static str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new() }
    }

    pub(super) fn and<const N: usize>(&mut self, condition: &'static str, values: [Value; N]) {
        self.sql.push_str(condition);
        self.values.extend(values);
    }

    /// Only what follows `after`, in order, up to a limit.
    pub(super) fn page(&mut self, column: &'static str, after: Option<u64>, oldest_first: bool, limit: usize) {
        if let Some(after) = after {
            self.sql.push_str(" AND ");
            self.sql.push_str(column);
            self.and(if oldest_first { " > ?" } else { " < ?" }, [Value::Integer(signed(after))]);
        }
        self.sql.push_str(" ORDER BY ");
        self.sql.push_str(column);
        let limit = i64::try_from(page(limit)).unwrap_or(i64::MAX);
        self.and(if oldest_first { " LIMIT ?" } else { " DESC LIMIT ?" }, [Value::Integer(limit)]);
    }
}
