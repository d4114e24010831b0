//! The audit log in SQLite: rows that a trigger keeps from being changed or removed.

use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Result, Row, params, params_from_iter};

use super::reader::{Filter, View};
use super::row::{signed, unsigned};
use super::writer::Writer;
use crate::clock::Timestamp;
use crate::store::{AuditEntry, AuditHash, AuditHead, AuditQuery, AuditRecord, Deed, OnRecord};

impl Writer<'_> {
    pub(super) fn append_audit(&mut self, record: AuditRecord) -> Result<AuditEntry> {
        let read = |row: &Row<'_>| Ok(AuditHead { number: unsigned(row, 0)?, hash: AuditHash(row.get(1)?) });
        let head = self.sql.audit_head.query_row((), read).optional()?.unwrap_or(AuditHead::START);
        let entry = AuditEntry::following(head, self.clock.now(), record);
        self.sql.insert_audit.execute(params![
            signed(entry.number),
            entry.time.0,
            entry.who,
            entry.role,
            entry.from,
            entry.action,
            entry.object,
            entry.reason,
            entry.before.map(|hash| hash.0),
            entry.after.map(|hash| hash.0),
            entry.result,
            entry.hash.0,
        ])?;
        Ok(entry)
    }

    /// What somebody does, and that they did it.
    pub(super) fn act(&mut self, deed: Deed, record: OnRecord) -> Result<bool> {
        let done = match deed {
            Deed::Admin(action) => {
                self.flush_starts()?;
                self.admin(&action)?
            }
            Deed::Job(write) => self.write_job(write)? > 0,
            Deed::Note(name, text) => self.sql.write_note.execute((name, text))? > 0,
        };
        if done {
            self.put_on_record(record)?;
        }
        Ok(done)
    }

    pub(super) fn put_on_record(&mut self, record: OnRecord) -> Result<()> {
        match record {
            OnRecord::Audit(record) => self.append_audit(record).map(drop),
            OnRecord::OfJob { job, line } => self.write_job_line(job, &line),
        }
    }
}

impl View {
    pub(super) fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>> {
        let mut filter = Filter::new(
            "SELECT a.number, a.time, a.who, a.role, a.origin, a.action, a.object, a.reason, a.before, a.after, a.result, \
             a.hash FROM audit a WHERE TRUE",
        );
        let text = |text: &Arc<str>| Value::Text(text.as_ref().to_owned());
        if let Some(who) = &query.who {
            filter.and(" AND a.who = ?", [text(who)]);
        }
        match &query.action {
            Some(action) if action.ends_with('.') => {
                filter.and(" AND substr(a.action, 1, length(?)) = ?", [text(action), text(action)]);
            }
            Some(action) => filter.and(" AND a.action = ?", [text(action)]),
            None => {}
        }
        if let Some(object) = &query.object {
            filter.and(" AND a.object = ?", [text(object)]);
        }
        if let Some(since) = query.since {
            filter.and(" AND a.time >= ?", [Value::Integer(since.0)]);
        }
        filter.page("a.number", query.after, query.oldest_first, query.limit);
        self.rows(&filter.sql, params_from_iter(filter.values), entry)
    }
}

fn entry(row: &Row<'_>) -> Result<AuditEntry> {
    let hash = |column: usize| row.get::<_, Option<[u8; 32]>>(column).map(|hash| hash.map(AuditHash));
    Ok(AuditEntry {
        number: unsigned(row, 0)?,
        time: Timestamp(row.get(1)?),
        who: row.get(2)?,
        role: row.get(3)?,
        from: row.get(4)?,
        action: row.get(5)?,
        object: row.get(6)?,
        reason: row.get(7)?,
        before: hash(8)?,
        after: hash(9)?,
        result: row.get(10)?,
        hash: AuditHash(row.get(11)?),
    })
}
