//! From a row to a header, and the other conversions between columns and values.

use std::sync::Arc;

use bytes::Bytes;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Error, Result, Row};

use super::checksum::{self, Altered, Fixed, Standing, damage, is_consistent};
use super::names::Names;
use super::schema;
use crate::clock::Timestamp;
use crate::message::{Header, Invocation, Kind, MessageId, Priority, SessionId, Status, SuspendReason};
use crate::store::{ProcessState, StoredMessage};

/// The columns of a header, in the order in which [`header`] reads them.
macro_rules! header_columns {
    () => {
        "m.sequence, m.id, m.session, m.parent, m.position, m.source, m.target, m.type, m.type_version, m.kind, \
         m.invocation, m.status, m.reason, m.priority, m.created, m.started, m.ended, m.due, m.attempt, m.crashes, \
         m.error, m.late, m.completion_key, m.description, m.failing, m.order_key, m.instance, m.epoch, m.parks, \
         m.digest, m.rank "
    };
}

/// A query for headers, `m`; the columns are those that [`header`] reads.
macro_rules! select_header {
    ($rest:literal) => {
        concat!("SELECT ", $crate::store::sqlite::row::header_columns!(), $rest)
    };
}

/// A query for whole messages, `m` and `b`; the columns are those that [`message`] reads.
macro_rules! select_message {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            $crate::store::sqlite::row::header_columns!(),
            ", b.digest, b.body FROM message m JOIN body b ON b.sequence = m.sequence ",
            $rest
        )
    };
}

/// As [`select_message!`], and also of messages whose body is gone.
macro_rules! select_stored {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            $crate::store::sqlite::row::header_columns!(),
            ", b.digest, b.body FROM message m LEFT JOIN body b ON b.sequence = m.sequence ",
            $rest
        )
    };
}

pub(super) use {header_columns, select_header, select_message, select_stored};

/// Columns of both queries behind those that a [`Header`] shows.
const INSTANCE: usize = 26;
const EPOCH: usize = 27;
const PARKS: usize = 28;
const DIGEST: usize = 29;
const RANK: usize = 30;
/// Columns of whole messages alone.
const BODY_DIGEST: usize = 31;
const BODY: usize = 32;

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

/// Verifies `digest, body` of a message.
///
/// # Errors
/// One of [`damage`](super::checksum::damage) where it is not what was written.
pub(super) fn verified_body(row: &Row<'_>, id: MessageId) -> Result<()> {
    let whole = checksum::of_body(id, &bytes(row, 1)?) == row.get::<_, i64>(0)?;
    if whole { Ok(()) } else { Err(Altered { what: "body", id }.error()) }
}

/// Reads `version, data, digest` of a process instance.
///
/// # Errors
/// One of [`damage`](super::checksum::damage) where it is not what was written.
pub(super) fn state(row: &Row<'_>, instance: MessageId) -> Result<ProcessState> {
    let state = ProcessState { version: unsigned(row, 0)?, data: bytes(row, 1)? };
    if checksum::of_state(instance, state.version, &state.data) != row.get::<_, i64>(2)? {
        return Err(Altered { what: "state", id: instance }.error());
    }
    Ok(state)
}

/// Text where the bytes are text, so that any tool shows and searches it.
pub(super) fn text_or_blob(bytes: &[u8]) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match std::str::from_utf8(bytes) {
        Ok(_) => ValueRef::Text(bytes),
        Err(_) => ValueRef::Blob(bytes),
    })
}

/// Reads what [`select_header!`] selects.
///
/// # Errors
/// One of [`damage`](super::checksum::damage) where it is not what was written.
pub(super) fn header(row: &Row<'_>, names: &Names) -> Result<Header> {
    let header = unverified(row, names)?;
    let standing = Standing {
        status: row.get(11)?,
        is_in_a_queue: row.get_ref(RANK)? != ValueRef::Null,
        has_ended: header.ended.is_some(),
        has_a_reason: header.reason.is_some(),
    };
    if fixed(row, &header)?.checksum() != row.get::<_, i64>(DIGEST)? || !is_consistent(standing) {
        return Err(Altered { what: "header", id: header.id }.error());
    }
    Ok(header)
}

fn fixed<'h>(row: &Row<'_>, header: &'h Header) -> Result<Fixed<'h>> {
    Ok(Fixed {
        sequence: header.sequence,
        ids: [Some(header.id), Some(header.session.input()), header.parent, id_or_null(row, INSTANCE)?],
        names: [header.source.as_deref(), header.target.as_deref(), Some(&header.type_name)],
        texts: [header.order_key.as_deref(), header.completion_key.as_deref(), header.description.as_deref()],
        numbers: [
            header.position.into(),
            header.type_version.into(),
            schema::kind(header.kind),
            schema::invocation(header.invocation),
            header.priority.0.into(),
            header.created.0,
            row.get(EPOCH)?,
            row.get(PARKS)?,
        ],
    })
}

/// What is fixed of a message is otherwise at another item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved<'a> {
    pub(super) to: &'a str,
    pub(super) order_key: Option<&'a str>,
    /// `None`: as before.
    pub(super) parks: Option<bool>,
}

/// The checksum of a header whose message goes to another item.
///
/// # Errors
/// As [`header`]: what is damaged must not get a checksum that says otherwise.
pub(super) fn moved_checksum(row: &Row<'_>, names: &Names, moved: Moved<'_>) -> Result<i64> {
    let header = header(row, names)?;
    let mut fixed = fixed(row, &header)?;
    fixed.names[1] = Some(moved.to);
    fixed.texts[0] = moved.order_key;
    let [.., parks] = &mut fixed.numbers;
    *parks = moved.parks.map_or(*parks, i64::from);
    Ok(fixed.checksum())
}

/// A header for people to see. One that is not what was written is shown as what it will be once a worker comes to it,
/// with what can be read of it: a page with the others must not fail for it, and a person must be able to discard it.
pub(super) fn header_to_show(row: &Row<'_>, names: &Names) -> Result<Header> {
    header(row, names).or_else(|error| damage(&error).map(|why| damaged(row, names, why)).ok_or(error))
}

fn damaged(row: &Row<'_>, names: &Names, why: String) -> Header {
    let mut header = unverified(row, names).unwrap_or_else(|_| Header {
        sequence: unsigned(row, 0).unwrap_or_default(),
        id: id(row, 1).unwrap_or(MessageId::from_bytes([0; 16])),
        session: SessionId::of(id(row, 2).unwrap_or(MessageId::from_bytes([0; 16]))),
        parent: id_or_null(row, 3).unwrap_or_default(),
        position: row.get(4).unwrap_or_default(),
        source: name_or_null(row, 5, names).unwrap_or_default(),
        target: name_or_null(row, 6, names).unwrap_or_default(),
        type_name: word(row, 7, |number| names.text(number)).unwrap_or_else(|_| "?".into()),
        type_version: row.get(8).unwrap_or_default(),
        kind: word(row, 9, schema::read_kind).unwrap_or(Kind::Request),
        invocation: word(row, 10, schema::read_invocation).unwrap_or(Invocation::OneWay),
        status: Status::Suspended,
        reason: None,
        priority: row.get(13).map(Priority).unwrap_or_default(),
        created: Timestamp(row.get(14).unwrap_or_default()),
        started: None,
        ended: None,
        due: None,
        attempt: 0,
        crashes: 0,
        error: None,
        late: false,
        completion_key: None,
        description: None,
        failing: None,
        order_key: None,
    });
    let is_over = header.status.is_finished() && row.get_ref(RANK) == Ok(ValueRef::Null) && header.ended.is_some();
    if !is_over {
        header.status = Status::Suspended;
        header.reason = Some(SuspendReason::Corrupt);
    }
    header.error = Some(why.into());
    header
}

/// A header as it lies there.
pub(super) fn unverified(row: &Row<'_>, names: &Names) -> Result<Header> {
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
/// One of [`damage`](super::checksum::damage) where header or body are not what was written.
pub(super) fn message(row: &Row<'_>, names: &Names) -> Result<StoredMessage> {
    let header = header(row, names)?;
    let body = bytes(row, BODY)?;
    if checksum::of_body(header.id, &body) != row.get::<_, i64>(BODY_DIGEST)? {
        return Err(Altered { what: "body", id: header.id }.error());
    }
    Ok(StoredMessage { instance: id_or_null(row, INSTANCE)?, epoch: unsigned(row, EPOCH)?, header, body })
}
