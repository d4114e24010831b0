//! The message that the engine itself sends: something that a person should know of has begun, lasts, or is over.
//!
//! What alerts are about is decided by the engine; this is only the form in which they travel.

use std::fmt;

use super::{MessageId, SessionId};
use crate::clock::Timestamp;

/// Something that a person should know of: a message waits for a decision, a queue grows, an item does not come up.
///
/// The engine sends one when a condition begins, one when it is over, and in between only where `alert_repeat` asks for it.
/// `alerts to item;` in `production!` says who handles them: any process or operation with a handler for this type. They
/// are stored messages like all others, sent by [`SOURCE`](Self::SOURCE).
#[iop_macros::message(name = "iop.alert")]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Alert {
    /// The production.
    pub production: String,
    /// The item that it is about; `None` where it is about the production as a whole.
    #[key]
    pub item: Option<String>,
    /// Which condition.
    #[key]
    pub kind: AlertKind,
    /// Whether the condition has begun, lasts or is over.
    pub phase: AlertPhase,
    /// When the condition began, in RFC 3339.
    #[serde(with = "crate::clock::rfc3339")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
    /// When this alert was raised, in RFC 3339.
    #[serde(with = "crate::clock::rfc3339")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub time: Timestamp,
    /// What was measured, in the unit of the [kind](AlertKind); `None` where nothing is.
    #[serde(default)]
    pub value: Option<f64>,
    /// The limit of the rule, in the same unit; `None` where there is none.
    #[serde(default)]
    pub limit: Option<f64>,
    /// One line for people: what it is, and what to do.
    pub text: String,
    /// The session of the message that caused it, where one did.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    pub session: Option<SessionId>,
    /// The message that caused it, where one did.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    pub message: Option<MessageId>,
}

impl Alert {
    /// The name of the sender of alerts, in place of an item's.
    pub const SOURCE: &'static str = "(engine)";

    /// An alert without what only some have: value, limit, session and message.
    #[must_use]
    pub fn new(production: &str, item: Option<&str>, kind: AlertKind, phase: AlertPhase, since: Timestamp) -> Self {
        Self {
            production: production.to_owned(),
            item: item.map(str::to_owned),
            kind,
            phase,
            since,
            time: since,
            value: None,
            limit: None,
            text: String::new(),
            session: None,
            message: None,
        }
    }
}

/// What an [`Alert`] is about.
#[iop_macros::message(part)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AlertKind {
    /// Messages of the item are suspended: they wait for a person. The value counts them.
    Suspended,
    /// Attempts of the item fail. The value counts those of the last minute.
    Errors,
    /// The queue of the item is deep. The value counts the messages that wait.
    Depth,
    /// The oldest waiting message of the item is old. The value is its age in seconds.
    Age,
    /// Nothing has come in. The value is for how long, in seconds.
    Inactive,
    /// The item is enabled and does not come up.
    Down,
    /// Handlers of the item block their thread. The value counts them.
    Stuck,
    /// The circuit breaker of the item is open: its outside is not asked for the time being.
    Breaker,
    /// The store fails, or its disk fills up. The value is the size of the store in bytes where that is the reason.
    Store,
}

impl AlertKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Suspended,
        Self::Errors,
        Self::Depth,
        Self::Age,
        Self::Inactive,
        Self::Down,
        Self::Stuck,
        Self::Breaker,
        Self::Store,
    ];

    /// The word in the store, on the command line and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Errors => "errors",
            Self::Depth => "depth",
            Self::Age => "age",
            Self::Inactive => "inactive",
            Self::Down => "down",
            Self::Stuck => "stuck",
            Self::Breaker => "breaker",
            Self::Store => "store",
        }
    }

    /// The kind of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for AlertKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl super::KeyValue for AlertKind {
    fn key(&self) -> Option<String> {
        Some(self.as_str().to_owned())
    }
}

/// Where in its life the condition of an [`Alert`] is.
#[iop_macros::message(part)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AlertPhase {
    /// It has begun.
    Entered,
    /// It lasts, and `alert_repeat` asks to be told again.
    Lasts,
    /// It is over.
    Left,
}

impl AlertPhase {
    /// The word in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Entered => "entered",
            Self::Lasts => "lasts",
            Self::Left => "left",
        }
    }
}

impl fmt::Display for AlertPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    #[test]
    fn an_alert_travels_as_json_that_people_can_read() {
        let since = Timestamp(1_764_000_000_123_000);
        let mut alert = Alert::new("Lab", Some("analyser"), AlertKind::Depth, AlertPhase::Entered, since);
        alert.value = Some(120.0);
        let json = serde_json::to_value(&alert).unwrap();
        assert_eq!(json["since"], "2025-11-24T16:00:00.123Z");
        assert_eq!((&json["kind"], &json["phase"]), (&"depth".into(), &"entered".into()));
        assert_eq!(serde_json::from_value::<Alert>(json).unwrap(), alert);
        assert_eq!(alert.keys(), [("item", "analyser".to_owned()), ("kind", "depth".to_owned())]);
    }

    #[test]
    fn every_kind_has_a_word_of_its_own() {
        for kind in AlertKind::ALL {
            assert_eq!(AlertKind::from_word(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
