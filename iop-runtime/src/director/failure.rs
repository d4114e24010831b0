//! Why a call failed, as it goes over a wire: the kind, the text, and where in the body.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DirectorError;
use crate::search::{Mistake, SearchError};

/// What went wrong with a call. Each is something else to do for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureKind {
    /// No such item, or none that can be called.
    UnknownItem,
    /// The item does not take that message type.
    UnknownType,
    /// The body does not fit its type. Nothing was stored.
    Invalid,
    /// No such message.
    UnknownMessage,
    /// No such job.
    UnknownJob,
    /// What was to be done does not go together with what is there.
    Conflict,
    /// The id is that of another message.
    OtherMessage,
    /// The item is stopped.
    Stopped,
    /// No response in time; the message goes on.
    TimedOut,
    /// The message failed and waits for a person.
    Suspended,
    /// The message was taken out.
    Removed,
    /// The message is certainly not stored.
    NotStored,
    /// Nobody can say whether it is stored; the same call with the same id is safe.
    Unknown,
    /// The production does not run, or cannot be reached.
    NotRunning,
    /// The caller is not known, or may not do it.
    Refused,
    /// The request itself is wrong.
    BadRequest,
    /// There is nothing of that name.
    NotFound,
    /// Anything else.
    #[serde(other)]
    Other,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[error("{error}")]
#[non_exhaustive]
pub struct CallFailure {
    /// What went wrong.
    #[serde(default = "other")]
    pub kind: FailureKind,
    /// In words.
    pub error: String,
    /// Where in the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Of a query that cannot be read: each mistake at its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<Mistake>,
}

fn other() -> FailureKind {
    FailureKind::Other
}

impl CallFailure {
    /// Of that kind, in these words.
    #[must_use]
    pub fn new(kind: FailureKind, error: impl Into<String>) -> Self {
        Self { kind, error: error.into(), path: None, mistakes: Vec::new() }
    }
}

impl From<SearchError> for CallFailure {
    fn from(error: SearchError) -> Self {
        Self { mistakes: error.mistakes.clone(), ..Self::new(FailureKind::BadRequest, error.to_string()) }
    }
}

impl From<DirectorError> for CallFailure {
    fn from(error: DirectorError) -> Self {
        let kind = match &error {
            DirectorError::UnknownItem { .. } | DirectorError::NotAService(..) | DirectorError::NoEntrance(_) => {
                FailureKind::UnknownItem
            }
            DirectorError::UnknownType { .. } => FailureKind::UnknownType,
            DirectorError::Invalid { .. } => FailureKind::Invalid,
            DirectorError::UnknownMessage(_) | DirectorError::NoMessage(_) => FailureKind::UnknownMessage,
            DirectorError::UnknownJob(_) => FailureKind::UnknownJob,
            DirectorError::AlreadyResent { .. }
            | DirectorError::NotWaiting(_)
            | DirectorError::NotInQueue(_)
            | DirectorError::Refused(_) => FailureKind::Conflict,
            DirectorError::OtherMessage { .. } => FailureKind::OtherMessage,
            DirectorError::Stopped(_) => FailureKind::Stopped,
            DirectorError::TimedOut { .. } => FailureKind::TimedOut,
            DirectorError::Suspended { .. } => FailureKind::Suspended,
            DirectorError::Removed(_) => FailureKind::Removed,
            DirectorError::NotStored(_) => FailureKind::NotStored,
            DirectorError::Unknown(_) => FailureKind::Unknown,
        };
        let mut failure = Self::new(kind, error.to_string());
        if let DirectorError::Invalid { invalid, .. } = error {
            failure.path = Some(invalid.path);
        }
        failure
    }
}
