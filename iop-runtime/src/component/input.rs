//! `on_process_input`: how input becomes a turn of a service.

use std::any::Any;
use std::fmt;
use std::future::Future;

use futures_util::future::BoxFuture;

use super::{Answered, Context, Error, Handlers, Result};
use crate::message::{Message, MessageType, Respond};

/// A service with `on_process_input`.
#[diagnostic::on_unimplemented(
    message = "the business service `{Self}` has no `on_process_input`",
    label = "nothing takes its input",
    note = "add `async fn on_process_input(&mut self, …) -> Result` to the `#[handlers]` of `{Self}`"
)]
pub trait ProcessInput: Handlers {
    /// What it takes: a message, the adapter's input, or `()` in a polling service.
    type Input: Send + 'static;
    /// What it gives.
    type Output: Respond;

    /// One turn.
    fn process_input(
        &mut self,
        input: Self::Input,
        cx: &mut Context,
    ) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// What a hook or handler may return: a `Result` with any error.
#[diagnostic::on_unimplemented(
    message = "a handler returns `Result<…>`, not `{Self}`",
    label = "not a `Result`",
    note = "write `-> Result` or `-> Result<Response>`"
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

impl<T, E: Into<Error>> HandlerResult for Result<T, E> {
    type Value = T;

    fn into_result(self) -> Result<T> {
        self.map_err(Into::into)
    }
}

/// A service that the director calls: its input is a message, its output that message's response.
#[diagnostic::on_unimplemented(
    message = "`on_process_input` of `{Self}` does not take a message and give its response",
    label = "not a service that the director can call",
    note = "take a `#[message]` and return `Result` with its response, or write `#[business_service(poll)]`"
)]
pub trait PlainService: ProcessInput {
    /// The message type.
    const INPUT: &'static MessageType;
}

#[diagnostic::do_not_recommend]
impl<C, M> PlainService for C
where
    M: Message,
    C: ProcessInput<Input = M, Output = M::Response>,
{
    const INPUT: &'static MessageType = M::TYPE;
}

/// A service that is called in intervals: it takes no input and gives none.
#[diagnostic::on_unimplemented(
    message = "`on_process_input` of the polling service `{Self}` takes or gives something",
    label = "not a polling service",
    note = "write `async fn on_process_input(&mut self, cx: &mut Context) -> Result`, or drop `poll`"
)]
pub trait PollService: ProcessInput {}

#[diagnostic::do_not_recommend]
impl<C: ProcessInput<Input = (), Output = ()>> PollService for C {}

/// `on_process_input` with its types erased.
pub struct InputHandler<C> {
    pub(crate) call: for<'a> fn(&'a mut C, Box<dyn Any + Send>, &'a mut Context) -> BoxFuture<'a, Result<Answered>>,
}

impl<C: ProcessInput> InputHandler<C> {
    /// The hook of `C`.
    #[must_use]
    pub const fn of() -> Self {
        Self { call: process_input::<C> }
    }
}

impl<C> fmt::Debug for InputHandler<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InputHandler")
    }
}

fn process_input<'a, C: ProcessInput>(
    component: &'a mut C,
    input: Box<dyn Any + Send>,
    cx: &'a mut Context,
) -> BoxFuture<'a, Result<Answered>> {
    Box::pin(async move {
        let input = input
            .downcast::<C::Input>()
            .map_err(|_| Error::fatal("input of another type reached `on_process_input`"))?;
        Answered::response(component.process_input(*input, cx).await?)
    })
}
