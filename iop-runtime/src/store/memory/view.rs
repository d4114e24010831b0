//! What people see of the memory store.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;

use super::rows::{Entry, Rows};
use crate::message::{Header, Status, hashed};
use crate::search::{Facts, Pattern, RESENT_FROM, contains};
use crate::store::viewer::page;
use crate::store::{AuditEntry, AuditQuery, Event, EventQuery, Found, QueueStatus, Search, StoredKey};

/// Every message is looked at: there is no index, and no time to keep.
pub(super) fn search(rows: &Rows, search: &Search) -> Found {
    let matching = |(sequence, entry): (&u64, &Entry)| {
        let asked =
            follows(*sequence, search.after, search.oldest_first) && search.up_to.is_none_or(|end| *sequence <= end);
        let Ok(holds) = search.query.holds(&mut Candidate(entry));
        (asked && holds).then(|| entry.message.header.clone())
    };
    let limit = page(search.limit);
    let mut headers: Vec<Header> = if search.oldest_first {
        rows.messages.iter().filter_map(matching).take(limit.saturating_add(1)).collect()
    } else {
        rows.messages.iter().rev().filter_map(matching).take(limit.saturating_add(1)).collect()
    };
    let more = headers.len() > limit;
    headers.truncate(limit);
    let next = headers.last().filter(|_| more).map(|header| header.sequence);
    Found { headers, next, looked_to: None }
}

struct Candidate<'a>(&'a Entry);

impl Facts for Candidate<'_> {
    type Error = Infallible;

    fn header(&self) -> &Header {
        &self.0.message.header
    }

    fn has_key(&mut self, name: &str, value: &Pattern) -> Result<bool, Infallible> {
        let hash = hashed(name, &value.text);
        let has =
            |(key, text): &(&str, String)| *key == name && (value.matches(text) || (!value.prefix && *text == hash));
        Ok(self.0.keys.iter().any(has))
    }

    fn is_resent(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.keys.iter().any(|(name, _)| *name == RESENT_FROM))
    }

    fn body_contains(&mut self, text: &str) -> Result<bool, Infallible> {
        Ok(contains(&self.0.message.body, text.as_bytes()))
    }
}

pub(super) fn key_values(rows: &Rows, name: &str, prefix: &str, limit: usize) -> Vec<String> {
    let keys = rows.messages.values().flat_map(|entry| &entry.keys).filter(|(key, _)| *key == name);
    let values = keys.map(|(_, value)| value).filter(|value| value.starts_with(prefix) && !value.starts_with("hash:"));
    let values: BTreeSet<&String> = values.collect();
    values.into_iter().take(limit).cloned().collect()
}

pub(super) fn keys(rows: &Rows, sequences: &[u64]) -> Vec<StoredKey> {
    let of = |&sequence: &u64| {
        let keys = rows.messages.get(&sequence).map(|entry| entry.keys.as_slice()).unwrap_or_default();
        let shown = keys.iter().filter(|(_, value)| !value.starts_with("hash:"));
        let mut keys: Vec<_> =
            shown.map(|(name, value)| StoredKey { sequence, name: Arc::from(*name), value: value.clone() }).collect();
        keys.sort_by(|one, other| one.name.cmp(&other.name));
        keys
    };
    sequences.iter().flat_map(of).collect()
}

/// Whether a number comes after the page that ended with `after`.
fn follows(number: u64, after: Option<u64>, oldest_first: bool) -> bool {
    after.is_none_or(|after| if oldest_first { number > after } else { number < after })
}

pub(super) fn queues(rows: &Rows) -> Vec<QueueStatus> {
    let mut queues: BTreeMap<Arc<str>, QueueStatus> = BTreeMap::new();
    for entry in rows.unfinished.iter().filter_map(|sequence| rows.messages.get(sequence)) {
        let header = &entry.message.header;
        let Some(item) = &header.target else { continue };
        let queue = queues.entry(item.clone()).or_insert_with(|| QueueStatus::empty(item.clone()));
        match header.status {
            Status::Queued => queue.queued += 1,
            Status::InFlight => queue.in_flight += 1,
            Status::Retrying => queue.retrying += 1,
            Status::Suspended => queue.suspended += 1,
            Status::Completed | Status::Discarded | Status::Expired => {}
        }
        if header.status != Status::Suspended {
            queue.oldest = queue.oldest.or(Some(header.created));
        }
    }
    queues.into_values().collect()
}

pub(super) fn events(events: &VecDeque<Event>, query: &EventQuery) -> Vec<Event> {
    let found = |event: &&Event| {
        follows(event.number, query.after, query.oldest_first)
            && query.level.is_none_or(|level| event.level >= level)
            && query.item.as_ref().is_none_or(|item| event.item.as_ref() == Some(item))
            && query.session.is_none_or(|session| event.session == Some(session))
            && query.message.is_none_or(|message| event.message == Some(message))
    };
    let limit = page(query.limit);
    if query.oldest_first {
        events.iter().filter(found).take(limit).cloned().collect()
    } else {
        events.iter().rev().filter(found).take(limit).cloned().collect()
    }
}

pub(super) fn audit(entries: &[AuditEntry], query: &AuditQuery) -> Vec<AuditEntry> {
    let found = |entry: &&AuditEntry| follows(entry.number, query.after, query.oldest_first) && query.matches(entry);
    let limit = page(query.limit);
    if query.oldest_first {
        entries.iter().filter(found).take(limit).cloned().collect()
    } else {
        entries.iter().rev().filter(found).take(limit).cloned().collect()
    }
}
