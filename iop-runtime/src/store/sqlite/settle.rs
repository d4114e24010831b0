//! What becomes of pages that are not what was written, and that no single bit explains.
//!
//! Rows have checksums of their own, which are looked at when they are read. What has none is the way to the rows: the
//! indexes, and the pages above others. So SQLite compares all of it; what only an index has lost is made anew from the
//! rows. Where that is not enough the store is refused, and nothing of it is hidden.

use std::collections::BTreeSet;

use rusqlite::{Connection, Result};

use super::row::unsigned;
use super::schema::{META, Meta};

/// Gives what was done about the suspects; an error in words where messages may be hidden.
pub(super) fn settle(connection: &Connection, suspects: &BTreeSet<u32>) -> Result<String, String> {
    let pages: Vec<String> = suspects.iter().take(10).map(u32::to_string).collect();
    let which = match suspects.len() {
        1 => format!("page {} is", pages.join(", ")),
        all @ 2..=10 => format!("{all} pages ({}) are", pages.join(", ")),
        all => format!("{all} pages ({} and others) are", pages.join(", ")),
    };
    let Err(first) = is_whole(connection) else {
        return Ok(format!(
            "{which} not what was written, and every row and index is there; damaged rows are suspended"
        ));
    };
    // In one transaction: a store that is refused all the same is left as it is.
    let sql = |sql| connection.execute_batch(sql).map_err(|error| error.to_string());
    match sql("BEGIN IMMEDIATE; REINDEX").and_then(|()| is_whole(connection)).and_then(|()| sql("COMMIT")) {
        Ok(()) => Ok(format!("{which} not what was written; the indexes were made anew from the rows ({first})")),
        Err(error) => {
            // SQLite may have left it by itself.
            let _ = sql("ROLLBACK");
            Err(format!("{which} not what was written: {error}"))
        }
    }
}

/// Whether everything can be found that the books know of.
fn is_whole(connection: &Connection) -> Result<(), String> {
    let ask = || -> Result<(String, Meta, u64)> {
        let found = connection.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))?;
        let meta = connection.query_row(META, (), Meta::read)?;
        Ok((found, meta, connection.query_row("SELECT count(*) FROM message", (), |row| unsigned(row, 0))?))
    };
    let (found, meta, count) = ask().map_err(|error| error.to_string())?;
    let known = meta.accepted.saturating_sub(meta.purged);
    match found.as_str() {
        "ok" if known == count => Ok(()),
        "ok" => Err(format!("{count} messages are there of {known}")),
        // It may be more than one line, and is to stand in one.
        other => Err(other.replace('\n', "; ")),
    }
}
