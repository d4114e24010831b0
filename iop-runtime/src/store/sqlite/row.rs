//! From a row to a header, and the other conversions between columns and values.

use std::sync::Arc;

use bytes::Bytes;
use rusqlite::types::{ToSqlOutput, Type, ValueRef};
use rusqlite::{Error, Result, Row};

use super::names::Names;
use super::schema;
use crate::clock::Timestamp;
use crate::message::{Header, MessageId, Priority, SessionId};
use crate::store::{ProcessState, StoredMessage};

/// A query for headers, `m`; the columns are those that [`header`] reads.
macro_rules! select_header {
    ($rest:literal) => {
        concat!(
            "SELECT m.sequence, m.id, m.session, m.parent, m.position, m.source, m.target, m.type, m.type_version, m.kind, \
             m.invocation, m.status, m.reason, m.priority, m.created, m.started, m.ended, m.due, m.attempt, m.crashes, \
             m.error, m.late, m.completion_key, m.description, m.failing, m.order_key ",
            $rest
        )
    };
}

/// A query for whole messages, `m` and `b`; the columns are those that [`message`] reads.
macro_rules! select_message {
    ($rest:literal) => {
        concat!(
            "SELECT m.sequence, m.id, m.session, m.parent, m.position, m.source, m.target, m.type, m.type_version, m.kind, \
             m.invocation, m.status, m.reason, m.priority, m.created, m.started, m.ended, m.due, m.attempt, m.crashes, \
             m.error, m.late, m.completion_key, m.description, m.failing, m.order_key, m.instance, m.epoch, b.digest, \
             b.body \
             FROM message m JOIN body b ON b.sequence = m.sequence ",
            $rest
        )
    };
}

pub(super) use {select_header, select_message};

/// SQLite's integers are signed; ours are never large enough to matter.
pub(super) fn signed(number: u64) -> i64 {
    number.cast_signed()
}

/// The inverse of [`signed`].
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> Result<u64> {
    row.get(column).map(i64::cast_unsigned)
}

/// A number that stands for a word, or for a name.
fn word<T>(row: &Row<'_>, column: usize, read: impl FnOnce(i64) -> Option<T>) -> Result<T> {
    let number = row.get(column)?;
    read(number).ok_or(Error::IntegralValueOutOfRange(column, number))
}

fn word_or_null<T>(row: &Row<'_>, column: usize, read: impl FnOnce(i64) -> Option<T>) -> Result<Option<T>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => word(row, column, read).map(Some),
    }
}

pub(super) fn id(row: &Row<'_>, column: usize) -> Result<MessageId> {
    row.get(column).map(MessageId::from_bytes)
}

pub(super) fn id_or_null(row: &Row<'_>, column: usize) -> Result<Option<MessageId>> {
    row.get::<_, Option<[u8; 16]>>(column).map(|bytes| bytes.map(MessageId::from_bytes))
}

pub(super) fn time_or_null(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column).map(|time| time.map(Timestamp))
}

pub(super) fn name_or_null(row: &Row<'_>, column: usize, names: &Names) -> Result<Option<Arc<str>>> {
    word_or_null(row, column, |number| names.text(number))
}

pub(super) fn level(row: &Row<'_>, column: usize) -> Result<crate::store::Level> {
    word(row, column, schema::read_level)
}

/// The bytes of a body or a state, stored as text where they are text.
pub(super) fn bytes(row: &Row<'_>, column: usize) -> Result<Bytes> {
    match row.get_ref(column)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(Bytes::copy_from_slice(bytes)),
        other => Err(Error::InvalidColumnType(column, "body".to_owned(), other.data_type())),
    }
}

/// Reads `version, data` of a process instance.
pub(super) fn state(row: &Row<'_>) -> Result<ProcessState> {
    Ok(ProcessState { version: unsigned(row, 0)?, data: bytes(row, 1)? })
}

/// Text where the bytes are text, so that any tool shows and searches it.
pub(super) fn text_or_blob(bytes: &[u8]) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match std::str::from_utf8(bytes) {
        Ok(_) => ValueRef::Text(bytes),
        Err(_) => ValueRef::Blob(bytes),
    })
}

/// What tells that a stored body is still what was written, and still belongs to this message.
pub(super) fn digest(id: MessageId, body: &[u8]) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&id.to_bytes());
    hasher.update(body);
    let mut digest = [0; 8];
    hasher.finalize_xof().fill(&mut digest);
    i64::from_le_bytes(digest)
}

/// Reads what [`select_header!`] selects.
pub(super) fn header(row: &Row<'_>, names: &Names) -> Result<Header> {
    Ok(Header {
        sequence: unsigned(row, 0)?,
        id: id(row, 1)?,
        session: SessionId::of(id(row, 2)?),
        parent: id_or_null(row, 3)?,
        position: row.get(4)?,
        source: name_or_null(row, 5, names)?,
        target: name_or_null(row, 6, names)?,
        type_name: word(row, 7, |number| names.text(number))?,
        type_version: row.get(8)?,
        kind: word(row, 9, schema::read_kind)?,
        invocation: word(row, 10, schema::read_invocation)?,
        status: word(row, 11, schema::read_status)?,
        reason: word_or_null(row, 12, schema::read_reason)?,
        priority: Priority(row.get(13)?),
        created: Timestamp(row.get(14)?),
        started: time_or_null(row, 15)?,
        ended: time_or_null(row, 16)?,
        due: time_or_null(row, 17)?,
        attempt: row.get(18)?,
        crashes: row.get(19)?,
        error: row.get(20)?,
        late: row.get(21)?,
        completion_key: row.get(22)?,
        description: row.get(23)?,
        failing: time_or_null(row, 24)?,
        order_key: row.get(25)?,
    })
}

/// Reads what [`select_message!`] selects.
///
/// # Errors
/// [`Error::FromSqlConversionFailure`] on the body where it is not what was written.
pub(super) fn message(row: &Row<'_>, names: &Names) -> Result<StoredMessage> {
    let header = header(row, names)?;
    let body = bytes(row, 29)?;
    if digest(header.id, &body) != row.get::<_, i64>(28)? {
        return Err(Error::FromSqlConversionFailure(29, Type::Text, Box::new(Altered(header.id))));
    }
    Ok(StoredMessage { instance: id_or_null(row, 26)?, epoch: unsigned(row, 27)?, header, body })
}

/// The stored body of a message is not what was written.
#[derive(Debug, thiserror::Error)]
#[error("the stored body of message {0} is not what was written: the file was damaged or changed by another program")]
struct Altered(MessageId);
