//! The tables, and the numbers that stand in them for words. Described for readers in `docs/reference/store-format.md`.

use rusqlite::{Connection, Result, Row, ffi};

use super::row::unsigned;
use super::tip::Place;
use crate::message::{Invocation, Kind, Status, SuspendReason};
use crate::store::Level;

/// Says that a SQLite file is ours: `iop` and the number of the application.
pub(super) const APPLICATION_ID: i64 = 0x696f_7001;

/// The format of the tables, in `user_version`. It goes up with every change that an older program cannot read.
pub(super) const FORMAT: i64 = 1;

/// What a new database begins with, before its tables.
pub(super) const NEW_DATABASE: &str = "
    PRAGMA page_size = 4096;
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA synchronous = FULL;
";

/// Has the database write into a log first. SQLite answers where it could not, and goes on in the old way, of which nothing
/// here knows.
///
/// # Errors
/// Where it does not: the disk failed.
pub(super) fn keep_a_log(connection: &Connection) -> Result<()> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0))?;
    if mode == "wal" {
        return Ok(());
    }
    let why = "the database could not be told to keep a log: disk I/O error".to_owned();
    Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR), Some(why)))
}

/// The tables.
pub(super) const TABLES: &str = "
    CREATE TABLE meta (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        epoch INTEGER NOT NULL,
        commits INTEGER NOT NULL,
        hash BLOB NOT NULL,
        sequence INTEGER NOT NULL,
        accepted INTEGER NOT NULL,
        purged INTEGER NOT NULL
    ) STRICT;
    INSERT INTO meta VALUES (1, 0, 0, zeroblob(32), 0, 0, 0);

    CREATE TABLE name (
        number INTEGER PRIMARY KEY,
        text TEXT NOT NULL UNIQUE
    ) STRICT;

    CREATE TABLE message (
        sequence INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        digest INTEGER NOT NULL,
        session BLOB NOT NULL,
        parent BLOB,
        position INTEGER NOT NULL,
        instance BLOB,
        source INTEGER,
        target INTEGER,
        type INTEGER NOT NULL,
        type_version INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        invocation INTEGER NOT NULL,
        status INTEGER NOT NULL,
        rank INTEGER,
        reason INTEGER,
        priority INTEGER NOT NULL,
        created INTEGER NOT NULL,
        started INTEGER,
        ended INTEGER,
        due INTEGER,
        attempt INTEGER NOT NULL,
        crashes INTEGER NOT NULL,
        late INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        error TEXT,
        failing INTEGER,
        order_key TEXT,
        parks INTEGER NOT NULL,
        completion_key TEXT,
        description TEXT
    ) STRICT;
    CREATE INDEX message_session ON message (session);
    CREATE INDEX message_queue ON message (target, status, rank) WHERE rank IS NOT NULL;
    CREATE INDEX message_order ON message (target, order_key, status, priority DESC)
        WHERE order_key IS NOT NULL AND rank IS NOT NULL;
    CREATE INDEX message_parked ON message (target) WHERE parks = 1 AND status = 4;

    CREATE INDEX message_rare ON message (status, sequence, source, target, type, kind, priority)
        WHERE (status = 2 OR status = 4 OR status = 6 OR status = 7);
    CREATE INDEX message_failed ON message (sequence, source, target, type, kind, priority, error)
        WHERE error IS NOT NULL;
    CREATE INDEX message_late ON message (sequence, source, target, type, kind, priority) WHERE late = 1;
    CREATE INDEX message_reason ON message (reason, sequence, source, target, type, kind, priority)
        WHERE reason IS NOT NULL;

    CREATE TABLE class (
        number INTEGER PRIMARY KEY,
        source INTEGER NOT NULL,
        target INTEGER NOT NULL,
        type INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        priority INTEGER NOT NULL,
        UNIQUE (source, target, type, kind, priority)
    ) STRICT;

    CREATE TABLE posting (
        class INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        PRIMARY KEY (class, sequence)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE posted (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        sequence INTEGER NOT NULL
    ) STRICT;
    INSERT INTO posted VALUES (1, 0);

    CREATE TABLE body (
        sequence INTEGER PRIMARY KEY,
        digest INTEGER NOT NULL,
        body ANY NOT NULL
    ) STRICT;

    CREATE TABLE key (
        name INTEGER NOT NULL,
        value TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        PRIMARY KEY (name, value, sequence)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX key_sequence ON key (sequence);

    CREATE TABLE state (
        instance BLOB PRIMARY KEY,
        version INTEGER NOT NULL,
        digest INTEGER NOT NULL,
        data ANY NOT NULL
    ) STRICT;

    CREATE TABLE mark (
        mark BLOB PRIMARY KEY,
        created INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE blob (
        hash BLOB NOT NULL,
        sequence INTEGER,
        instance BLOB
    ) STRICT;
    CREATE INDEX blob_hash ON blob (hash);
    CREATE INDEX blob_sequence ON blob (sequence) WHERE sequence IS NOT NULL;
    CREATE INDEX blob_instance ON blob (instance) WHERE instance IS NOT NULL;

    CREATE TABLE note (
        name TEXT PRIMARY KEY,
        text TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE audit (
        number INTEGER PRIMARY KEY,
        time INTEGER NOT NULL,
        who TEXT NOT NULL,
        role TEXT NOT NULL,
        origin TEXT NOT NULL,
        action TEXT NOT NULL,
        object TEXT NOT NULL,
        reason TEXT,
        before BLOB,
        after BLOB,
        result TEXT NOT NULL,
        hash BLOB NOT NULL
    ) STRICT;
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END;
    CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END;

    CREATE TABLE job (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        document TEXT NOT NULL
    ) STRICT;

    CREATE TABLE job_line (
        job INTEGER NOT NULL,
        place INTEGER NOT NULL,
        message BLOB NOT NULL,
        new BLOB,
        result TEXT,
        PRIMARY KEY (job, place)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX job_waiting ON job_line (job, place) WHERE result IS NULL;

    CREATE TABLE fence (
        name TEXT PRIMARY KEY,
        number INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE event (
        number INTEGER PRIMARY KEY,
        time INTEGER NOT NULL,
        level INTEGER NOT NULL,
        item INTEGER,
        session BLOB,
        message BLOB,
        module TEXT NOT NULL,
        text TEXT NOT NULL
    ) STRICT;
";

/// What holds for the messages of the index `message_rare`. A list in parentheses would be a table of its own, made and
/// filled for every statement that writes a message.
pub(super) const RARE: &str = "(status = 2 OR status = 4 OR status = 6 OR status = 7)";

/// Reads the one row of `meta`.
pub(super) const META: &str = "SELECT epoch, commits, hash, sequence, accepted, purged FROM meta";

/// The one row of `meta`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meta {
    pub(super) place: Place,
    pub(super) accepted: u64,
    pub(super) purged: u64,
}

impl Meta {
    /// Reads what [`META`] selects.
    pub(super) fn read(row: &Row<'_>) -> Result<Self> {
        let place = Place {
            epoch: unsigned(row, 0)?,
            commits: unsigned(row, 1)?,
            hash: row.get(2)?,
            sequence: unsigned(row, 3)?,
        };
        Ok(Self { place, accepted: unsigned(row, 4)?, purged: unsigned(row, 5)? })
    }
}

/// For people with a SQLite shell: the messages in words.
pub(super) const VIEW: &str = "
    CREATE VIEW messages AS
    SELECT
        m.sequence, lower(hex(m.id)) AS id, lower(hex(m.session)) AS session, lower(hex(m.parent)) AS parent, m.position,
        source.text AS source, target.text AS target, type.text AS type, m.type_version,
        CASE m.kind WHEN 0 THEN 'request' WHEN 1 THEN 'response' WHEN 2 THEN 'timer' END AS kind,
        CASE m.invocation WHEN 0 THEN 'sync' WHEN 1 THEN 'async' WHEN 2 THEN 'one_way' WHEN 3 THEN 'generator' END AS invocation,
        CASE m.status
            WHEN -1 THEN 'queued' WHEN 0 THEN 'queued' WHEN 1 THEN 'queued' WHEN 2 THEN 'retrying' WHEN 3 THEN 'in_flight'
            WHEN 4 THEN 'suspended' WHEN 5 THEN 'completed' WHEN 6 THEN 'discarded' WHEN 7 THEN 'expired'
        END AS status,
        CASE m.reason
            WHEN 0 THEN 'poison' WHEN 1 THEN 'schema' WHEN 2 THEN 'corrupt' WHEN 3 THEN 'in_doubt'
            WHEN 4 THEN 'crash_suspect' WHEN 5 THEN 'orphaned' WHEN 6 THEN 'operator'
            WHEN 7 THEN 'unavailable'
            WHEN 8 THEN 'max_hops'
        END AS reason,
        m.priority,
        strftime('%FT%R:%fZ', m.created / 1e6, 'unixepoch') AS created,
        strftime('%FT%R:%fZ', m.started / 1e6, 'unixepoch') AS started,
        strftime('%FT%R:%fZ', m.ended / 1e6, 'unixepoch') AS ended,
        strftime('%FT%R:%fZ', m.due / 1e6, 'unixepoch') AS due,
        m.attempt, m.crashes, m.late, m.error, m.order_key, m.completion_key, m.description, b.body
    FROM message m
    LEFT JOIN body b ON b.sequence = m.sequence
    LEFT JOIN name source ON source.number = m.source
    LEFT JOIN name target ON target.number = m.target
    LEFT JOIN name type ON type.number = m.type;
";

/// The number of a state, and what it says of the place in the queue. Finished messages have no `rank` and are in no
/// queue; the others are ordered by `rank`, then by sequence.
pub(super) mod status {
    /// Queued, and not to be had before those in front of it of the same order key; `rank` is 255 less the priority.
    pub(in super::super) const HELD: i64 = -1;
    /// Queued and due; `rank` is 255 less the priority.
    pub(in super::super) const READY: i64 = 0;
    /// Queued, and its first due time has not come when it was last looked at; `rank` is that time.
    pub(in super::super) const DELAYED: i64 = 1;
    /// Failed, and its next due time has not come when it was last looked at; `rank` is that time.
    pub(in super::super) const RETRYING: i64 = 2;
    /// In flight.
    pub(in super::super) const IN_FLIGHT: i64 = 3;
    /// Suspended.
    pub(in super::super) const SUSPENDED: i64 = 4;
    /// Completed.
    pub(in super::super) const COMPLETED: i64 = 5;
    /// Discarded.
    pub(in super::super) const DISCARDED: i64 = 6;
    /// Expired.
    pub(in super::super) const EXPIRED: i64 = 7;
}

/// The stored numbers that mean this state, lowest and highest.
pub(super) fn status_range(state: Status) -> (i64, i64) {
    match state {
        Status::Queued => (status::HELD, status::DELAYED),
        Status::Retrying => (status::RETRYING, status::RETRYING),
        Status::InFlight => (status::IN_FLIGHT, status::IN_FLIGHT),
        Status::Suspended => (status::SUSPENDED, status::SUSPENDED),
        Status::Completed => (status::COMPLETED, status::COMPLETED),
        Status::Discarded => (status::DISCARDED, status::DISCARDED),
        Status::Expired => (status::EXPIRED, status::EXPIRED),
    }
}

pub(super) fn read_status(number: i64) -> Option<Status> {
    Status::ALL.into_iter().find(|status| {
        let (low, high) = status_range(*status);
        (low..=high).contains(&number)
    })
}

pub(super) fn kind(kind: Kind) -> i64 {
    match kind {
        Kind::Request => 0,
        Kind::Response => 1,
        Kind::Timer => 2,
    }
}

pub(super) fn read_kind(number: i64) -> Option<Kind> {
    [Kind::Request, Kind::Response, Kind::Timer].into_iter().find(|value| kind(*value) == number)
}

pub(super) fn invocation(invocation: Invocation) -> i64 {
    match invocation {
        Invocation::Sync => 0,
        Invocation::Async => 1,
        Invocation::OneWay => 2,
        Invocation::Generator => 3,
    }
}

pub(super) fn read_invocation(number: i64) -> Option<Invocation> {
    [Invocation::Sync, Invocation::Async, Invocation::OneWay, Invocation::Generator]
        .into_iter()
        .find(|value| invocation(*value) == number)
}

pub(super) fn reason(reason: SuspendReason) -> i64 {
    match reason {
        SuspendReason::Poison => 0,
        SuspendReason::Schema => 1,
        SuspendReason::Corrupt => 2,
        SuspendReason::InDoubt => 3,
        SuspendReason::CrashSuspect => 4,
        SuspendReason::Orphaned => 5,
        SuspendReason::Operator => 6,
        SuspendReason::Unavailable => 7,
        SuspendReason::MaxHops => 8,
    }
}

pub(super) fn read_reason(number: i64) -> Option<SuspendReason> {
    use SuspendReason::{Corrupt, CrashSuspect, InDoubt, MaxHops, Operator, Orphaned, Poison, Schema, Unavailable};
    let all = [Poison, Schema, Corrupt, InDoubt, CrashSuspect, Orphaned, Operator, Unavailable, MaxHops];
    all.into_iter().find(|value| reason(*value) == number)
}

pub(super) fn level(level: Level) -> i64 {
    match level {
        Level::Trace => 0,
        Level::Debug => 1,
        Level::Info => 2,
        Level::Warn => 3,
        Level::Error => 4,
    }
}

pub(super) fn read_level(number: i64) -> Option<Level> {
    [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error]
        .into_iter()
        .find(|value| level(*value) == number)
}
