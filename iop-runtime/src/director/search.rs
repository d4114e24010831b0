//! Searches: a page of what a query finds, how much it finds, what could be written next, and suspended messages in groups.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::view::{KeyView, MessageView, registry};
use super::{Director, DirectorError, RESENT_FROM, store_error};
use crate::clock::Timestamp;
use crate::message::{Header, MessageId, Status, SuspendReason};
use crate::search::{Query, StatusWord, Suggestion, Test, Vocabulary, suggest, wanted_key};
use crate::store::{Counted, Found, Search, StoreError, Viewer};

/// How long a store may look for one page.
pub(super) const WITHIN: Duration = Duration::from_millis(40);

/// Messages are counted up to so many.
const COUNTED: usize = 1000;

/// Values of a key that are suggested.
const VALUES: usize = 20;

/// Suspended messages that are put into groups, the newest ones; and ids that are shown of each group.
const GROUPED: usize = 10_000;
const SAMPLES: usize = 5;

/// Where a page of a search begins, and how long it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageOf {
    /// What follows this sequence: the `next` of the page before.
    pub after: Option<u64>,
    /// At most so many; 0 stands for 100.
    pub limit: usize,
    /// In order of acceptance, not the newest first.
    pub oldest_first: bool,
}

/// A page of what a search finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct SearchPage {
    /// The query in its one form.
    pub query: String,
    /// The messages.
    pub messages: Vec<MessageView>,
    /// The keys of those that have some, by the id of the message. Hashed keys are not among them.
    #[serde(default)]
    pub keys: BTreeMap<MessageId, Vec<KeyView>>,
    /// Where to page on; `None` where there is no more.
    pub next: Option<u64>,
    /// The time was over before the page was full: it was looked as far as messages of this time. Page on for what is beyond.
    #[serde(with = "crate::clock::rfc3339_or_null")]
    #[schemars(with = "Option<crate::clock::Rfc3339>")]
    pub looked_to: Option<Timestamp>,
}

impl SearchPage {
    /// What was found, with its keys.
    pub(crate) async fn of(query: &Query, found: Found, viewer: &dyn Viewer) -> Result<Self, StoreError> {
        let ids: HashMap<u64, MessageId> = found.headers.iter().map(|header| (header.sequence, header.id)).collect();
        let mut keys: BTreeMap<MessageId, Vec<KeyView>> = BTreeMap::new();
        for key in viewer.keys(found.headers.iter().map(|header| header.sequence).collect()).await? {
            // What a message was resent from is a key of the engine's own.
            if let Some(&id) = ids.get(&key.sequence).filter(|_| *key.name != *RESENT_FROM) {
                keys.entry(id).or_default().push(KeyView { name: key.name.to_string(), value: key.value });
            }
        }
        let messages = found.headers.into_iter().map(MessageView::from).collect();
        Ok(Self { query: query.to_string(), messages, keys, next: found.next, looked_to: found.looked_to })
    }
}

/// Suspended messages with one cause.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct SuspendedGroup {
    /// Why they are suspended.
    pub reason: Option<SuspendReason>,
    /// Where.
    pub item: Option<Arc<str>>,
    /// Their error, with numbers and ids left out.
    pub error: String,
    /// How many.
    pub count: u64,
    /// When the first of them was accepted.
    #[serde(with = "crate::clock::rfc3339")]
    #[schemars(with = "crate::clock::Rfc3339")]
    pub first: Timestamp,
    /// When the last of them was accepted.
    #[serde(with = "crate::clock::rfc3339")]
    #[schemars(with = "crate::clock::Rfc3339")]
    pub last: Timestamp,
    /// Some of them, the newest first.
    pub samples: Vec<MessageId>,
}

/// Suspended messages, group by group.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct SuspendedGroups {
    /// The largest group first.
    pub groups: Vec<SuspendedGroup>,
    /// How many messages are in them.
    pub messages: u64,
    /// There are more: only the newest were looked at.
    pub more: bool,
}

impl Director {
    /// A page of what a query finds, as far as the store comes in 40 milliseconds.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn search(&self, query: &Query, page: PageOf) -> Result<SearchPage, DirectorError> {
        let PageOf { after, limit, oldest_first } = page;
        let absolute = query.clone().at(self.core.clock.now());
        let search = Search { query: absolute, after, up_to: None, limit, oldest_first, within: Some(WITHIN) };
        let found = self.core.store.search(search).await.map_err(store_error)?;
        SearchPage::of(query, found, self.viewer()).await.map_err(store_error)
    }

    /// How many messages a query finds, up to a thousand and as far as the store comes in 40 milliseconds.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn count(&self, query: &Query) -> Result<Counted, DirectorError> {
        let query = query.clone().at(self.core.clock.now());
        let search = Search { query, limit: COUNTED, within: Some(WITHIN), ..Search::default() };
        self.core.store.count(search).await.map_err(store_error)
    }

    /// What could stand at the cursor of a query, a position in bytes.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn suggest(&self, text: &str, cursor: usize) -> Result<Vec<Suggestion>, DirectorError> {
        let types = registry().messages.values();
        let keys: BTreeSet<&str> = types.clone().flat_map(|message| message.keys.iter().copied()).collect();
        let mut known = Vocabulary {
            items: self.core.items.iter().map(|item| Arc::clone(&item.name)).collect(),
            types: types.map(|message| Arc::from(message.name)).collect(),
            keys: keys.into_iter().map(Arc::from).collect(),
            values: Vec::new(),
        };
        if let Some(key) = wanted_key(text, cursor) {
            let values = self.core.store.key_values(key.name.into(), key.prefix.into(), VALUES);
            known.values = values.await.map_err(store_error)?.into_iter().map(Arc::from).collect();
        }
        Ok(suggest(text, cursor, &known))
    }

    /// Suspended messages, put together by reason, item and error.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn suspended(&self) -> Result<SuspendedGroups, DirectorError> {
        let query = Query::all_of([Test::Status(vec![StatusWord::One(Status::Suspended)])]);
        let search = Search { query, limit: GROUPED, ..Search::default() };
        let found = self.core.store.search(search).await.map_err(store_error)?;
        let messages = found.headers.len() as u64;
        Ok(SuspendedGroups { groups: groups(&found.headers), messages, more: found.next.is_some() })
    }
}

/// `headers` are the newest first.
fn groups(headers: &[Header]) -> Vec<SuspendedGroup> {
    let mut groups: BTreeMap<(&str, Option<&str>, String), SuspendedGroup> = BTreeMap::new();
    for header in headers {
        let error = without_numbers(header.error.as_deref().unwrap_or_default());
        let reason = header.reason.map_or("", SuspendReason::as_str);
        let key = (reason, header.target.as_deref(), error.clone());
        let group = groups.entry(key).or_insert_with(|| SuspendedGroup {
            reason: header.reason,
            item: header.target.clone(),
            error,
            count: 0,
            first: header.created,
            last: header.created,
            samples: Vec::new(),
        });
        group.count += 1;
        group.first = group.first.min(header.created);
        group.last = group.last.max(header.created);
        if group.samples.len() < SAMPLES {
            group.samples.push(header.id);
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}

/// An error without what is different each time: `#` for a number, `…` for an id or another long row of hexadecimal digits.
fn without_numbers(error: &str) -> String {
    let mut text = String::with_capacity(error.len());
    for part in error.split_inclusive(|letter: char| !letter.is_alphanumeric() && letter != '-') {
        let word = part.trim_end_matches(|letter: char| !letter.is_alphanumeric() && letter != '-');
        let digits = word.chars().filter(char::is_ascii_digit).count();
        if digits > 0 && word.len() >= 8 && word.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-') {
            text.push('…');
            text.push_str(part.get(word.len()..).unwrap_or_default());
            continue;
        }
        let mut in_number = false;
        for letter in part.chars() {
            let is_digit = letter.is_ascii_digit();
            if !is_digit {
                text.push(letter);
            } else if !in_number {
                text.push('#');
            }
            in_number = is_digit;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::without_numbers;

    #[test]
    fn an_error_is_the_same_whatever_its_numbers_and_ids() {
        for (error, without) in [
            ("connect to 10.0.3.17:443: timed out after 30s", "connect to #.#.#.#:#: timed out after #s"),
            ("no order 0192f3a4-11aa-7bcd-8eff-001122334455, again", "no order …, again"),
            ("no order 0192f3a411aa7bcd8eff001122334455", "no order …"),
            ("ORD-4711 is not known", "ORD-# is not known"),
            ("deadbeef is a word of letters alone", "deadbeef is a word of letters alone"),
            ("Müller hat 3 Befunde", "Müller hat # Befunde"),
            ("", ""),
        ] {
            assert_eq!(without_numbers(error), without);
        }
    }
}
