//! Where the return value of a hook or handler becomes what the engine takes.

use crate::component::{Answer, Answers, Context, Error, HandlerResult, Result};
use crate::message::{Message, Respond};

/// The return value of a handler.
///
/// # Errors
/// The handler's failure.
pub fn answer<M, C, R>(returned: R) -> Result<Answer<M>>
where
    M: Message,
    R: HandlerResult,
    R::Value: Answers<M, C>,
{
    returned.into_result().map(Answers::<M, C>::answer)
}

/// The return value of `on_process_input`.
///
/// # Errors
/// The hook's failure.
pub fn output<R: HandlerResult>(returned: R) -> Result<R::Value> {
    returned.into_result()
}

/// What a hook gives that gives nothing.
#[diagnostic::on_unimplemented(
    message = "this hook gives nothing, not `{Self}`",
    label = "nobody would get the value",
    note = "write `-> Result` [iop E03]"
)]
pub trait NoValue {}

impl NoValue for () {}

/// The return value of `on_init`, `on_teardown` and `on_response`.
///
/// # Errors
/// The hook's failure.
pub fn finished<R>(returned: R) -> Result
where
    R: HandlerResult,
    R::Value: NoValue,
{
    returned.into_result().map(drop)
}

/// What `on_complete` gives: the response of the request.
#[diagnostic::on_unimplemented(
    message = "`on_complete` for `{M}` cannot answer `{Self}`",
    label = "not the response of `{M}`",
    note = "return `Result` with the response type that `#[message(response = …)]` of `{M}` names; without one, plain `Result` [iop E03]"
)]
pub trait ResponseOf<M: Message> {
    /// The response.
    fn response(self) -> M::Response;
}

#[diagnostic::do_not_recommend]
impl<M: Message<Response = R>, R: Respond> ResponseOf<M> for R {
    fn response(self) -> R {
        self
    }
}

/// The return value of `on_complete`.
///
/// # Errors
/// The hook's failure.
pub fn completed<M, R>(returned: R) -> Result<M::Response>
where
    M: Message,
    R: HandlerResult,
    R::Value: ResponseOf<M>,
{
    returned.into_result().map(ResponseOf::response)
}

/// Stands in for a function whose signature has been refused.
///
/// # Errors
/// Always; no program that contains it compiles.
pub fn refused<T>(_: &mut Context) -> Result<T> {
    Err(Error::fatal("this handler has been refused"))
}
