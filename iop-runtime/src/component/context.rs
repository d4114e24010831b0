//! What a handler works with: its turn.

use std::any::Any;
use std::fmt;
use std::future::Ready;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, Either};
use tokio::io::AsyncRead;

use super::requests::{AsyncRequest, Calls, NgRequest, SyncRequest};
use super::target::{Awaitable, Carries, Outward, Target};
use super::{Answered, Channel, EmitError, Error, RequestError, RespondError, Result};
use crate::message::{
    Blob, BlobError, BlobReader, BlobStore, Decoded, Header, Invocation, Message, MessageId, MessageType, Priority,
    SessionId, read,
};

/// A handler's view of its turn: everything it does through this takes effect in one commit, when the handler returns
/// `Ok`. An awaited request commits, with it and in order, what was sent before it.
#[derive(Debug)]
pub struct Context {
    turn: Arc<dyn Turn>,
}

impl Context {
    /// Wraps a turn. For the engine and test harnesses.
    #[doc(hidden)]
    #[must_use]
    pub fn new(turn: Arc<dyn Turn>) -> Self {
        Self { turn }
    }

    pub(crate) fn turn(&self) -> &Arc<dyn Turn> {
        &self.turn
    }

    /// The name of the item.
    #[must_use]
    pub fn item(&self) -> &str {
        self.turn.item()
    }

    /// What this turn descends from.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.turn.session()
    }

    /// The message of this turn; `None` in a hook or a poll.
    #[must_use]
    pub fn message(&self) -> Option<&Header> {
        self.turn.message()
    }

    /// The idempotency key of this turn's effects outside: the message's id, the same on every attempt.
    #[must_use]
    pub fn idempotency_key(&self) -> MessageId {
        self.turn.origin()
    }

    /// In `on_response`: the request that the process works on.
    ///
    /// # Errors
    /// Where there is none, or it is not an `M`.
    pub fn request<M: Message>(&self) -> Result<M> {
        let body = self.turn.request_body().ok_or_else(|| Error::fatal("this turn works on no request"))?;
        // The engine has upgraded it.
        read(M::TYPE.version, &body).map_err(Error::fatal)
    }

    /// Ends the group that this turn works for, in a process that gathers (`#[business_process(correlate = …)]`): with this
    /// turn its state is removed, and the next message of its key begins another. What it still waits for reaches nobody.
    ///
    /// # Errors
    /// Fatal in an item that does not gather.
    pub fn end_group(&mut self) -> Result {
        self.turn.end_group().map_err(Error::fatal)
    }

    /// Stores a content of any size, piece by piece, and gives the reference that a message carries. It is on the disk when
    /// this returns; a content that no message refers to in the end is removed.
    ///
    /// # Errors
    /// Where `content` cannot be read, or the store has no room.
    pub async fn store_blob(&mut self, content: impl AsyncRead + Send) -> Result<Blob> {
        let blobs = self.blobs()?;
        blobs.write(Box::pin(content)).await.map_err(Error::unavailable)
    }

    /// Stores a file as [`store_blob`](Self::store_blob) does.
    ///
    /// # Errors
    /// Where the file cannot be read, or the store has no room.
    pub async fn store_file(&mut self, path: impl AsRef<Path>) -> Result<Blob> {
        let file = tokio::fs::File::open(path).await.map_err(Error::unavailable)?;
        self.store_blob(file).await
    }

    /// Opens a content, to be read piece by piece.
    ///
    /// # Errors
    /// Fatal where the store does not have it.
    pub async fn open_blob(&mut self, blob: &Blob) -> Result<BlobReader> {
        let blobs = self.blobs()?;
        blobs.open(blob.id()).await.map_err(|error| match error {
            BlobError::Missing(_) => Error::fatal(error),
            error => Error::unavailable(error),
        })
    }

    fn blobs(&self) -> Result<Arc<dyn BlobStore>> {
        self.turn.blobs().ok_or_else(|| Error::fatal("there is no store for contents here"))
    }

    /// Sends a request and waits for its response. The handler's worker is held meanwhile.
    pub fn send_request_sync<T, M, P>(&mut self, target: &T, message: M) -> SyncRequest<M>
    where
        T: Outward,
        T::Carried: Carries<M, P>,
        M: Message,
        T::Waiting: Awaitable,
    {
        SyncRequest::new(Arc::clone(&self.turn), target.outward(), message)
    }

    /// Sends a request and goes on. In a process the response comes to `on_response`; elsewhere nobody waits for it.
    /// It is sent when the turn commits.
    pub fn send_request_async<T, M, P>(&mut self, target: &T, message: M) -> AsyncRequest<M>
    where
        T: Outward,
        T::Carried: Carries<M, P>,
        M: Message,
    {
        AsyncRequest::new(Arc::clone(&self.turn), target.outward(), message)
    }

    /// A request whose future may be awaited together with others: `gather(requests).await` has them in flight at once
    /// and gives the responses in the order of the requests.
    pub fn send_request_async_ng<T, M, P>(&mut self, target: &T, message: M) -> NgRequest<M>
    where
        T: Outward,
        T::Carried: Carries<M, P>,
        M: Message,
        T::Waiting: Awaitable,
    {
        NgRequest::new(Arc::clone(&self.turn), target.outward(), message)
    }

    /// Sends several requests at once and waits for all: `[Call::new(&self.a, …), …]` of one message type, or a tuple
    /// of calls of several. A failing one does not hide the others.
    pub async fn send_multi_request_sync<C: Calls>(&mut self, calls: C) -> C::Results {
        calls.send(&self.turn).await
    }
}

/// Where a request goes: the item behind a target.
#[derive(Debug, Clone)]
pub struct Reach {
    /// Index of the item in the production.
    pub index: usize,
    /// Its name.
    pub item: Arc<str>,
}

impl<S, W> From<&Target<S, W>> for Reach {
    fn from(target: &Target<S, W>) -> Self {
        Self { index: target.index, item: Arc::clone(&target.item) }
    }
}

/// What runs behind a [`Context`]: the engine's turn, or that of a test harness.
#[doc(hidden)]
pub trait Turn: Send + Sync + fmt::Debug {
    /// The item.
    fn item(&self) -> &str;
    /// The session.
    fn session(&self) -> SessionId;
    /// The message of the turn.
    fn message(&self) -> Option<&Header>;
    /// The id that the ids of this turn's sends derive from.
    fn origin(&self) -> MessageId;
    /// The body of the request that a process instance works on.
    fn request_body(&self) -> Option<Bytes>;
    /// Ends the group that the turn works for, with its commit.
    ///
    /// # Errors
    /// Where the item does not gather.
    fn end_group(&self) -> Result<(), RequestError>;
    /// Where contents of blobs lie.
    fn blobs(&self) -> Option<Arc<dyn BlobStore>> {
        None
    }
    /// The next place among the sends of the turn.
    fn next_position(&self) -> u32;
    /// Adds a send to the turn's commit.
    ///
    /// # Errors
    /// Where the target is not an item.
    fn send(&self, outgoing: Outgoing) -> Result<(), RequestError>;
    /// Whether the response of the handler is taken as a value, and written as JSON only where somebody reads it.
    fn takes_value(&self) -> bool {
        false
    }
    /// Sends a transient request that is awaited as a value; gives it back where it has to go the ordinary way.
    ///
    /// # Errors
    /// The request itself.
    fn express(self: Arc<Self>, request: ByValue) -> Result<Coming, ByValue> {
        Err(request)
    }
    /// Commits what was sent so far, and waits until it is durable.
    fn commit_sends(self: Arc<Self>) -> BoxFuture<'static, Result<(), RequestError>>;
    /// Sets a timer of the instance with the turn's commit. `holds`: the instance is not complete before it has gone off.
    ///
    /// # Errors
    /// Where the item has no instances.
    fn set_timer(&self, name: Arc<str>, delay: Duration, holds: bool) -> Result {
        let _ = (name, delay, holds);
        Err(Error::fatal(format!("`{}` has no timers", self.item())))
    }
    /// Takes a timer back with the turn's commit.
    ///
    /// # Errors
    /// Where the item has no instances.
    fn cancel_timer(&self, name: Arc<str>) -> Result {
        let _ = name;
        Err(Error::fatal(format!("`{}` has no timers", self.item())))
    }
    /// Commits what was sent so far, and waits until a time that is the same in every attempt.
    fn sleep(self: Arc<Self>, position: u32, duration: Duration) -> BoxFuture<'static, Result<(), RequestError>> {
        let _ = position;
        Box::pin(async move {
            tokio::time::sleep(duration).await;
            Ok(())
        })
    }
    /// Answers the request of the turn now.
    fn reply(self: Arc<Self>, answered: Answered) -> BoxFuture<'static, Result<(), RespondError>> {
        let _ = answered;
        let item = Arc::from(self.item());
        Box::pin(async move { Err(RespondError::NoRequest { item }) })
    }
    /// Gives the right to answer the request of the turn away: the request.
    ///
    /// # Errors
    /// Where there is none, or it has another response type.
    fn defer(&self, response: &'static MessageType) -> Result<MessageId, RespondError> {
        let _ = response;
        Err(RespondError::NoRequest { item: Arc::from(self.item()) })
    }
    /// Answers a request whose response was deferred, with the turn's commit.
    fn respond_to(
        self: Arc<Self>,
        request: MessageId,
        answered: Answered,
    ) -> BoxFuture<'static, Result<(), RespondError>> {
        let _ = answered;
        Box::pin(async move { Err(RespondError::UnknownRequest { request }) })
    }
    /// Commits what was sent, sends this, and opens a channel to its handler.
    ///
    /// # Errors
    /// Where it cannot be sent.
    fn open(self: Arc<Self>, outgoing: Outgoing) -> Result<Channel, RequestError> {
        let item = outgoing.to.item;
        Err(RequestError::NotStored(format!("no chunks come from `{item}` here").into()))
    }
    /// Gives a chunk to whoever has sent the request of this turn, a message of this type.
    fn emit(self: Arc<Self>, request: &'static str, chunk: Decoded) -> BoxFuture<'static, Result<(), EmitError>> {
        let _ = (request, chunk);
        Box::pin(std::future::ready(Ok(())))
    }
    /// The next input from there.
    fn receive(self: Arc<Self>, request: &'static str) -> BoxFuture<'static, Result<Option<Decoded>, EmitError>> {
        let _ = request;
        Box::pin(std::future::ready(Ok(None)))
    }
    /// Commits what was sent, sends this, and waits for its response.
    fn request(self: Arc<Self>, outgoing: Outgoing) -> BoxFuture<'static, Result<Incoming, RequestError>>;
}

/// A response that is there already, or is waited for.
#[doc(hidden)]
pub type Coming = Either<Ready<Result<Incoming, RequestError>>, BoxFuture<'static, Result<Incoming, RequestError>>>;

/// A message that leaves a turn.
#[doc(hidden)]
#[derive(Debug)]
pub struct Outgoing {
    /// Place in the turn.
    pub position: u32,
    /// Receiver.
    pub to: Reach,
    /// Its type.
    pub message: &'static MessageType,
    /// The value, for a receiver in this process.
    pub value: Decoded,
    /// JSON, for the store.
    pub body: Bytes,
    /// Its lane, where the sender said one.
    pub priority: Option<Priority>,
    /// Its `#[key]` values.
    pub keys: Vec<(&'static str, String)>,
    /// How it is sent.
    pub invocation: Invocation,
    /// `.timeout(…)`.
    pub timeout: Option<Duration>,
    /// `.description(…)`.
    pub description: Option<Arc<str>>,
    /// `.completion_key(…)`.
    pub completion_key: Option<Arc<str>>,
}

/// A transient request that leaves a turn as a value. Nobody reads it as JSON unless it fails.
#[doc(hidden)]
#[derive(Debug)]
pub struct ByValue {
    /// Place in the turn.
    pub position: u32,
    /// Receiver.
    pub to: Reach,
    /// Its type.
    pub message: &'static MessageType,
    /// The value.
    pub value: Decoded,
    /// `.timeout(…)`.
    pub timeout: Option<Duration>,
    /// `.description(…)`.
    pub description: Option<Arc<str>>,
    /// The sender does nothing else meanwhile.
    pub alone: bool,
}

/// A response that reaches a turn.
#[doc(hidden)]
#[derive(Debug)]
pub struct Incoming {
    /// The value, where it was made in this process.
    pub value: Option<Box<dyn Any + Send>>,
    /// The version of its message type.
    pub version: u32,
    /// JSON; empty where the request has no response.
    pub body: Bytes,
}

impl Incoming {
    /// The response of a request that has none.
    #[must_use]
    pub fn nothing() -> Self {
        Self { value: None, version: 1, body: Bytes::new() }
    }

    /// The response as `R`.
    pub(crate) fn read<R: crate::message::Respond>(self, target: &Arc<str>) -> Result<R, RequestError> {
        if let Some(value) = self.value
            && let Ok(value) = value.downcast::<R>()
        {
            return Ok(*value);
        }
        // `()` is written as JSON null, so that "no response" reads back as itself.
        let body: &[u8] = if self.body.is_empty() { b"null" } else { &self.body };
        read(self.version, body)
            .map_err(|error| RequestError::Unreadable { target: Arc::clone(target), error: error.to_string().into() })
    }
}
