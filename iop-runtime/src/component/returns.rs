//! What hooks and handlers may return.

use super::{Answer, Error, Result};
use crate::message::{Message, Respond};

/// What a hook or handler may return: a `Result` with any error.
#[diagnostic::on_unimplemented(
    message = "a handler returns `Result<…>`, not `{Self}`",
    label = "not a `Result`",
    note = "write `-> Result` or `-> Result<Response>` [iop E03]"
)]
pub trait HandlerResult {
    /// The value.
    type Value;

    /// With the engine's error type.
    ///
    /// # Errors
    /// The handler's failure.
    fn into_result(self) -> Result<Self::Value>;
}

impl<T, E: HandlerError> HandlerResult for Result<T, E> {
    type Value = T;

    fn into_result(self) -> Result<T> {
        self.map_err(HandlerError::into_error)
    }
}

/// What the `Result` of a hook or handler may fail with: [`Error`], or any error that may go to another thread.
#[diagnostic::on_unimplemented(
    message = "a handler cannot fail with `{Self}`",
    label = "not an error that may go to another thread",
    note = "write `-> Result` or `-> Result<Response>`: its error is made of any `std::error::Error + Send + Sync` by `?`, and of a text by `Error::retry(\"…\")` or `Error::fatal(\"…\")` [iop E03]"
)]
pub trait HandlerError {
    /// As the engine's error type.
    fn into_error(self) -> Error;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Error>> HandlerError for E {
    fn into_error(self) -> Error {
        self.into()
    }
}

/// What a hook gives that gives nothing: `on_init`, `on_teardown`, `on_response`, `on_timer`.
#[diagnostic::on_unimplemented(
    message = "this hook gives nothing, not `{Self}`",
    label = "nobody would get the value",
    note = "write `-> Result` [iop E03]"
)]
pub trait NoValue {}

impl NoValue for () {}

/// What `on_complete` gives: the response of the request.
#[diagnostic::on_unimplemented(
    message = "`on_complete` for `{M}` cannot answer `{Self}`",
    label = "not the response of `{M}`",
    note = "return `Result` with the response type that `#[message(response = …)]` of `{M}` names; without one, plain `Result` [iop E03]"
)]
pub trait ResponseOf<M: Message> {
    /// The answer.
    fn answer(self) -> Answer<M>;
}

#[diagnostic::do_not_recommend]
impl<M: Message<Response = R>, R: Respond> ResponseOf<M> for R {
    fn answer(self) -> Answer<M> {
        Answer::Response(self)
    }
}
