//! What `#[handlers]` implements: one trait per handler, so that rustc checks it, and one table, so that the engine
//! finds it.
//!
//! The generic part is decode, call, encode; everything else is the engine's and not generic.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::{
    Component, Context, Error, HandlerResult, Incoming, InputHandler, NoValue, RequestError, ResponseOf, Result,
    TimerHook, Turn,
};
use crate::message::{Decoded, Message, MessageId, MessageType, REFUSED_MESSAGE, Respond, read, written};

/// A component with a `#[handlers]` block. Never implemented by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `#[handlers]` block",
    label = "nothing handles what reaches it",
    note = "write `#[handlers] impl {Self} {{ async fn … }}` [iop E06]"
)]
pub trait Handlers: Component {
    /// The type itself: see [`Component::This`].
    type This;
    /// Every handler and hook.
    const TABLE: HandlerTable<Self>;
    /// What the table's handlers handle.
    const HANDLED: &'static [HandledMessage];
}

/// A message type that is handled, and what answers it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct HandledMessage {
    /// The message type.
    pub message: &'static MessageType,
    /// The type of its response, where there is one.
    pub response: Option<&'static MessageType>,
}

/// What `C` handles: `N` message types.
#[must_use]
pub const fn handled<C: Handlers, const N: usize>() -> [HandledMessage; N] {
    let mut handled = [HandledMessage { message: &REFUSED_MESSAGE, response: None }; N];
    let mut index = 0;
    while index < N {
        let MessageHandler { message, response, .. } = C::TABLE.messages[index];
        handled[index] = HandledMessage { message, response };
        index += 1;
    }
    handled
}

/// A component that handles messages of type `M`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle `{M}`",
    label = "this target carries `{M}`",
    note = "add `async fn name(&mut self, message: {M}) -> Result<…>` to the `#[handlers]` of `{Self}`, or route elsewhere [iop E02]"
)]
pub trait Handles<M> {
    /// What the user's function returns.
    type Returned;
    /// One turn.
    fn handle(&mut self, message: M, cx: &mut Context) -> impl Future<Output = Self::Returned> + Send;
}

/// A process with an `on_response` that takes `A`, a [`Response`].
pub trait Responds<A> {
    /// What the user's function returns.
    type Returned;
    /// One turn.
    fn respond(&mut self, response: A, cx: &mut Context) -> impl Future<Output = Self::Returned> + Send;
}

/// What `on_response` may take: a [`Response`].
#[diagnostic::on_unimplemented(
    message = "`on_response` takes a `Response<…>`, not `{Self}`",
    label = "not the response to a call",
    note = "write `Response<M>`, where `M` is the type of message that was sent [iop E12]"
)]
pub trait ResponseArgument {
    /// What was sent.
    type Call: Message;

    /// From the parts.
    fn new(completion_key: Arc<str>, request: Self::Call, result: ResultOf<Self::Call>) -> Self;
}

/// The response to an `M`, or why there is none.
pub type ResultOf<M> = Result<<M as Message>::Response, RequestError>;

impl<M: Message> ResponseArgument for Response<M> {
    type Call = M;

    fn new(completion_key: Arc<str>, request: M, result: ResultOf<M>) -> Self {
        Self { completion_key, request, result }
    }
}

/// A process with an `on_complete` for requests of type `M`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `on_complete` for `{M}`",
    label = "`Pending` says that `on_complete` answers",
    note = "add `async fn on_complete(&mut self, request: {M}) -> Result<…>` to the `#[handlers]` of `{Self}` [iop E03]"
)]
pub trait Completes<M> {
    /// What the user's function returns.
    type Returned;
    /// The last turn of the request: gives its response.
    fn complete(&mut self, request: M, cx: &mut Context) -> impl Future<Output = Self::Returned> + Send;
}

/// What a handler of `M` gave.
pub enum Answer<M: Message> {
    /// The response.
    Response(M::Response),
    /// `on_complete` will give it.
    Pending,
    /// It was given before the handler was done.
    Replied,
    /// Somebody will give it who has the token for this request.
    Deferred(MessageId),
}

impl<M: Message> fmt::Debug for Answer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Response(_) => "Response",
            Self::Pending => "Pending",
            Self::Replied => "Replied",
            Self::Deferred(_) => "Deferred",
        })
    }
}

/// Returned by the handler of a process whose `on_complete` gives the response: `-> Result<Pending>`, `Ok(Pending)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending;

/// What a handler of `M` in `C` may answer: the response of `M`, or [`Pending`] where `C` has an `on_complete` for `M`.
#[diagnostic::on_unimplemented(
    message = "a handler of `{M}` cannot answer `{Self}`",
    label = "not the response of `{M}`",
    note = "return `Result` with the response type that `#[message(response = …)]` of `{M}` names; without one, plain `Result` [iop E03]"
)]
pub trait Answers<M: Message, C>: Sized {
    /// The answer.
    fn answer(self) -> Answer<M>;
}

#[diagnostic::do_not_recommend]
impl<M: Message<Response = R>, C, R: Respond> Answers<M, C> for R {
    fn answer(self) -> Answer<M> {
        Answer::Response(self)
    }
}

impl<M: Message, C: Completes<M>> Answers<M, C> for Pending {
    fn answer(self) -> Answer<M> {
        Answer::Pending
    }
}

/// The response to one call of a process, as `on_response` gets it.
pub struct Response<M: Message> {
    /// `.completion_key(…)` of the call; empty where it had none.
    pub completion_key: Arc<str>,
    /// What was sent.
    pub request: M,
    /// What came back, or why nothing did.
    pub result: Result<M::Response, RequestError>,
}

impl<M: Message> fmt::Debug for Response<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("completion_key", &self.completion_key)
            .field("ok", &self.result.is_ok())
            .finish()
    }
}

/// [`Response`] before its types are known.
#[derive(Debug)]
pub struct ErasedResponse {
    /// Completion key.
    pub completion_key: Arc<str>,
    /// Body of the call.
    pub request: Bytes,
    /// The version of its message type.
    pub request_version: u32,
    /// Item that was called.
    pub target: Arc<str>,
    /// What came back.
    pub result: Result<Incoming, RequestError>,
}

/// What a handler gave, with its type erased.
#[derive(Debug)]
pub enum Answered {
    /// A response.
    Response {
        /// Its type.
        message: &'static MessageType,
        /// The value, for a caller in this process.
        value: Decoded,
        /// JSON, for the store; empty where it is not written yet, see [`written`](Self::written).
        body: Bytes,
        /// Its `#[key]` values.
        keys: Vec<(&'static str, String)>,
    },
    /// The request has no response.
    Nothing,
    /// `on_complete` will answer.
    Pending,
    /// The response was given before the handler was done.
    Replied,
    /// Somebody will answer who has the token for this request.
    Deferred(MessageId),
}

impl Answered {
    /// Encodes a response.
    ///
    /// # Errors
    /// Fatal where the value cannot be written as JSON.
    pub fn response<R: Respond>(value: R) -> Result<Self> {
        let Some(message) = R::RESPONSE else { return Ok(Self::Nothing) };
        let body = written(&value)
            .map_err(|error| Error::fatal(format!("the response `{}` is not JSON: {error}", message.name)))?;
        let keys = value.response_keys();
        Ok(Self::Response { message, value: Box::new(value), body, keys })
    }

    /// The response as a value alone, where `turn` takes it so; otherwise as [`response`](Self::response).
    pub(super) fn given<R: Respond>(turn: &dyn Turn, value: R) -> Result<Self> {
        match R::RESPONSE {
            Some(message) if turn.takes_value() => {
                let keys = value.response_keys();
                Ok(Self::Response { message, value: Box::new(value), body: Bytes::new(), keys })
            }
            _ => Self::response(value),
        }
    }

    /// With the response as JSON, if it is one.
    ///
    /// # Errors
    /// Fatal where it cannot be written.
    pub fn written(self) -> Result<Self> {
        match self {
            Self::Response { message, value, body, keys } if body.is_empty() => {
                let body = message.write(&value).map_err(|error| Error::fatal(format!("the response {error}")))?;
                Ok(Self::Response { message, value, body: Bytes::from(body), keys })
            }
            answered => Ok(answered),
        }
    }

    fn of<M: Message>(turn: &dyn Turn, answer: Answer<M>) -> Result<Self> {
        match answer {
            Answer::Response(response) => Self::given(turn, response),
            Answer::Pending => Ok(Self::Pending),
            Answer::Replied => Ok(Self::Replied),
            Answer::Deferred(request) => Ok(Self::Deferred(request)),
        }
    }
}

/// Every handler and hook of a component.
#[non_exhaustive]
pub struct HandlerTable<C: 'static> {
    /// By message type.
    pub messages: &'static [MessageHandler<C>],
    /// `on_response`, by the call's message type.
    pub responses: &'static [ResponseHandler<C>],
    /// `on_complete`, by the request's message type.
    pub completions: &'static [CompletionHandler<C>],
    /// `on_process_input`.
    pub input: Option<InputHandler<C>>,
    /// `on_timer`.
    pub timer: Option<TimerHook<C>>,
    /// `on_init`.
    pub init: Option<Hook<C>>,
    /// `on_teardown`.
    pub teardown: Option<Hook<C>>,
    /// `on_check`.
    pub check: Option<CheckHook<C>>,
    /// A function of the block was refused: whether a handler is missing cannot be said.
    pub incomplete: bool,
}

impl<C: 'static> HandlerTable<C> {
    /// A table with nothing in it.
    pub const EMPTY: Self = Self {
        messages: &[],
        responses: &[],
        completions: &[],
        input: None,
        timer: None,
        init: None,
        teardown: None,
        check: None,
        incomplete: false,
    };

    /// The first hook that is called for something else than a message of the item's queue.
    pub(crate) const fn hook_of_callbacks(&self) -> Option<&'static str> {
        if !self.responses.is_empty() {
            Some("on_response")
        } else if self.timer.is_some() {
            Some("on_timer")
        } else if !self.completions.is_empty() {
            Some("on_complete")
        } else {
            None
        }
    }

    /// Whether an `on_complete` gives responses.
    pub(crate) const fn completes(&self) -> bool {
        !self.completions.is_empty()
    }

    /// Sets the handlers.
    #[must_use]
    pub const fn handlers(
        mut self,
        messages: &'static [MessageHandler<C>],
        responses: &'static [ResponseHandler<C>],
        completions: &'static [CompletionHandler<C>],
    ) -> Self {
        self.messages = messages;
        self.responses = responses;
        self.completions = completions;
        self
    }

    /// Sets `on_process_input`.
    #[must_use]
    pub const fn input(mut self, input: InputHandler<C>) -> Self {
        self.input = Some(input);
        self
    }

    /// Sets `on_timer`.
    #[must_use]
    pub const fn timer(mut self, hook: TimerHook<C>) -> Self {
        self.timer = Some(hook);
        self
    }

    /// Notes that a function of the block was refused.
    #[must_use]
    pub const fn incomplete(mut self) -> Self {
        self.incomplete = true;
        self
    }

    /// Sets `on_init`.
    #[must_use]
    pub const fn init(mut self, hook: Hook<C>) -> Self {
        self.init = Some(hook);
        self
    }

    /// Sets `on_teardown`.
    #[must_use]
    pub const fn teardown(mut self, hook: Hook<C>) -> Self {
        self.teardown = Some(hook);
        self
    }

    /// Sets `on_check`.
    #[must_use]
    pub const fn check(mut self, hook: CheckHook<C>) -> Self {
        self.check = Some(hook);
        self
    }
}

impl<C: 'static> fmt::Debug for HandlerTable<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.messages.iter().map(|handler| handler.message.name);
        f.debug_list().entries(names).finish()
    }
}

/// `on_init` or `on_teardown`.
pub type Hook<C> = for<'a> fn(&'a mut C, &'a mut Context) -> BoxFuture<'a, Result>;

/// A component with `on_init`.
pub trait Init {
    /// What the user's function returns.
    type Returned;
    /// Before the first turn of a worker.
    fn init(&mut self, cx: &mut Context) -> impl Future<Output = Self::Returned> + Send;
}

/// A component with `on_teardown`.
pub trait Teardown {
    /// What the user's function returns.
    type Returned;
    /// After the last turn of a worker.
    fn teardown(&mut self, cx: &mut Context) -> impl Future<Output = Self::Returned> + Send;
}

/// `on_check`.
pub type CheckHook<C> = for<'a> fn(&'a mut C) -> BoxFuture<'a, Result>;

/// A component with `on_check`.
pub trait Checks {
    /// What the user's function returns.
    type Returned;
    /// Whether the outside can be reached: asked of an instance that was not initialised.
    fn check(&mut self) -> impl Future<Output = Self::Returned> + Send;
}

/// `on_check` of `C`, a function that returns `R`.
#[must_use]
pub const fn check_hook<C, R>() -> CheckHook<C>
where
    C: Checks<Returned = R> + Send,
    R: HandlerResult,
    R::Value: NoValue,
{
    |component| Box::pin(async move { component.check().await.into_result().map(drop) })
}

/// `on_init` of `C`, a function that returns `R`.
#[must_use]
pub const fn init_hook<C, R>() -> Hook<C>
where
    C: Init<Returned = R> + Send,
    R: HandlerResult,
    R::Value: NoValue,
{
    |component, cx| Box::pin(async move { component.init(cx).await.into_result().map(drop) })
}

/// `on_teardown` of `C`, a function that returns `R`.
#[must_use]
pub const fn teardown_hook<C, R>() -> Hook<C>
where
    C: Teardown<Returned = R> + Send,
    R: HandlerResult,
    R::Value: NoValue,
{
    |component, cx| Box::pin(async move { component.teardown(cx).await.into_result().map(drop) })
}

/// The handler of one message type.
#[derive(Debug)]
pub struct MessageHandler<C> {
    pub(crate) message: &'static MessageType,
    pub(crate) response: Option<&'static MessageType>,
    pub(crate) call: for<'a> fn(&'a mut C, Decoded, &'a mut Context) -> BoxFuture<'a, Result<Answered>>,
}

impl<C: Send + 'static> MessageHandler<C> {
    /// The handler of `M`, a function that returns `R`. All that must hold of a handler is asked here, so that one mistake
    /// is one error.
    #[must_use]
    pub const fn of<M, R>() -> Self
    where
        M: Message,
        C: Handles<M, Returned = R>,
        R: HandlerResult,
        R::Value: Answers<M, C>,
    {
        Self { message: M::TYPE, response: <M::Response as Respond>::RESPONSE, call: handle::<C, M, R> }
    }
}

fn handle<'a, C, M, R>(component: &'a mut C, value: Decoded, cx: &'a mut Context) -> BoxFuture<'a, Result<Answered>>
where
    M: Message,
    C: Handles<M, Returned = R> + Send,
    R: HandlerResult,
    R::Value: Answers<M, C>,
{
    Box::pin(async move {
        let message = value
            .downcast::<M>()
            .map_err(|_| Error::fatal(format!("a value that is not a `{}` reached its handler", M::TYPE.name)))?;
        let answer = component.handle(*message, cx).await.into_result()?.answer();
        Answered::of::<M>(&**cx.turn(), answer)
    })
}

/// `on_response` for one message type.
#[derive(Debug)]
pub struct ResponseHandler<C> {
    pub(crate) message: &'static MessageType,
    pub(crate) call: for<'a> fn(&'a mut C, ErasedResponse, &'a mut Context) -> BoxFuture<'a, Result>,
}

impl<C: Send + 'static> ResponseHandler<C> {
    /// The hook that takes `A`, a function that returns `R`.
    #[must_use]
    pub const fn of<A, R>() -> Self
    where
        A: ResponseArgument,
        C: Responds<A, Returned = R>,
        R: HandlerResult,
        R::Value: NoValue,
    {
        Self { message: A::Call::TYPE, call: respond::<C, A, R> }
    }
}

fn respond<'a, C, A, R>(component: &'a mut C, erased: ErasedResponse, cx: &'a mut Context) -> BoxFuture<'a, Result>
where
    A: ResponseArgument,
    C: Responds<A, Returned = R> + Send,
    R: HandlerResult,
{
    Box::pin(async move {
        let request = read::<A::Call>(erased.request_version, &erased.request).map_err(Error::fatal)?;
        let result = erased.result.and_then(|incoming| incoming.read(&erased.target));
        component.respond(A::new(erased.completion_key, request, result), cx).await.into_result().map(drop)
    })
}

/// `on_complete` for one message type.
#[derive(Debug)]
pub struct CompletionHandler<C> {
    pub(crate) message: &'static MessageType,
    pub(crate) call: for<'a> fn(&'a mut C, Bytes, &'a mut Context) -> BoxFuture<'a, Result<Answered>>,
}

impl<C: Send + 'static> CompletionHandler<C> {
    /// The hook for requests of type `M`, a function that returns `R`.
    #[must_use]
    pub const fn of<M, R>() -> Self
    where
        M: Message,
        C: Completes<M, Returned = R>,
        R: HandlerResult,
        R::Value: ResponseOf<M>,
    {
        Self { message: M::TYPE, call: complete::<C, M, R> }
    }
}

fn complete<'a, C, M, R>(component: &'a mut C, request: Bytes, cx: &'a mut Context) -> BoxFuture<'a, Result<Answered>>
where
    M: Message,
    C: Completes<M, Returned = R> + Send,
    R: HandlerResult,
    R::Value: ResponseOf<M>,
{
    Box::pin(async move {
        // The engine has upgraded it.
        let request = read::<M>(M::TYPE.version, &request).map_err(Error::fatal)?;
        let answer = component.complete(request, cx).await.into_result()?.answer();
        Answered::of::<M>(&**cx.turn(), answer).and_then(Answered::written)
    })
}
