//! Purging the memory store. The same rules as those of the SQLite store.

use std::collections::HashSet;
use std::convert::Infallible;
use std::ops::Bound;

use super::rows::Rows;
use super::state::State;
use crate::clock::Timestamp;
use crate::message::{BlobId, Header, Kind, MessageId, SessionId, blobs_in};
use crate::store::purge::Stage;
use crate::store::{Purge, PurgeBatch, PurgeOf, Purged, Usage};

/// What a batch would remove.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    messages: Vec<u64>,
    marks: Vec<MessageId>,
    events: usize,
}

impl State {
    pub(super) fn purge(&mut self, batch: PurgeBatch) -> Purged {
        let (purged, chosen) = self.purgeable(batch);
        for sequence in chosen.messages {
            self.rows.remove(sequence);
        }
        for mark in chosen.marks {
            self.rows.marks.remove(&mark);
        }
        self.events.drain(..chosen.events);
        if purged.messages > 0 {
            self.sweep_blobs();
        }
        purged
    }

    /// Removes contents that nothing refers to any more.
    fn sweep_blobs(&self) {
        let bodies = self.rows.messages.values().map(|entry| &entry.message.body);
        let states = self.rows.instances.values().map(|state| &state.data);
        let used: HashSet<BlobId> = bodies.chain(states).flat_map(|json| blobs_in(json)).collect();
        // In memory nothing fails.
        let _ = self.blobs.sweep(|id| used.contains(&id));
    }

    /// What would go, and which.
    pub(super) fn purgeable(&self, batch: PurgeBatch) -> (Purged, Chosen) {
        match batch.cursor.stage {
            Stage::Messages => match batch.purge.sessions.clone() {
                Some(sessions) => self.of_sessions(batch, &sessions),
                None => self.messages(batch),
            },
            Stage::Marks => self.marks(batch),
            Stage::Events => self.lines(batch),
        }
    }

    fn lines(&self, batch: PurgeBatch) -> (Purged, Chosen) {
        let PurgeBatch { purge, mut cursor, limit } = batch;
        let old = |time: Timestamp| purge.events.is_some_and(|before| time < before);
        let rest = self.events.iter().filter(|event| event.number > cursor.after).take(limit);
        let lines: Vec<u64> = rest.take_while(|event| old(event.time)).map(|event| event.number).collect();
        let events = lines.len();
        cursor.after = lines.last().copied().unwrap_or(cursor.after);
        let next = if events < limit { cursor.next_stage() } else { Some(cursor) };
        (Purged { events: events as u64, next, ..Purged::default() }, Chosen { events, ..Chosen::default() })
    }

    fn messages(&self, batch: PurgeBatch) -> (Purged, Chosen) {
        let PurgeBatch { purge, mut cursor, limit } = batch;
        let (mut purged, mut chosen) = (Purged::default(), Chosen::default());
        for (sequence, entry) in self.rows.messages.range(cursor.after.saturating_add(1)..) {
            if chosen.messages.len() >= limit {
                purged.next = Some(cursor);
                return (purged, chosen);
            }
            cursor.after = *sequence;
            let header = &entry.message.header;
            let judge = || Ok::<_, Infallible>(self.rows.is_over(header.session, &purge));
            let Ok(over) = cursor.may_go(header.session, judge);
            if over && self.rows.may_go(header, &purge) {
                chosen.messages.push(*sequence);
                let oldest = Some(header.created);
                let bytes = entry.message.body.len() as u64;
                purged.add(Purged { messages: 1, bytes, oldest, ..Purged::default() });
            }
        }
        purged.next = cursor.next_stage();
        (purged, chosen)
    }

    /// The same of sessions that are named, whole ones or nothing of them.
    fn of_sessions(&self, batch: PurgeBatch, sessions: &[SessionId]) -> (Purged, Chosen) {
        let PurgeBatch { purge, mut cursor, limit } = batch;
        let (mut purged, mut chosen) = (Purged::default(), Chosen::default());
        while let Some(session) = sessions.get(cursor.session) {
            let Ok(over) = cursor.may_go(*session, || Ok::<_, Infallible>(self.rows.is_over(*session, &purge)));
            if !over {
                purged.kept += 1;
            }
            let from = cursor.after.saturating_add(1);
            let of_session = self.rows.sessions.get(session).into_iter().filter(|_| over);
            for sequence in of_session.flat_map(|messages| messages.range(from..)) {
                if chosen.messages.len() >= limit {
                    purged.next = Some(cursor);
                    return (purged, chosen);
                }
                cursor.after = *sequence;
                chosen.messages.push(*sequence);
                if let Some(entry) = self.rows.messages.get(sequence) {
                    let oldest = Some(entry.message.header.created);
                    let bytes = entry.message.body.len() as u64;
                    purged.add(Purged { messages: 1, bytes, oldest, ..Purged::default() });
                }
            }
            (cursor.session, cursor.after) = (cursor.session + 1, 0);
        }
        purged.next = cursor.next_stage();
        (purged, chosen)
    }

    fn marks(&self, batch: PurgeBatch) -> (Purged, Chosen) {
        let PurgeBatch { purge, mut cursor, limit } = batch;
        let old = |time: Timestamp| purge.marks.is_some_and(|before| time < before);
        let from = cursor.mark.map_or(Bound::Unbounded, Bound::Excluded);
        let rest = self.rows.marks.range((from, Bound::Unbounded)).filter(|(_, time)| old(**time));
        let rest = rest.map(|(mark, _)| *mark);
        let marks: Vec<MessageId> =
            rest.filter(|mark| !self.rows.sessions.contains_key(&SessionId::of(*mark))).take(limit).collect();
        cursor.mark = marks.last().copied().or(cursor.mark);
        let next = if marks.len() < limit { cursor.next_stage() } else { Some(cursor) };
        (Purged { marks: marks.len() as u64, next, ..Purged::default() }, Chosen { marks, ..Chosen::default() })
    }

    /// Bodies, and nothing of what they are wrapped in.
    pub(super) fn usage(&self) -> Usage {
        let messages = self.rows.messages.values();
        let bytes = messages.map(|entry| entry.message.body.len() as u64).sum();
        let oldest = self.rows.messages.first_key_value().map(|(_, entry)| entry.message.header.created);
        Usage { bytes, free: 0, oldest }
    }
}

impl Rows {
    /// Whether every message of the session may go.
    fn is_over(&self, session: SessionId, purge: &Purge) -> bool {
        let sequences = self.sessions.get(&session).into_iter().flatten();
        let mut messages = sequences.filter_map(|sequence| self.messages.get(sequence));
        messages.all(|entry| self.may_go(&entry.message.header, purge))
    }

    /// Whether a message ended long enough ago, and no process waits on with it.
    fn may_go(&self, header: &Header, purge: &Purge) -> bool {
        let before = cutoff(header, purge);
        let old = header.ended.zip(before).is_some_and(|(ended, before)| ended < before);
        old && !self.instances.contains_key(&header.id)
    }
}

/// Before when the message must have ended.
fn cutoff(header: &Header, purge: &Purge) -> Option<Timestamp> {
    let item = if header.kind == Kind::Response { &header.source } else { &header.target };
    let about = purge.rules.iter().filter(|rule| match &rule.of {
        PurgeOf::Type(name) => *name == header.type_name,
        PurgeOf::Item(name) => Some(name) == item.as_ref(),
    });
    // `None` sorts first: it keeps the message longest.
    about.map(|rule| rule.before).min().unwrap_or(purge.messages)
}
