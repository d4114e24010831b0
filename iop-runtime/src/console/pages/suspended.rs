//! Messages that wait for a person, those together that wait for the same reason.

use askama::Template;
use axum::extract::Query;
use serde::Deserialize;

use crate::console::frame::{Frame, Page, Visit, page};
use crate::console::html;
use crate::console::live::{Seen, print};
use crate::director::view::{MessageView, Sight};
use crate::director::{DirectorError, Role, SuspendedGroup, SuspendedGroups};
use crate::message::SuspendReason;

/// Groups whose messages are shown; the others are counted.
const SHOWN: usize = 20;
/// A shorter piece of an error finds more than is meant.
const PIECE: usize = 4;

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
    operator: bool,
    groups: Vec<Group>,
    print: String,
}

/// Messages that wait at one item for one reason, with the same error but for numbers.
struct Group {
    reason: &'static str,
    words: String,
    help: &'static str,
    item: String,
    count: u64,
    error: String,
    /// The search that finds them.
    query: String,
    first: crate::clock::Timestamp,
    last: crate::clock::Timestamp,
    samples: Vec<Sample>,
}

/// One of them.
struct Sample {
    message: MessageView,
    /// What it is known by.
    keys: String,
    /// Its error, where it is another than that of the group.
    error: String,
}

impl Group {
    /// Messages beside those that are shown.
    fn more(&self) -> u64 {
        self.count.saturating_sub(self.samples.len() as u64)
    }
}

/// `GET /suspended`.
pub(super) async fn suspended(visit: Visit, Query(which): Query<Which>) -> Page {
    let found = visit.director.suspended().await?;
    let print = print_of(&found, &which.item);
    let mut frame = visit.frame("Suspended", "/suspended").await?;
    frame.live = format!("suspended?item={}", html::encoded(&which.item));
    let mut groups = Vec::new();
    for group in found.groups.into_iter().filter(|group| is_at(group, &which.item)) {
        let samples = if groups.len() < SHOWN { samples(&visit, &group).await? } else { Vec::new() };
        groups.push(shown(&group, samples));
    }
    let count: u64 = groups.iter().map(|group| group.count).sum();
    let whose = if which.item.is_empty() { String::new() } else { format!(" at {}", which.item) };
    let newest = if found.more { "of the newest: " } else { "" };
    page(&SuspendedPage {
        frame,
        print,
        about: format!("{newest}{} messages in {}{whose}", html::count(count), html::counted(groups.len(), "group")),
        operator: visit.may(Role::Operator),
        groups,
    })
}

/// What changes in it.
pub(super) fn seen(found: &SuspendedGroups, item: &str, seen: &mut Seen) {
    seen.parts.insert("groups", print_of(found, item));
}

fn print_of(found: &SuspendedGroups, item: &str) -> String {
    print(&found.groups.iter().filter(|group| is_at(group, item)).collect::<Vec<_>>())
}

/// Whether a group is at an item, or at any.
fn is_at(group: &SuspendedGroup, item: &str) -> bool {
    item.is_empty() || group.item.as_deref() == Some(item)
}

/// Those that are still there.
async fn samples(visit: &Visit, group: &SuspendedGroup) -> Result<Vec<Sample>, DirectorError> {
    let mut samples = Vec::new();
    for id in &group.samples {
        match visit.director.message(*id, Sight::Withheld).await {
            Ok(detail) => samples.push(Sample {
                keys: html::keys(&detail.keys),
                error: detail.message.error.as_deref().unwrap_or_default().to_owned(),
                message: detail.message,
            }),
            Err(DirectorError::UnknownMessage(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(samples)
}

fn shown(group: &SuspendedGroup, mut samples: Vec<Sample>) -> Group {
    // In the error of the group numbers are missing, which somebody who reads it looks for.
    let newest = samples.first().map(|sample| sample.error.clone()).filter(|error| !error.is_empty());
    let error = html::headline(newest.as_deref().unwrap_or(&group.error)).to_owned();
    for sample in samples.iter_mut().filter(|sample| html::headline(&sample.error) == error) {
        sample.error.clear();
    }
    let query = query(group);
    let reason = group.reason.map_or("suspended", SuspendReason::as_str);
    Group {
        reason,
        words: reason.replace('_', " "),
        help: help(group.reason),
        item: group.item.as_deref().unwrap_or("outside").to_owned(),
        count: group.count,
        error,
        query,
        first: group.first,
        last: group.last,
        samples,
    }
}

/// The search for a group: of its error the longest piece that is the same in all of them.
fn query(group: &SuspendedGroup) -> String {
    let mut query = "status:suspended".to_owned();
    if let Some(reason) = group.reason {
        query = format!("{query} reason:{}", reason.as_str());
    }
    if let Some(item) = &group.item {
        query = format!("{query} to:{}", super::quoted(item));
    }
    let pieces = group.error.split(['#', '…']).map(str::trim);
    let piece = pieces.max_by_key(|piece| piece.len()).filter(|piece| piece.len() >= PIECE);
    piece.map_or_else(|| query.clone(), |piece| format!("{query} error:{}", super::quoted(piece)))
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
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_group_is_found_again_by_what_its_errors_have_in_common() {
        let group = |error: &str| SuspendedGroup {
            reason: Some(SuspendReason::Poison),
            item: Some("lis rest".into()),
            error: error.to_owned(),
            count: 2,
            first: Timestamp(0),
            last: Timestamp(0),
            samples: Vec::new(),
        };
        let wanted = "status:suspended reason:poison to:\"lis rest\" error:\"Service \\\"A\\\" gone\"";
        assert_eq!(query(&group("# Service \"A\" gone #")), wanted);
        assert!(crate::search::parse(wanted).is_ok());
        assert_eq!(query(&group("# a #")), "status:suspended reason:poison to:\"lis rest\"");
    }
}
