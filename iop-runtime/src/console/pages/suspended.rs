//! Messages that wait for a person, those together that wait for the same reason.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use serde::Deserialize;

use super::{Problem, find};
use crate::console::frame::{Frame, Page, Visit, page};
use crate::console::html;
use crate::director::Role;
use crate::director::view::MessageView;
use crate::message::SuspendReason;
use crate::search;
use crate::store::Search;

/// Messages that are grouped; the page says where there are more.
const MOST: usize = 1_000;
/// Messages of a group that are shown one by one.
const SHOWN: usize = 5;

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    item: String,
}

#[derive(Template)]
#[template(path = "suspended.html")]
struct SuspendedPage {
    frame: Frame,
    about: String,
    narrowed: String,
    operator: bool,
    groups: Vec<Group>,
}

/// Messages of one type that wait at one item for one reason, with the same error but for numbers.
struct Group {
    reason: &'static str,
    words: String,
    help: &'static str,
    item: String,
    type_name: String,
    error: String,
    ids: String,
    messages: Vec<MessageView>,
}

impl Group {
    fn shown(&self) -> &[MessageView] {
        &self.messages[..self.messages.len().min(SHOWN)]
    }

    fn more(&self) -> usize {
        self.messages.len() - self.shown().len()
    }
}

/// `GET /suspended`.
pub(super) async fn suspended(visit: Visit, Query(which): Query<Which>) -> Page {
    let at = if which.item.is_empty() { String::new() } else { format!(" to:{}", super::quoted(&which.item)) };
    let query = search::parse(&format!("status:suspended{at}"));
    let query = query.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    let found = find(&visit, Search { query, limit: MOST, ..Search::default() }).await?;
    let more = found.next.is_some();
    let messages: Vec<MessageView> = found.headers.into_iter().map(MessageView::from).collect();
    let whose = if which.item.is_empty() { String::new() } else { format!(" at {}", which.item) };
    let count = html::counted(messages.len(), "message");
    page(&SuspendedPage {
        frame: visit.frame("Suspended", "/suspended").await?,
        about: if more { format!("the newest {count}{whose}") } else { format!("{count}{whose}") },
        narrowed: html::encoded(&at),
        operator: visit.may(Role::Operator),
        groups: groups(messages),
    })
}

/// The largest group first.
fn groups(messages: Vec<MessageView>) -> Vec<Group> {
    let mut groups: BTreeMap<(&'static str, String, String, String), Vec<MessageView>> = BTreeMap::new();
    for message in messages {
        let reason = message.reason.map_or("suspended", SuspendReason::as_str);
        let item = message.target.as_deref().unwrap_or("outside").to_owned();
        let error = without_numbers(message.error.as_deref().unwrap_or_default());
        groups.entry((reason, item, message.type_name.to_string(), error)).or_default().push(message);
    }
    let mut groups: Vec<Group> = groups
        .into_iter()
        .map(|((reason, item, type_name, _), messages)| Group {
            reason,
            words: reason.replace('_', " "),
            help: help(messages.first().and_then(|message| message.reason)),
            item,
            type_name,
            error: messages.first().and_then(|message| message.error.as_deref()).unwrap_or_default().to_owned(),
            ids: messages.iter().map(|message| message.id.to_string()).collect::<Vec<_>>().join(","),
            messages,
        })
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.messages.len()));
    groups
}

/// An error without what is another number or id in each message.
fn without_numbers(error: &str) -> String {
    let mut same = String::with_capacity(error.len());
    for word in error.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric()) {
        let (text, end) = match word.char_indices().next_back() {
            Some((at, last)) if !last.is_ascii_alphanumeric() => word.split_at(at),
            _ => (word, ""),
        };
        let varies = text.bytes().any(|byte| byte.is_ascii_digit());
        same.push_str(if varies { "#" } else { text });
        same.push_str(end);
    }
    same
}

/// What can be done about it.
fn help(reason: Option<SuspendReason>) -> &'static str {
    match reason {
        Some(SuspendReason::Poison) => "Its handler failed on every attempt. Mend the cause, then resume; or edit it.",
        Some(SuspendReason::Schema) => "Its body cannot be read as its type. Start a program that can, then resume.",
        Some(SuspendReason::Corrupt) => "What is stored is not what was written. Send it again from where it came.",
        Some(SuspendReason::InDoubt) => {
            "It may have had its effect already. Find out outside: then discard it, or resume it if it has not."
        }
        Some(SuspendReason::CrashSuspect) => {
            "The process died three times while it was worked on. Look before you resume."
        }
        Some(SuspendReason::Orphaned) => "Its item is not in the production any more. Resend it to another.",
        Some(SuspendReason::Operator) => "Somebody suspended it.",
        Some(SuspendReason::Unavailable) => "The outside could not be reached for as long as its item tries.",
        Some(SuspendReason::MaxHops) => {
            "It came to its item more often than is allowed: something sends it in a circle."
        }
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::without_numbers;

    #[test]
    fn errors_that_differ_in_numbers_and_ids_are_the_same() {
        let one = without_numbers("503 from order ORD-1 (id 01ab), line 7");
        assert_eq!(one, without_numbers("504 from order ORD-22 (id 77ff), line 12"));
        assert_ne!(one, without_numbers("503 from invoice ORD-1 (id 01ab), line 7"));
    }
}
