//! Requests as values: options read left to right, `.await` sends.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Poller, Poll, ready};
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, join_all};
use tokio::task::coop;

use super::context::{ByValue, Coming, Incoming, Outgoing, Reach, Turn};
use super::target::{Awaitable, Carries, Outward};
use super::{RequestError, Result};
use crate::message::{Invocation, Message, Priority, read, written};

/// What every request has.
pub(super) struct Draft<M> {
    turn: Arc<dyn Turn>,
    pub(super) to: Reach,
    position: u32,
    message: M,
    pub(super) timeout: Option<Duration>,
    pub(super) description: Option<Arc<str>>,
    completion_key: Option<Arc<str>>,
    priority: Option<Priority>,
}

impl<M: Message> Draft<M> {
    pub(super) fn new(turn: Arc<dyn Turn>, to: Reach, message: M) -> Self {
        // The position is taken when the request is made, not when it is first polled: a repeated turn makes its
        // requests in the same order, whatever order they are polled in.
        let position = turn.next_position();
        Self { turn, to, position, message, timeout: None, description: None, completion_key: None, priority: None }
    }

    /// Awaits the response. `alone`: the sender does nothing else meanwhile.
    fn awaited(self, alone: bool) -> Awaited<M> {
        Awaited { stage: Stage::Draft(self), alone }
    }

    /// Sends it, as a value if it is transient and the turn takes it.
    fn sent(self, alone: bool) -> Result<Coming, RequestError> {
        self.express(alone).or_else(|draft| {
            let (turn, outgoing) = draft?.outgoing(Invocation::Sync)?;
            Ok(Either::Right(turn.request(outgoing)))
        })
    }

    /// Sends a transient request as a value; gives it back where it has to go the ordinary way.
    fn express(self, alone: bool) -> Result<Coming, Result<Self, RequestError>> {
        if !M::TYPE.transient || self.priority.is_some() {
            return Err(Ok(self));
        }
        let Self { turn, to, position, message, timeout, description, completion_key, priority } = self;
        let value = Box::new(message);
        let request = ByValue { position, to, message: M::TYPE, value, timeout, description, alone };
        let ByValue { to, value, timeout, description, .. } = match Arc::clone(&turn).express(request) {
            Ok(response) => return Ok(response),
            Err(request) => request,
        };
        Err(match value.downcast::<M>() {
            Ok(value) => {
                let message = *value;
                Ok(Self { turn, to, position, message, timeout, description, completion_key, priority })
            }
            Err(_) => Err(RequestError::NotStored(format!("another value than a `{}` came back", M::TYPE.name).into())),
        })
    }

    pub(super) fn outgoing(self, invocation: Invocation) -> Result<(Arc<dyn Turn>, Outgoing), RequestError> {
        let body = written(&self.message)
            .map_err(|error| RequestError::NotStored(format!("`{}` is not JSON: {error}", M::TYPE.name).into()))?;
        let keys = self.message.keys();
        let outgoing = Outgoing {
            position: self.position,
            to: self.to,
            message: M::TYPE,
            value: Box::new(self.message),
            body,
            keys,
            invocation,
            timeout: self.timeout,
            description: self.description,
            completion_key: self.completion_key,
            priority: self.priority,
        };
        Ok((self.turn, outgoing))
    }
}

/// The response to a request, which is sent when this is first polled.
#[must_use = "a request is sent by `.await`"]
pub struct Awaited<M: Message> {
    stage: Stage<M>,
    alone: bool,
}

enum Stage<M: Message> {
    Draft(Draft<M>),
    Sent(Coming, Arc<str>),
    /// The response was given.
    Over,
}

// Nothing in it is pinned: the message moves, and the future behind it is boxed.
impl<M: Message> Unpin for Awaited<M> {}

impl<M: Message> Future for Awaited<M> {
    type Output = Result<M::Response, RequestError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Self::Output> {
        if matches!(self.stage, Stage::Draft(_))
            && let Stage::Draft(draft) = std::mem::replace(&mut self.stage, Stage::Over)
        {
            let target = Arc::clone(&draft.to.item);
            self.stage = Stage::Sent(draft.sent(self.alone)?, target);
        }
        let Stage::Sent(response, target) = &mut self.stage else { return Poll::Pending };
        if matches!(response, Either::Left(_)) {
            // Who sends one request after the other, and never has to wait, lets others run now and then.
            ready!(pin!(coop::consume_budget()).poll(cx));
        }
        let response = ready!(Pin::new(response).poll(cx)).and_then(|incoming| incoming.read(target));
        self.stage = Stage::Over;
        Poll::Ready(response)
    }
}

impl<M: Message> fmt::Debug for Awaited<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stage {
            Stage::Draft(draft) => write!(f, "Awaited(to {})", draft.to.item),
            Stage::Sent(_, target) => write!(f, "Awaited(from {target})"),
            Stage::Over => f.write_str("Awaited"),
        }
    }
}

macro_rules! request_options {
    ($name:ident) => {
        impl<M> $name<M> {
            /// How long to wait for the response, in place of the item's `request_timeout`.
            pub fn timeout(mut self, timeout: Duration) -> Self {
                self.0.timeout = Some(timeout);
                self
            }

            /// The lane of the request in the queue of its target, and of what descends from it. Without one it has that
            /// of the message whose turn sends it.
            pub fn priority(mut self, priority: Priority) -> Self {
                self.0.priority = Some(priority);
                self
            }

            /// A note that the trace shows beside the request.
            pub fn description(mut self, text: impl Into<Arc<str>>) -> Self {
                self.0.description = Some(text.into());
                self
            }
        }

        impl<M> fmt::Debug for $name<M> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}(to {})", stringify!($name), self.0.to.item)
            }
        }
    };
}

/// A request whose sender waits: `cx.send_request_sync(&self.out, message).timeout(…).await?`.
#[must_use = "a request is sent by `.await`"]
pub struct SyncRequest<M>(Draft<M>);

request_options!(SyncRequest);

impl<M: Message> SyncRequest<M> {
    pub(crate) fn new(turn: Arc<dyn Turn>, to: Reach, message: M) -> Self {
        Self(Draft::new(turn, to, message))
    }
}

impl<M: Message> IntoFuture for SyncRequest<M> {
    type Output = Result<M::Response, RequestError>;
    type IntoFuture = Awaited<M>;

    fn into_future(self) -> Self::IntoFuture {
        self.0.awaited(true)
    }
}

/// A request that may be awaited together with others; see [`gather`].
#[must_use = "a request is sent by `.await`"]
pub struct NgRequest<M>(Draft<M>);

request_options!(NgRequest);

impl<M: Message> NgRequest<M> {
    pub(crate) fn new(turn: Arc<dyn Turn>, to: Reach, message: M) -> Self {
        Self(Draft::new(turn, to, message))
    }
}

impl<M: Message> IntoFuture for NgRequest<M> {
    type Output = Result<M::Response, RequestError>;
    type IntoFuture = Awaited<M>;

    fn into_future(self) -> Self::IntoFuture {
        self.0.awaited(false)
    }
}

/// Awaits requests together: all are in flight at once, and the responses come in the order of the requests.
pub async fn gather<R: IntoFuture>(requests: impl IntoIterator<Item = R>) -> Vec<R::Output> {
    join_all(requests.into_iter().map(IntoFuture::into_future)).await
}

/// A request whose sender goes on: `cx.send_request_async(&self.out, message).completion_key("a").await?`. `.await`
/// adds it to the turn's commit; it does not wait.
#[must_use = "a request is sent by `.await`"]
pub struct AsyncRequest<M>(Draft<M>, Invocation);

request_options!(AsyncRequest);

impl<M> AsyncRequest<M> {
    /// Tells `on_response` which call it is that is answered.
    pub fn completion_key(mut self, key: impl Into<Arc<str>>) -> Self {
        self.0.completion_key = Some(key.into());
        self
    }

    /// With `false` no response is made, and neither `on_response` nor `on_complete` waits for this call.
    pub fn response_required(mut self, required: bool) -> Self {
        self.1 = if required { Invocation::Async } else { Invocation::OneWay };
        self
    }
}

impl<M: Message> AsyncRequest<M> {
    pub(crate) fn new(turn: Arc<dyn Turn>, to: Reach, message: M) -> Self {
        Self(Draft::new(turn, to, message), Invocation::Async)
    }

    /// Adds the send to the turn.
    pub(crate) fn send(self) -> Result<(), RequestError> {
        self.0.outgoing(self.1).and_then(|(turn, outgoing)| turn.send(outgoing))
    }
}

impl<M: Message> IntoFuture for AsyncRequest<M> {
    type Output = Result<(), RequestError>;
    type IntoFuture = Sent;

    fn into_future(self) -> Sent {
        Sent(Some(self.send()))
    }
}

/// The result of adding a send to a turn; ready at once.
#[derive(Debug)]
pub struct Sent(Option<Result<(), RequestError>>);

impl Future for Sent {
    type Output = Result<(), RequestError>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Poller<'_>) -> Poll<Self::Output> {
        Poll::Ready(self.0.take().unwrap_or(Ok(())))
    }
}

/// One call of `send_multi_request_sync`.
pub struct Call<M> {
    to: Reach,
    message: M,
    timeout: Option<Duration>,
    description: Option<Arc<str>>,
    priority: Option<Priority>,
}

impl<M: Message> Call<M> {
    /// A call of the item behind `target`.
    pub fn new<T, P>(target: &T, message: M) -> Self
    where
        T: Outward,
        T::Carried: Carries<M, P>,
        T::Waiting: Awaitable,
    {
        Self { to: target.outward(), message, timeout: None, description: None, priority: None }
    }

    /// How long to wait for the response, in place of the item's `request_timeout`.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The lane of the request in the queue of its target.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = Some(priority);
        self
    }

    /// A note that the trace shows beside the request.
    #[must_use]
    pub fn description(mut self, text: impl Into<Arc<str>>) -> Self {
        self.description = Some(text.into());
        self
    }

    fn start(self, turn: &Arc<dyn Turn>) -> BoxFuture<'static, CallResult<M>> {
        let mut draft = Draft::new(Arc::clone(turn), self.to, self.message);
        draft.timeout = self.timeout;
        draft.description = self.description;
        draft.priority = self.priority;
        Box::pin(async move {
            let target = Arc::clone(&draft.to.item);
            let (turn, outgoing) = match draft.outgoing(Invocation::Sync) {
                Ok(started) => started,
                Err(error) => return CallResult { target, request: None, response: Err(error) },
            };
            let body = outgoing.body.clone();
            let response = turn.request(outgoing).await.and_then(|incoming: Incoming| incoming.read(&target));
            CallResult { target, request: read(M::TYPE.version, &body).ok(), response }
        })
    }
}

impl<M> fmt::Debug for Call<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call(to {})", self.to.item)
    }
}

/// What became of one call.
#[non_exhaustive]
pub struct CallResult<M: Message> {
    /// The item that was called.
    pub target: Arc<str>,
    /// What was sent; `None` only where it could not be written as JSON.
    pub request: Option<M>,
    /// The response, or why there is none.
    pub response: Result<M::Response, RequestError>,
}

impl<M: Message> fmt::Debug for CallResult<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallResult").field("target", &self.target).field("ok", &self.response.is_ok()).finish()
    }
}

/// What `send_multi_request_sync` takes: a list of calls of one message type, or a tuple of calls of several.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of calls",
    label = "not calls",
    note = "write `[Call::new(&self.out, message), …]`, or a tuple of calls"
)]
pub trait Calls: Send {
    /// The results, in the order of the calls.
    type Results;

    /// Sends all, then waits for all.
    fn send(self, turn: &Arc<dyn Turn>) -> impl Future<Output = Self::Results> + Send;
}

impl<M: Message> Calls for Vec<Call<M>> {
    type Results = Vec<CallResult<M>>;

    fn send(self, turn: &Arc<dyn Turn>) -> impl Future<Output = Self::Results> + Send {
        join_all(self.into_iter().map(|call| call.start(turn)).collect::<Vec<_>>())
    }
}

impl<M: Message, const N: usize> Calls for [Call<M>; N] {
    type Results = Vec<CallResult<M>>;

    fn send(self, turn: &Arc<dyn Turn>) -> impl Future<Output = Self::Results> + Send {
        Vec::from(self).send(turn)
    }
}

macro_rules! call_tuples {
    ($(($($message:ident $number:tt),+) $join:path;)*) => { $(
        impl<$($message: Message),+> Calls for ($(Call<$message>,)+) {
            type Results = ($(CallResult<$message>,)+);

            fn send(self, turn: &Arc<dyn Turn>) -> impl Future<Output = Self::Results> + Send {
                $join($(self.$number.start(turn)),+)
            }
        }
    )* };
}

call_tuples! {
    (A 0, B 1) futures_util::future::join;
    (A 0, B 1, C 2) futures_util::future::join3;
    (A 0, B 1, C 2, D 3) futures_util::future::join4;
    (A 0, B 1, C 2, D 3, E 4) futures_util::future::join5;
}
