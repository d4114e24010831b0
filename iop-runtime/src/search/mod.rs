//! The language in which people look for messages: `status:error item:billing key.order_id:ORD-1 since:1h`. A text becomes a
//! typed [`Query`], or the mistakes in it, each at its place. How a store finds what matches is not asked here.
//!
//! Command line, HTTP and console all parse here. The grammar for people is in `docs/reference/search.md`.

mod error;
mod field;
mod holds;
mod lex;
mod parse;
mod suggest;
mod text;
mod time;

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::message::{Kind, MessageId, SessionId, Status, SuspendReason};

pub use error::{Mistake, SearchError};
pub use holds::{Facts, contains};
pub use parse::parse;
pub use suggest::{Suggestion, Vocabulary, WantedKey, suggest, wanted_key};
pub use time::When;

/// The key under which a message that was resent finds the one that it was resent from.
pub const RESENT_FROM: &str = "resent_from";

/// The key under which a message that was imported is found by the one that was exported.
pub const IMPORTED_FROM: &str = "imported_from";

/// What is looked for: everything for which each of the terms holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// In the order in which they were written.
    pub terms: Vec<Term>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// `-status:completed`: it must not hold.
    pub negated: bool,
    /// What is asked; of several values any will do.
    pub test: Test,
}

/// What a condition asks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Test {
    /// `status:`
    Status(Vec<StatusWord>),
    /// `reason:` of what is suspended.
    Reason(Vec<SuspendReason>),
    /// `item:` sent or received it.
    Item(Vec<Pattern>),
    /// `from:` sent it; `outside` stands for nobody in the production.
    From(Vec<Pattern>),
    /// `to:` is to receive it.
    To(Vec<Pattern>),
    /// `type:`
    Type(Vec<Pattern>),
    /// `kind:`
    Kind(Vec<Kind>),
    /// `key.NAME:` a `#[key]` field has this value.
    Key(Arc<str>, Vec<Pattern>),
    /// `session:`
    Session(Vec<SessionId>),
    /// `id:`
    Id(Vec<MessageId>),
    /// `since:` accepted then or later.
    Since(When),
    /// `until:` accepted before.
    Until(When),
    /// `error:` the last error has this in it, whatever the case of its letters.
    Error(Vec<Arc<str>>),
    /// `text:` the body has this in it, whatever the case of its letters.
    Text(Vec<Arc<str>>),
    /// `is:`
    Is(Vec<Mark>),
    /// `priority:`
    Priority(Vec<Lanes>),
}

/// A state, or a word for several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusWord {
    /// One state.
    One(Status),
    /// `error`: failed, and not over: `retrying` or `suspended`.
    Error,
    /// `open`: not finished.
    Open,
}

impl StatusWord {
    /// Whether a message in this state is meant.
    #[must_use]
    pub fn covers(self, status: Status) -> bool {
        match self {
            Self::One(one) => one == status,
            Self::Error => matches!(status, Status::Retrying | Status::Suspended),
            Self::Open => !status.is_finished(),
        }
    }
}

/// A text, or with `prefix` (a `*` at its end) all that begin with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The text.
    pub text: Arc<str>,
    /// Only the beginning counts.
    pub prefix: bool,
}

impl Pattern {
    /// Exactly this.
    #[must_use]
    pub fn exactly(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), prefix: false }
    }

    /// Whether it is meant.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        if self.prefix { text.starts_with(&*self.text) } else { *self.text == *text }
    }
}

/// What can be said of a message beside its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The response came, or would come, after the caller had given up.
    Late,
    /// It was sent once more from another one.
    Resent,
    /// Its item is no longer in the production.
    Orphaned,
}

/// The lanes from `low` to `high`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lanes {
    /// The lowest priority.
    pub low: u8,
    /// The highest.
    pub high: u8,
}

impl Query {
    /// Everything of which `tests` hold.
    #[must_use]
    pub fn all_of(tests: impl IntoIterator<Item = Test>) -> Self {
        Self { terms: tests.into_iter().map(|test| Term { negated: false, test }).collect() }
    }

    /// The same question with every `since:1h` as the moment that it is at `now`.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        for term in &mut self.terms {
            if let Test::Since(when) | Test::Until(when) = &mut term.test {
                *when = When::At(when.moment(now));
            }
        }
        self
    }

    /// Whether an answer tells something of bodies: who may not read them may not ask it.
    #[must_use]
    pub fn reads_bodies(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.test, Test::Text(_)))
    }
}
