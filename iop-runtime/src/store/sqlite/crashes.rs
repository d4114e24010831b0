//! Which openings of the store came after a crash: by them a message is known that has been there in each of the last ones.
//!
//! A first crash is seen without its cause: what runs for a few milliseconds is not marked in flight. The next ones are
//! seen with it, for what was there before is marked before it runs.

use rusqlite::{OptionalExtension, Result};

use super::row::signed;
use super::writer::Writer;

/// The epoch that the last clean close ended.
const CLOSED: &str = "closed";
/// The epochs of the last two openings that came after a crash.
const CRASHES: &str = "crashes";

impl Writer<'_> {
    /// This opening comes after a crash, or after a clean close: remembers the first. What was accepted before the epoch that
    /// it gives has been there in this crash and the two before; 0 where there were not so many.
    pub(super) fn crashes_noticed(&mut self) -> Result<i64> {
        let ended = signed(self.epoch.saturating_sub(1));
        // A new store was made, not left.
        if ended == 0 || self.epochs(CLOSED)?.contains(&ended) {
            return Ok(0);
        }
        let earlier = self.epochs(CRASHES)?;
        let latest: Vec<String> = earlier.last().into_iter().chain([&signed(self.epoch)]).map(i64::to_string).collect();
        self.sql.write_note.execute((CRASHES, latest.join(" ")))?;
        Ok(if earlier.len() < 2 { 0 } else { earlier.first().copied().unwrap_or(0) })
    }

    /// This epoch ends with a clean close.
    pub(super) fn closed_cleanly(&mut self) -> Result<()> {
        self.sql.write_note.execute((CLOSED, self.epoch.to_string())).map(drop)
    }

    fn epochs(&mut self, note: &str) -> Result<Vec<i64>> {
        let text: Option<String> = self.sql.read_note.query_row((note,), |row| row.get(0)).optional()?;
        Ok(text.unwrap_or_default().split(' ').filter_map(|epoch| epoch.parse().ok()).collect())
    }
}
