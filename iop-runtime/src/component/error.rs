//! How a handler fails, and why a request got no response.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::ErrorTable;
use crate::message::{Perhaps, SuspendReason, Upgraded};
use crate::settings::LookupError;

/// What a handler returns.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// What the engine does with a message whose handler failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disposition {
    /// Tried again with backoff; suspended when the attempts are used up (5 by default).
    Retry,
    /// Suspended at once: another attempt would fail the same way.
    Fatal,
    /// The outside cannot be reached: tried again with backoff for ever.
    Unavailable,
    /// Failed before anything reached the outside: as [`Retry`](Self::Retry), also where an effect must not be repeated.
    NotSent,
}

/// A handler's failure. Every error converts with `?` and is retried, unless the table of its operation
/// ([`Classify`](super::Classify)) says otherwise.
///
/// ```
/// # use iop::prelude::*;
/// fn parse(text: &str) -> Result<u32> {
///     let number: u32 = text.parse()?;                     // retried, then suspended
///     if number == 0 {
///         return Err(Error::fatal("zero is not a count"));  // suspended at once
///     }
///     Ok(number)
/// }
/// # assert_eq!(parse("0").unwrap_err().to_string(), "zero is not a count");
/// ```
pub struct Error {
    source: Box<dyn StdError + Send + Sync>,
    /// `None` where nobody has said: it came by `?`.
    disposition: Option<Disposition>,
}

impl Error {
    /// Worth another attempt.
    pub fn retry(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: error.into(), disposition: Some(Disposition::Retry) }
    }

    /// Another attempt would fail the same way: the message is suspended at once.
    pub fn fatal(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: error.into(), disposition: Some(Disposition::Fatal) }
    }

    /// The outside cannot be reached, and nothing has: the message is tried again for ever, with capped backoff.
    pub fn unavailable(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: error.into(), disposition: Some(Disposition::Unavailable) }
    }

    /// Worth another attempt, also in an operation with `effect = "at_most_once"`: nothing has reached the outside.
    /// Every other error of such an operation but [`unavailable`](Self::unavailable) leaves its message in doubt.
    pub fn not_sent(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: error.into(), disposition: Some(Disposition::NotSent) }
    }

    /// What the engine does about it.
    #[must_use]
    pub fn disposition(&self) -> Disposition {
        self.disposition.unwrap_or_else(|| usual(&*self.source))
    }

    /// With what the table of its operation says of it, where nothing was said before.
    pub(crate) fn classified(mut self, table: Option<ErrorTable>) -> Self {
        if let (None, Some(table)) = (self.disposition, table) {
            self.disposition = table.class(&*self.source);
        }
        self
    }

    /// The error and its causes, outermost first, joined by `: `. A cause whose text the outer error repeats is left
    /// out.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.source.to_string();
        let mut cause = self.source.source();
        while let Some(error) = cause {
            let part = error.to_string();
            if !text.ends_with(&part) {
                text.push_str(": ");
                text.push_str(&part);
            }
            cause = error.source();
        }
        text
    }

    /// The underlying error, if it is an `E`.
    #[must_use]
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        self.source.downcast_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({})", self.disposition(), self.chain())
    }
}

// `Error` is not itself a `std::error::Error`: that is what lets every other error convert with `?`.
impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self { source: Box::new(error), disposition: None }
    }
}

/// What is done about an error of which nobody has said it.
fn usual(error: &(dyn StdError + 'static)) -> Disposition {
    if let Some(error) = error.downcast_ref() {
        return match error {
            // An item that is stopped is started again some day.
            RequestError::Stopped { .. } => Disposition::Unavailable,
            // What became of a request is on record: each attempt would find the same, until a person changes it.
            RequestError::Suspended { .. } | RequestError::Removed { .. } | RequestError::Unreadable { .. } => {
                Disposition::Fatal
            }
            _ => Disposition::Retry,
        };
    }
    match error.downcast_ref() {
        // What a lookup table lacks, another attempt would not find.
        Some(LookupError::NoKey { .. } | LookupError::Unreadable { .. }) => Disposition::Fatal,
        Some(_) => Disposition::Unavailable,
        None => Disposition::Retry,
    }
}

/// Why an awaited request got no response. The request itself is not lost: the store shows its state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No response within the timeout. A response that still comes is stored, marked late, and reaches nobody.
    #[error("`{target}` did not respond within {timeout:?}")]
    TimedOut {
        /// The item asked.
        target: Arc<str>,
        /// The timeout.
        timeout: Duration,
    },
    /// The request failed on every attempt, or fatally, and waits for a person.
    #[error("`{target}` suspended the request ({reason}): {error}")]
    Suspended {
        /// The item asked.
        target: Arc<str>,
        /// Why.
        reason: SuspendReason,
        /// The error chain of its last attempt.
        error: Arc<str>,
    },
    /// The item is stopped. A request that was already queued stays in its queue.
    #[error("`{target}` is stopped")]
    Stopped {
        /// The item asked.
        target: Arc<str>,
    },
    /// A duplex exchange whose handler has ended takes no more input.
    #[error("`{target}` takes no more input")]
    Ended {
        /// The item asked.
        target: Arc<str>,
    },
    /// A person or a rule took the request out.
    #[error("the request to `{target}` was taken out of its queue")]
    Removed {
        /// The item asked.
        target: Arc<str>,
    },
    /// The message was not accepted: nothing is stored.
    #[error("the message was not stored: {0}")]
    NotStored(Arc<str>),
    /// The store cannot say whether the message was accepted; sending it again with the same id is safe.
    #[error("the store cannot say whether the message was stored: {0}")]
    Unknown(Arc<str>),
    /// The recorded response cannot be read as the response type.
    #[error("the response of `{target}` cannot be read: {error}")]
    Unreadable {
        /// The item asked.
        target: Arc<str>,
        /// What does not fit.
        error: Arc<str>,
    },
}

/// An upgrade function may fail as a handler does.
#[diagnostic::do_not_recommend]
impl<T: serde::Serialize> Upgraded<Perhaps> for Result<T> {
    type Next = T;

    fn next(self) -> Result<T, String> {
        self.map_err(|error| error.chain())
    }
}
