//! What a replay has found, for people and for programs.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::record::place;
use crate::message::SessionId;
use crate::store::StoredMessage;

/// What came of a replay.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The production.
    pub production: &'static str,
    /// Its sessions, in the order in which they began.
    pub sessions: Vec<SessionReport>,
}

/// What came of a session.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SessionReport {
    /// The session.
    pub session: SessionId,
    /// Its first message: `outside -> intake: Order`.
    pub input: String,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a session.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "outcome", content = "detail", rename_all = "snake_case")]
pub enum Outcome {
    /// Every message is as it was.
    Same,
    /// Something is not.
    Differs(Vec<Difference>),
    /// It cannot be replayed, and why.
    Skipped(String),
}

/// A message that is not as it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// Where it stands: `ward -> printer: Line`.
    pub at: String,
    /// What is different.
    #[serde(flatten)]
    pub change: Change,
}

/// What is different in a message.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// It is in the record only.
    Missing {
        /// Its body, sensitive fields masked.
        body: Value,
    },
    /// It is new.
    Added {
        /// Its body, sensitive fields masked.
        body: Value,
    },
    /// Its body is another one.
    Body {
        /// The fields.
        fields: Vec<FieldChange>,
    },
    /// It ended otherwise.
    Status {
        /// In the record.
        was: String,
        /// In the replay.
        is: String,
    },
    /// It could not be replayed.
    Problem {
        /// Why.
        text: String,
    },
}

/// A field with another value. What is missing is `null`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FieldChange {
    /// Its path: `lines[0].text`; `.` is the body itself.
    pub path: String,
    /// In the record.
    pub was: Value,
    /// In the replay.
    pub is: Value,
}

impl Report {
    /// Whether no session differs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.differing() == 0
    }

    /// How many sessions differ.
    #[must_use]
    pub fn differing(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Differs(_)))
    }

    /// How many sessions cannot be replayed.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Skipped(_)))
    }

    /// Nothing is different.
    ///
    /// # Panics
    /// Where something is, with all of it.
    #[cfg(feature = "testing")]
    #[track_caller]
    pub fn assert_same(&self) {
        assert!(self.is_same(), "the replay is not the record:\n{self}");
    }

    fn count(&self, is: impl Fn(&Outcome) -> bool) -> usize {
        self.sessions.iter().filter(|session| is(&session.outcome)).count()
    }
}

impl fmt::Display for Report {
    /// A part for each session that differs or was skipped, and a line that counts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for session in &self.sessions {
            session.fmt(f)?;
        }
        let (all, differing, skipped) = (self.sessions.len(), self.differing(), self.skipped());
        let plural = if all == 1 { "" } else { "s" };
        let same = all - differing - skipped;
        writeln!(f, "{all} session{plural}: {same} the same, {differing} different, {skipped} not replayed")
    }
}

impl fmt::Display for SessionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::Same => Ok(()),
            Outcome::Skipped(why) => writeln!(f, "{} {}\n  not replayed; {why}", self.session, self.input),
            Outcome::Differs(differences) => {
                writeln!(f, "{} {}", self.session, self.input)?;
                differences.iter().try_for_each(|difference| difference.fmt(f))
            }
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = &self.at;
        match &self.change {
            Change::Missing { body } => writeln!(f, "  - {at} {body}"),
            Change::Added { body } => writeln!(f, "  + {at} {body}"),
            Change::Status { was, is } => writeln!(f, "  ~ {at}\n      was {was}\n      is  {is}"),
            Change::Problem { text } => writeln!(f, "  ! {at}: {text}"),
            Change::Body { fields } => {
                writeln!(f, "  ~ {at}")?;
                fields.iter().try_for_each(|FieldChange { path, was, is }| writeln!(f, "      {path}: {was} -> {is}"))
            }
        }
    }
}

impl Difference {
    pub(super) fn new(message: &StoredMessage, change: Change) -> Self {
        Self { at: place(&message.header), change }
    }

    pub(super) fn problem(message: &StoredMessage, text: String) -> Self {
        Self::new(message, Change::Problem { text })
    }
}
