//! What people see of the memory store.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::rows::{Entry, Rows};
use crate::message::{Header, Status, hashed};
use crate::store::viewer::page;
use crate::store::{AuditEntry, AuditQuery, Event, EventQuery, MessageQuery, QueueStatus};

pub(super) fn messages(rows: &Rows, query: &MessageQuery) -> Vec<Header> {
    let found = |(sequence, entry): (&u64, &Entry)| {
        let matches = follows(*sequence, query.after, query.oldest_first) && matches(entry, query);
        matches.then(|| entry.message.header.clone())
    };
    let limit = page(query.limit);
    if query.oldest_first {
        rows.messages.iter().filter_map(found).take(limit).collect()
    } else {
        rows.messages.iter().rev().filter_map(found).take(limit).collect()
    }
}

/// Whether a number comes after the page that ended with `after`.
fn follows(number: u64, after: Option<u64>, oldest_first: bool) -> bool {
    after.is_none_or(|after| if oldest_first { number > after } else { number < after })
}

fn matches(entry: &Entry, query: &MessageQuery) -> bool {
    let header = &entry.message.header;
    let item = |item: &Arc<str>| header.source.as_ref() == Some(item) || header.target.as_ref() == Some(item);
    let key = |(name, value): &(Arc<str>, Arc<str>)| {
        entry.keys.iter().any(|(n, v)| *n == &**name && (*v == **value || *v == hashed(name, value)))
    };
    query.session.is_none_or(|session| header.session == session)
        && query.item.as_ref().is_none_or(item)
        && query.type_name.as_ref().is_none_or(|name| header.type_name == *name)
        && query.status.is_none_or(|status| header.status == status)
        && query.key.as_ref().is_none_or(key)
        && query.since.is_none_or(|since| header.created >= since)
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
