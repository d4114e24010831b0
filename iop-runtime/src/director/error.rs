//! Why the director could not do it, by what its caller can do about it.

use std::time::Duration;

use crate::component::RequestError;
use crate::message::{InvalidMessage, MessageId, SuspendReason};
use crate::store::StoreError;

/// Why the director could not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DirectorError {
    /// No item of that name.
    #[error("there is no item `{name}`{}", hint(.nearest))]
    UnknownItem {
        /// The name.
        name: String,
        /// The nearest name that exists.
        nearest: Option<String>,
    },
    /// The item is not a service that takes messages.
    #[error("`{0}` is not a service that can be called: {1}")]
    NotAService(String, &'static str),
    /// The item does not take messages from outside: it fetches its input itself.
    #[error("`{0}` fetches its input itself and takes no messages")]
    NoEntrance(String),
    /// The item has no handler for that message type, or has several and none was named.
    #[error("`{item}` takes {takes}; {wrong}")]
    UnknownType {
        /// The item.
        item: String,
        /// The types that it takes.
        takes: String,
        /// What is wrong with the type given.
        wrong: String,
    },
    /// The body does not fit the message type. Nothing was stored.
    #[error("the body is not a `{type_name}`: {invalid}")]
    Invalid {
        /// The message type.
        type_name: &'static str,
        /// Which field does not fit, and why.
        invalid: InvalidMessage,
    },
    /// No such request in the store.
    #[error("there is no request {0} in the store")]
    UnknownMessage(MessageId),
    /// The id that was given is that of another message. Nothing was stored.
    #[error("the id {id} is taken by {of}")]
    OtherMessage {
        /// The id.
        id: MessageId,
        /// What is stored under it.
        of: String,
    },
    /// The message was sent once more already. Nothing was stored.
    #[error("{id} was resent already, as {new}; resend it all the same with `force`")]
    AlreadyResent {
        /// The message.
        id: MessageId,
        /// The one that it was resent as.
        new: MessageId,
    },
    /// The message does not wait for a person: somebody else has decided, or a worker has it.
    #[error("{0} is not suspended any more")]
    NotWaiting(MessageId),
    /// The message does not wait in a queue: it is over, or a worker has it.
    #[error("{0} waits in no queue: it is over, or a worker has it")]
    NotInQueue(MessageId),
    /// No such job.
    #[error("there is no job {0}")]
    UnknownJob(u64),
    /// What was looked for is not there.
    #[error("`{0}` finds no message")]
    NoMessage(String),
    /// What was asked for cannot be done as it is.
    #[error("{0}")]
    Refused(String),
    /// The item is stopped.
    #[error("`{0}` is stopped")]
    Stopped(String),
    /// No response in time. The message is stored and goes on.
    #[error("`{item}` did not respond within {timeout:?}; the message is stored and goes on")]
    TimedOut {
        /// The item.
        item: String,
        /// How long was waited.
        timeout: Duration,
    },
    /// The message failed and waits for a person.
    #[error("the message is suspended at `{item}` ({reason}): {error}")]
    Suspended {
        /// The item.
        item: String,
        /// Why.
        reason: SuspendReason,
        /// The error chain of its last attempt.
        error: String,
    },
    /// A person or a rule took the message out.
    #[error("the message was taken out of the queue of `{0}`")]
    Removed(String),
    /// The message is certainly not stored.
    #[error("the message was not stored: {0}")]
    NotStored(String),
    /// The store cannot say whether the message is stored; calling again with the same id is safe.
    #[error("the store cannot say whether the message was stored, call again with the same id: {0}")]
    Unknown(String),
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// What a caller can do about a failure of the store.
pub(super) fn store_error(error: StoreError) -> DirectorError {
    match error {
        StoreError::NotStored(error) => DirectorError::NotStored(error.to_string()),
        StoreError::Closed => DirectorError::NotStored("the production has stopped".to_owned()),
        StoreError::Unknown(error)
        | StoreError::Read(error)
        | StoreError::Damaged(error)
        | StoreError::Corrupt(error) => DirectorError::Unknown(error.to_string()),
    }
}

/// What a caller can do about a request that got no response.
pub(super) fn refused(item: &str, error: RequestError) -> DirectorError {
    let item = item.to_owned();
    match error {
        RequestError::Suspended { reason, error, .. } => {
            DirectorError::Suspended { item, reason, error: error.to_string() }
        }
        RequestError::TimedOut { timeout, .. } => DirectorError::TimedOut { item, timeout },
        RequestError::Stopped { .. } | RequestError::Ended { .. } => DirectorError::Stopped(item),
        RequestError::Removed { .. } => DirectorError::Removed(item),
        RequestError::NotStored(error) => DirectorError::NotStored(error.to_string()),
        RequestError::Unknown(error) => DirectorError::Unknown(error.to_string()),
        RequestError::Unreadable { error, .. } => DirectorError::Unknown(error.to_string()),
    }
}
