//! Jobs in SQLite: a document each, and a row for each of their messages.

use rusqlite::types::Value;
use rusqlite::{Result, Row, params, params_from_iter};

use super::reader::{Filter, View};
use super::row::{self, signed, unsigned};
use super::writer::Writer;
use crate::message::MessageId;
use crate::store::viewer::page;
use crate::store::{JobLine, JobLineQuery, JobQuery, JobWrite, StoredJob};

impl Writer<'_> {
    pub(super) fn write_job(&mut self, write: JobWrite) -> Result<u64> {
        match write {
            JobWrite::New { document, messages } => {
                let number = self.sql.insert_job.query_row((document,), |row| unsigned(row, 0))?;
                for (message, place) in messages.into_iter().zip(1_i64..) {
                    self.sql.insert_job_line.execute((signed(number), place, message.to_bytes()))?;
                }
                Ok(number)
            }
            JobWrite::Progress { number, document, lines } => {
                self.sql.write_job.execute((signed(number), document))?;
                for line in &lines {
                    self.write_job_line(number, line)?;
                }
                Ok(number)
            }
            JobWrite::Remove(number) => {
                self.sql.remove_job.execute((signed(number),))?;
                self.sql.remove_job_lines.execute((signed(number),))?;
                Ok(number)
            }
        }
    }

    /// What came of a message; one that has a result keeps it.
    pub(super) fn write_job_line(&mut self, job: u64, line: &JobLine) -> Result<()> {
        let new = line.new.map(MessageId::to_bytes);
        self.sql.write_job_line.execute(params![signed(job), signed(line.place), new, line.result]).map(drop)
    }
}

impl View {
    pub(super) fn jobs(&self, query: JobQuery) -> Result<Vec<StoredJob>> {
        let mut filter = Filter::new("SELECT j.number, j.document FROM job j WHERE TRUE");
        if let Some(number) = query.number {
            filter.and(" AND j.number = ?", [Value::Integer(signed(number))]);
        }
        filter.page("j.number", query.below, false, query.limit);
        let job = |row: &Row<'_>| Ok(StoredJob { number: unsigned(row, 0)?, document: row.get(1)? });
        self.rows(&filter.sql, params_from_iter(filter.values), job)
    }

    pub(super) fn job_lines(&self, query: JobLineQuery) -> Result<Vec<JobLine>> {
        let limit = i64::try_from(page(query.limit)).unwrap_or(i64::MAX);
        let sql = if query.waiting {
            "SELECT place, message, new, result FROM job_line INDEXED BY job_waiting
             WHERE job = ?1 AND place > ?2 AND result IS NULL ORDER BY place LIMIT ?3"
        } else {
            "SELECT place, message, new, result FROM job_line WHERE job = ?1 AND place > ?2 ORDER BY place LIMIT ?3"
        };
        let line = |row: &Row<'_>| {
            Ok(JobLine {
                place: unsigned(row, 0)?,
                message: row::id(row, 1)?,
                new: row::id_or_null(row, 2)?,
                result: row.get(3)?,
            })
        };
        self.rows(sql, (signed(query.job), signed(query.after), limit), line)
    }
}
