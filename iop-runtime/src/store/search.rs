//! A search as a store is asked it: the question, where the page begins, and how long the store may look.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::viewer::MessageQuery;
use crate::clock::Timestamp;
use crate::message::Header;
use crate::search::{Pattern, Query, StatusWord, Test, When};

/// One page of a search.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// What is looked for, with absolute times: see [`Query::at`].
    pub query: Query,
    /// Page on: only what follows this sequence in the chosen order.
    pub after: Option<u64>,
    /// Only what was accepted up to this sequence: a search that is asked again and again finds nothing new.
    pub up_to: Option<u64>,
    /// At most so many; 0 stands for 100.
    pub limit: usize,
    /// In order of acceptance, not the newest first.
    pub oldest_first: bool,
    /// How long the store may look. It then says how far it came; without it, it looks to the end.
    pub within: Option<Duration>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// The messages, in the chosen order.
    pub headers: Vec<Header>,
    /// Where to page on, as [`Search::after`]; `None` where there is no more.
    pub next: Option<u64>,
    /// The time was over before the page was full, and this is when the last message was accepted that was looked at. What
    /// is beyond may match as well: page on.
    pub looked_to: Option<Timestamp>,
}

/// How many messages a search finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counted {
    /// So many, or at least so many.
    pub count: u64,
    /// There are no more.
    pub exact: bool,
}

impl From<Found> for Counted {
    fn from(found: Found) -> Self {
        Self { count: found.headers.len() as u64, exact: found.next.is_none() }
    }
}

impl From<MessageQuery> for Search {
    fn from(query: MessageQuery) -> Self {
        let MessageQuery { session, item, type_name, status, key, since, after, limit, oldest_first } = query;
        let exactly = |text: Arc<str>| vec![Pattern::exactly(text)];
        let tests = [
            session.map(|session| Test::Session(vec![session])),
            item.map(|item| Test::Item(exactly(item))),
            type_name.map(|name| Test::Type(exactly(name))),
            status.map(|status| Test::Status(vec![StatusWord::One(status)])),
            key.map(|(name, value)| Test::Key(name, exactly(value))),
            since.map(|since| Test::Since(When::At(since))),
        ];
        let query = Query::all_of(tests.into_iter().flatten());
        Self { query, after, up_to: None, limit, oldest_first, within: None }
    }
}
