//! What the errors of an operation mean: a table that the operation declares, from the classes of its error type to what
//! the engine does.

use std::any::type_name;
use std::error::Error as StdError;

use super::Disposition;

/// An error type that says of each of its errors what the engine does about it: the table of
/// `#[business_operation(errors = Type)]`.
///
/// A `match` without `_` makes it complete: an error that is added later does not compile before it has its place. The
/// table counts for what leaves a handler by `?`, also as the cause of another error. What is said where the error
/// happens ([`Error::fatal`](super::Error::fatal) and the like) counts more.
///
/// ```
/// use iop::prelude::*;
///
/// #[message]
/// pub struct Sample { pub number: u32 }
///
/// #[derive(Debug, thiserror::Error)]
/// pub enum LabError {
///     #[error("the laboratory is busy")]
///     Busy,
///     #[error("the laboratory does not know sample {0}")]
///     NoSuchSample(u32),
///     #[error("no connection to the laboratory")]
///     Down(#[from] std::io::Error),
/// }
///
/// impl Classify for LabError {
///     fn class(&self) -> Disposition {
///         match self {
///             Self::Busy => Disposition::Retry,
///             Self::NoSuchSample(_) => Disposition::Fatal,
///             Self::Down(_) => Disposition::Unavailable,
///         }
///     }
/// }
///
/// #[business_operation(errors = LabError)]
/// pub struct Lab;
///
/// #[handlers]
/// impl Lab {
///     async fn measure(&mut self, sample: Sample) -> Result {
///         ask(sample.number)?;
///         Ok(())
///     }
/// }
///
/// fn ask(number: u32) -> Result<(), LabError> {
///     if number == 0 { Err(LabError::NoSuchSample(number)) } else { Ok(()) }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what its errors mean",
    label = "no table of errors",
    note = "write `impl Classify for {Self}`, with a `match` in `fn class(&self) -> Disposition` [iop E12]"
)]
pub trait Classify: StdError + Send + Sync + 'static {
    /// What the engine does about this error.
    fn class(&self) -> Disposition;
}

/// The declared table of an operation.
#[derive(Debug, Clone, Copy)]
pub struct ErrorTable {
    type_name: fn() -> &'static str,
    class: fn(&(dyn StdError + 'static)) -> Option<Disposition>,
}

impl ErrorTable {
    pub(super) const fn of<E: Classify>() -> Self {
        Self { type_name: type_name::<E>, class: |error| error.downcast_ref::<E>().map(E::class) }
    }

    /// The Rust path of the error type, for people.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        (self.type_name)()
    }

    /// What it says of an error, or else of the first of its causes that it knows; `None` where it knows none.
    #[must_use]
    pub fn class(&self, error: &(dyn StdError + 'static)) -> Option<Disposition> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(class) = (self.class)(error) {
                return Some(class);
            }
            cause = error.source();
        }
        None
    }
}
