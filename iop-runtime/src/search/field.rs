//! The qualifiers and the words that some of them take.

use crate::message::{Kind, Status, SuspendReason};

use super::{Mark, StatusWord};

/// A qualifier, with what people are told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Qualifier {
    Status,
    Reason,
    Item,
    From,
    To,
    Type,
    Kind,
    Session,
    Id,
    Since,
    Until,
    Error,
    Text,
    Is,
    Priority,
}

/// Every qualifier but `key.NAME`.
pub(super) const QUALIFIERS: [(&str, Qualifier, &str); 15] = [
    ("status", Qualifier::Status, "its state"),
    ("item", Qualifier::Item, "sent or received by this item"),
    ("from", Qualifier::From, "sent by this item; outside: by none"),
    ("to", Qualifier::To, "for this item"),
    ("type", Qualifier::Type, "its message type"),
    ("session", Qualifier::Session, "of this session"),
    ("id", Qualifier::Id, "this message"),
    ("since", Qualifier::Since, "accepted since: 1h, 2026-11-24, 2026-11-24T09:00"),
    ("until", Qualifier::Until, "accepted before"),
    ("error", Qualifier::Error, "its last error has this text"),
    ("text", Qualifier::Text, "its body has this text"),
    ("reason", Qualifier::Reason, "why it is suspended"),
    ("is", Qualifier::Is, "late, resent or orphaned"),
    ("kind", Qualifier::Kind, "request, response or timer"),
    ("priority", Qualifier::Priority, "its lane: 100, or 100..200"),
];

/// The words of `status`.
pub(super) fn status_words() -> impl Iterator<Item = (&'static str, StatusWord)> {
    let words = [("error", StatusWord::Error), ("open", StatusWord::Open)];
    words.into_iter().chain(Status::ALL.into_iter().map(|status| (status.as_str(), StatusWord::One(status))))
}

/// The words of `reason`.
pub(super) fn reason_words() -> impl Iterator<Item = (&'static str, SuspendReason)> {
    SuspendReason::ALL.into_iter().map(|reason| (reason.as_str(), reason))
}

/// The words of `kind`.
pub(super) const KINDS: [(&str, Kind); 3] =
    [("request", Kind::Request), ("response", Kind::Response), ("timer", Kind::Timer)];

/// The words of `is`.
pub(super) const MARKS: [(&str, Mark); 3] =
    [("late", Mark::Late), ("resent", Mark::Resent), ("orphaned", Mark::Orphaned)];

/// The word for a value.
pub(super) fn word<T: PartialEq>(words: impl IntoIterator<Item = (&'static str, T)>, value: &T) -> &'static str {
    words.into_iter().find(|(_, of)| of == value).map_or("", |(word, _)| word)
}
