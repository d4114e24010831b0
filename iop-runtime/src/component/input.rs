//! `on_process_input`: how input becomes a turn of a service.

use std::any::Any;
use std::fmt;
use std::future::Future;

use futures_util::future::BoxFuture;

use super::{Answered, Context, Error, HandlerResult, Handlers, Result};
use crate::message::{Message, MessageType, Respond};

/// A service with `on_process_input`.
#[diagnostic::on_unimplemented(
    message = "the business service `{Self}` has no `on_process_input`",
    label = "nothing takes its input",
    note = "add `async fn on_process_input(&mut self, …) -> Result` to the `#[handlers]` of `{Self}` [iop E06]"
)]
pub trait ProcessInput: Handlers {
    /// What it takes: a message, the adapter's input, or `()` in a polling service.
    type Input: Send + 'static;
    /// What the user's function returns.
    type Returned;

    /// One turn.
    fn process_input(&mut self, input: Self::Input, cx: &mut Context) -> impl Future<Output = Self::Returned> + Send;
}

/// Input and return type of a service that the director calls: a message, and its response.
#[diagnostic::on_unimplemented(
    message = "`on_process_input` of `{C}` does not take a message and give its response",
    label = "not a service that the director can call",
    note = "take a `#[message]` and return `Result` with its response; a service that is called in intervals is a `#[business_service(poll)]` [iop E06]"
)]
pub trait PlainInput<C> {
    /// The message type.
    const MESSAGE: &'static MessageType;
}

#[diagnostic::do_not_recommend]
impl<C, M, R> PlainInput<C> for (M, R)
where
    M: Message,
    R: HandlerResult<Value = M::Response>,
{
    const MESSAGE: &'static MessageType = M::TYPE;
}

/// Input and return type of a service that is called in intervals: none, and nothing.
#[diagnostic::on_unimplemented(
    message = "`on_process_input` of the polling service `{C}` takes or gives something",
    label = "not a polling service",
    note = "write `async fn on_process_input(&mut self, cx: &mut Context) -> Result`, or drop `poll` [iop E06]"
)]
pub trait PollInput<C> {}

#[diagnostic::do_not_recommend]
impl<C, R: HandlerResult<Value = ()>> PollInput<C> for ((), R) {}

/// Input and return type of a service behind the adapter `A`: what the adapter brings, and nothing.
#[diagnostic::on_unimplemented(
    message = "`on_process_input` of `{C}` does not take what `{A}` brings",
    label = "not a service behind this adapter",
    note = "take a `{I}` and return `Result` [iop E06]"
)]
pub trait AdapterInput<C, A, I> {}

#[diagnostic::do_not_recommend]
impl<C, A, I, R: HandlerResult<Value = ()>> AdapterInput<C, A, I> for (I, R) {}

/// Calls `on_process_input` with an input whose type is erased.
type CallInput<C> = for<'a> fn(&'a mut C, Box<dyn Any + Send>, &'a mut Context) -> BoxFuture<'a, Result<Answered>>;

/// `on_process_input` with its types erased.
pub struct InputHandler<C> {
    pub(crate) call: CallInput<C>,
}

impl<C: ProcessInput> InputHandler<C> {
    /// The hook of `C`, a function that returns `R`.
    #[must_use]
    pub const fn of<R>() -> Self
    where
        C: ProcessInput<Returned = R>,
        R: HandlerResult,
        R::Value: Respond,
    {
        Self { call: process_input::<C, R> }
    }
}

impl<C> fmt::Debug for InputHandler<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InputHandler")
    }
}

fn process_input<'a, C, R>(
    component: &'a mut C,
    input: Box<dyn Any + Send>,
    cx: &'a mut Context,
) -> BoxFuture<'a, Result<Answered>>
where
    C: ProcessInput<Returned = R>,
    R: HandlerResult,
    R::Value: Respond,
{
    Box::pin(async move {
        let input = input
            .downcast::<C::Input>()
            .map_err(|_| Error::fatal("input of another type reached `on_process_input`"))?;
        let response = component.process_input(*input, cx).await.into_result()?;
        Answered::given(&**cx.turn(), response)
    })
}
