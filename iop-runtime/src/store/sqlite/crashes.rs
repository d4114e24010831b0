//! Who was in flight when the process died, and whether it is why.
//!
//! A process dies of a message, or it is killed from outside. Of a message it dies again and again, and soon: what was seen
//! in three crashes is suspended. Where there were more crashes than those that saw it, something else kills the process, and
//! being there says less.

use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::{OptionalExtension, Result, Row};
use serde::{Deserialize, Serialize};

use super::directory::LOG;
use super::row::{self, unsigned};
use super::writer::Writer;
use crate::clock::Timestamp;
use crate::message::MessageId;

/// The note in which the last crashes are remembered.
const NOTE: &str = "crashes";
/// Crashes that have to do with each other.
const WINDOW: Duration = Duration::from_secs(600);
const REMEMBERED: usize = 32;

/// So many crashes that saw a message suspend it …
const ENOUGH: u32 = 3;
/// … and so many do, however many there were without it.
const ALWAYS: u32 = 8;

/// What a process dies of at once, it dies of within this time. The clock of the file system has steps of four milliseconds.
const AT_ONCE: Duration = Duration::from_millis(10);

/// A crash, as the next opening finds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Crash {
    /// When it was found.
    found: i64,
    /// Whose attempts had begun in the last moment before it.
    young: Vec<MessageId>,
}

/// A message that was in flight.
#[derive(Debug, Clone, Copy)]
struct InFlight {
    sequence: u64,
    id: MessageId,
    crashes: u32,
    is_young: bool,
}

impl InFlight {
    /// Whether it is why the process dies, where this is the last of so many crashes.
    fn is_why(&self, crashes: &[Crash]) -> bool {
        let (seen, all) = (self.crashes + 1, u32::try_from(crashes.len()).unwrap_or(u32::MAX));
        // One without it is none: an attempt of a moment is not marked when it is the first.
        let others = all.saturating_sub(seen + 1);
        if seen >= (ENOUGH + others).min(ALWAYS) {
            return true;
        }
        // The first of three did not see it, because it was so quick; and the other two ended in the moment in which it began.
        let before = crashes.iter().rev().nth(1);
        seen + 1 == ENOUGH
            && all == ENOUGH
            && self.is_young
            && before.is_some_and(|crash| crash.young.contains(&self.id))
    }
}

impl Writer<'_> {
    /// Returns what was in flight in a crash to its queue, or suspends it.
    pub(super) fn judge_the_crash(&mut self) -> Result<()> {
        let found = self.in_flight()?;
        if found.is_empty() && !self.pages.found_a_log() {
            return Ok(());
        }
        let now = self.clock.now();
        let known: Option<String> = self.sql.note.query_row((NOTE,), |row| row.get(0)).optional()?;
        // What cannot be read is forgotten: then it takes a crash more.
        let mut crashes: Vec<Crash> = known.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        crashes.retain(|crash| Timestamp(crash.found).after(WINDOW) > now);
        crashes.drain(..crashes.len().saturating_sub(REMEMBERED - 1));
        let young = found.iter().filter(|message| message.is_young).map(|message| message.id).collect();
        crashes.push(Crash { found: now.0, young });
        for message in found {
            let sequence = row::signed(message.sequence);
            if message.is_why(&crashes) {
                let seen = message.crashes + 1;
                let error = format!("it was in flight in {seen} crashes of the process");
                self.sql.suspend_suspect.execute((sequence, error))?;
            } else {
                self.sql.put_suspect_back.execute((sequence,))?;
            }
        }
        self.sql.write_note.execute((NOTE, serde_json::to_string(&crashes).unwrap_or_default()))?;
        Ok(())
    }

    fn in_flight(&mut self) -> Result<Vec<InFlight>> {
        // The last thing that the process did was to write into the log.
        let died = fs::metadata(self.pages.dir().join(LOG)).and_then(|log| log.modified()).ok();
        let died = died.and_then(|died| died.duration_since(UNIX_EPOCH).ok());
        let died = died.and_then(|died| i64::try_from(died.as_micros()).ok()).map(Timestamp);
        let read = |row: &Row<'_>| {
            let started = row::time_or_null(row, 3)?;
            let is_young = died.zip(started).is_some_and(|(died, started)| died < started.after(AT_ONCE));
            Ok(InFlight { sequence: unsigned(row, 0)?, id: row::id(row, 1)?, crashes: row.get(2)?, is_young })
        };
        let mut found = Vec::new();
        for queue in self.names.all().collect::<Vec<_>>() {
            found.extend(self.sql.in_flight.query_map((queue,), read)?.collect::<Result<Vec<_>>>()?);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crash(young: &[MessageId]) -> Crash {
        Crash { found: 0, young: young.to_vec() }
    }

    fn seen(crashes: u32, is_young: bool) -> InFlight {
        InFlight { sequence: 1, id: MessageId::from_bytes([7; 16]), crashes: crashes - 1, is_young }
    }

    fn crashes(count: usize) -> Vec<Crash> {
        vec![crash(&[]); count]
    }

    #[test]
    fn what_three_crashes_saw_is_why() {
        assert!(!seen(2, false).is_why(&crashes(2)));
        assert!(seen(3, false).is_why(&crashes(3)));
        assert!(seen(3, false).is_why(&crashes(4)), "the first was too quick to see it");
    }

    #[test]
    fn where_other_crashes_did_not_see_it_more_are_needed() {
        assert!(!seen(3, true).is_why(&crashes(5)));
        assert!(!seen(4, false).is_why(&crashes(7)));
        assert!(seen(4, false).is_why(&crashes(6)));
        assert!(!seen(7, true).is_why(&crashes(30)));
        assert!(seen(8, false).is_why(&crashes(30)), "it cannot go on for ever");
    }

    #[test]
    fn what_kills_at_once_is_known_by_the_third_crash_though_the_first_did_not_see_it() {
        let id = MessageId::from_bytes([7; 16]);
        let twice = [crash(&[]), crash(&[id]), crash(&[id])];
        assert!(seen(2, true).is_why(&twice));
        assert!(!seen(2, false).is_why(&twice), "it had run for a while this time");
        assert!(!seen(2, true).is_why(&[crash(&[]), crash(&[]), crash(&[id])]), "or the time before");
        assert!(!seen(2, true).is_why(&[crash(&[]), crash(&[]), crash(&[id]), crash(&[id])]), "or there were others");
    }
}
