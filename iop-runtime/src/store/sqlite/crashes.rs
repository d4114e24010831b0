//! Who was in flight when the process died, and whether it is why.
//!
//! A process dies of a message, or it is killed from outside. Of a message it dies again and again, and soon: what was in
//! flight in three crashes is suspended. Where there were crashes without it, something else kills the process, and being
//! there says less. Where it waited for another one that was in flight as well, it is rather that one.

use std::collections::HashSet;
use std::time::Duration;

use rusqlite::{OptionalExtension, Result, Row};
use serde::{Deserialize, Serialize};

use super::flight;
use super::row::{self, signed, unsigned};
use super::writer::Writer;
use crate::clock::Timestamp;
use crate::message::MessageId;

/// The note in which the last crashes are remembered.
const NOTE: &str = "crashes";
/// Crashes that have to do with each other.
const WINDOW: Duration = Duration::from_secs(600);
const REMEMBERED: usize = 32;

/// So many crashes that saw a message suspend it …
const ENOUGH: usize = 3;
/// … and so many do, whatever speaks for it.
const ALWAYS: usize = 8;

/// A crash, as the next opening finds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Crash {
    /// When it was found.
    found: i64,
    /// What was in flight and never stored: an item inside works on a message before its commit. Sent again by the same turn
    /// it has the same id, and may be stored by then.
    unknown: Vec<MessageId>,
}

/// A message that was in flight.
#[derive(Debug)]
struct InFlight {
    id: MessageId,
    sequence: u64,
    /// Earlier crashes in which it was so.
    crashes: usize,
    /// The message of the turn that sent it.
    parent: Option<MessageId>,
}

/// What the store knows of a message that was in flight.
#[derive(Debug)]
enum Seen {
    Unfinished(InFlight),
    /// It is over, or waits for a person.
    AtRest,
    Unknown,
}

/// Whether so many sightings, the last of them in the last of so many crashes, are enough.
fn is_why(seen: usize, crashes: usize, waited: bool) -> bool {
    let others = crashes.saturating_sub(seen);
    seen >= if waited { ALWAYS } else { (ENOUGH + others).min(ALWAYS) }
}

impl Writer<'_> {
    /// Counts the crash against what was in flight in it, and suspends what is why.
    pub(super) fn judge_the_crash(&mut self) -> Result<()> {
        let left = flight::left_in(self.pages.dir(), self.epoch - 1);
        if left.is_empty() && !self.pages.found_a_log() {
            return Ok(());
        }
        let now = self.clock.now();
        let known: Option<String> = self.sql.note.query_row((NOTE,), |row| row.get(0)).optional()?;
        // What cannot be read is forgotten: then it takes a crash more.
        let mut crashes: Vec<Crash> = known.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        crashes.retain(|crash| Timestamp(crash.found).after(WINDOW) > now);
        crashes.drain(..crashes.len().saturating_sub(REMEMBERED - 1));
        let (mut suspects, mut unknown) = (Vec::new(), Vec::new());
        for id in left {
            match self.seen(id)? {
                Seen::Unfinished(message) => suspects.push(message),
                Seen::Unknown => unknown.push(id),
                Seen::AtRest => {}
            }
        }
        crashes.push(Crash { found: now.0, unknown });
        let parents: HashSet<_> = suspects.iter().filter_map(|message| message.parent).collect();
        for InFlight { id, sequence, crashes: counted, .. } in &suspects {
            let before = crashes.iter().filter(|crash| crash.unknown.contains(id)).count();
            let seen = counted + before + 1;
            if is_why(seen, crashes.len(), parents.contains(id)) {
                let error = format!("it was in flight in {seen} crashes of the process");
                let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
                let (queue, key) = self.sql.suspend_suspect.query_row((signed(*sequence), error), read)?;
                // Others of its order key may have waited for it, and go on where it parks nobody.
                self.release_one_of(queue, key)?;
            } else {
                self.sql.count_crash.execute((signed(*sequence),))?;
            }
        }
        self.sql.write_note.execute((NOTE, serde_json::to_string(&crashes).unwrap_or_default()))?;
        Ok(())
    }

    fn seen(&mut self, id: MessageId) -> Result<Seen> {
        let found = self.sql.was_in_flight.query_row((id.to_bytes(),), |row| {
            let (sequence, parent) = (unsigned(row, 0)?, row::id_or_null(row, 2)?);
            let message = InFlight { id, sequence, crashes: row.get::<_, u32>(1)? as usize, parent };
            Ok(if row.get(3)? { Seen::Unfinished(message) } else { Seen::AtRest })
        });
        Ok(found.optional()?.unwrap_or(Seen::Unknown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_three_crashes_saw_is_why() {
        assert!(!is_why(2, 2, false));
        assert!(is_why(3, 3, false));
    }

    #[test]
    fn where_other_crashes_did_not_see_it_more_are_needed() {
        assert!(!is_why(3, 4, false));
        assert!(is_why(4, 5, false));
        assert!(!is_why(7, 30, false));
        assert!(is_why(8, 30, false), "it cannot go on for ever");
    }

    #[test]
    fn who_waited_for_another_one_is_not_why_but_not_for_ever() {
        assert!(!is_why(7, 7, true));
        assert!(is_why(8, 8, true));
    }
}
