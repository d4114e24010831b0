//! Requests whose handler gives chunks before its response, and takes input meanwhile.
//!
//! Chunks and input are values that go from worker to worker through a bounded channel. They are not stored: what is
//! stored is the request and its response.

use std::any::Any;
use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};
use std::time::Duration;

use futures_util::Stream;
use futures_util::future::{Ready, ready};
use futures_util::stream::BoxStream;
use tokio::sync::mpsc;

use super::context::{Incoming, Turn};
use super::requests::Draft;
use super::target::{Awaitable, Carries, Outward};
use super::{Context, RequestError, Result};
use crate::message::{Converses, Decoded, Generates, Invocation, Message};

impl Context {
    /// Sends a request whose handler gives chunks before its response:
    /// `let mut rows = cx.send_generator_request(&self.out, query).await?;`, then
    /// `while let Some(row) = rows.next().await { … }`. Several may be open at once. Dropping one stops its handler.
    ///
    /// Chunks are not stored. A turn that is repeated asks anew, under another id, so its handler may run more than once.
    pub fn send_generator_request<T, M, P>(&mut self, target: &T, message: M) -> GeneratorRequest<M>
    where
        T: Outward,
        T::Carried: Carries<M, P>,
        M: Generates,
        T::Waiting: Awaitable,
    {
        GeneratorRequest(Draft::new(Arc::clone(self.turn()), target.outward(), message))
    }

    /// Opens an exchange in both directions: chunks come as from
    /// [`send_generator_request`](Self::send_generator_request), and [`Duplex::send`] gives the handler input while it runs.
    pub fn open_duplex<T, M, P>(&mut self, target: &T, message: M) -> DuplexRequest<M>
    where
        T: Outward,
        T::Carried: Carries<M, P>,
        M: Converses,
        T::Waiting: Awaitable,
    {
        DuplexRequest(Draft::new(Arc::clone(self.turn()), target.outward(), message))
    }

    /// In the handler of a generator request `M`: gives a chunk, and waits while the consumer has many that it has not
    /// taken. Where the request was sent otherwise, nobody takes chunks, and nothing happens.
    ///
    /// # Errors
    /// [`EmitError::ConsumerGone`] where the consumer has let go; returned with `?`, the message ends as `expired`.
    pub fn emit<M: Generates>(
        &mut self,
        chunk: M::Chunk,
    ) -> impl Future<Output = Result<(), EmitError>> + Send + use<M> {
        let turn = Arc::clone(self.turn());
        async move { turn.emit(M::TYPE.name, Box::new(chunk)).await }
    }

    /// In the handler of a duplex request `M`: the next input; `None` when there is no more.
    ///
    /// # Errors
    /// [`EmitError::OtherRequest`].
    pub fn receive<M: Converses>(
        &mut self,
    ) -> impl Future<Output = Result<Option<M::Input>, EmitError>> + Send + use<M> {
        let turn = Arc::clone(self.turn());
        async move {
            let Some(input) = turn.receive(M::TYPE.name).await? else { return Ok(None) };
            let input = input.downcast::<M::Input>();
            input.map(|input| Some(*input)).map_err(|_| EmitError::OtherRequest { request: M::TYPE.name })
        }
    }
}

/// Why a chunk did not go out, or no input came in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// Nobody takes the chunks any more: the consumer has ended, or has dropped the stream.
    #[error("the consumer of the chunks has gone")]
    ConsumerGone,
    /// The turn works on another request.
    #[error("this turn works on no `{request}`")]
    OtherRequest {
        /// The message type.
        request: &'static str,
    },
}

/// What comes back while a request is worked on, before its types are known.
#[doc(hidden)]
#[derive(Debug)]
pub enum Part {
    /// A chunk.
    Chunk(Decoded),
    /// The end.
    End(Result<Incoming, RequestError>),
}

/// A request that is open in both directions.
#[doc(hidden)]
pub struct Channel {
    /// Chunks, and at last the end.
    pub parts: BoxStream<'static, Part>,
    /// For input.
    pub input: mpsc::Sender<Decoded>,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Channel")
    }
}

macro_rules! stream_request {
    ($name:ident, $bound:ident, $gives:ident, $open:expr) => {
        impl<M> $name<M> {
            /// How long to wait for each chunk and for the response, in place of the item's `request_timeout`.
            pub fn timeout(mut self, timeout: Duration) -> Self {
                self.0.timeout = Some(timeout);
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

        impl<M: $bound> IntoFuture for $name<M> {
            type Output = Result<$gives<M>, RequestError>;
            type IntoFuture = Ready<Self::Output>;

            fn into_future(self) -> Self::IntoFuture {
                ready(opened(self.0).map($open))
            }
        }
    };
}

/// A generator request; `.await` sends it.
#[must_use = "a request is sent by `.await`"]
pub struct GeneratorRequest<M>(Draft<M>);

stream_request!(GeneratorRequest, Generates, Chunks, |(chunks, _)| chunks);

/// The beginning of a duplex exchange; `.await` sends it.
#[must_use = "a request is sent by `.await`"]
pub struct DuplexRequest<M>(Draft<M>);

stream_request!(DuplexRequest, Converses, Duplex, |(chunks, input)| Duplex {
    chunks,
    input: Some(input),
    sends: PhantomData
});

fn opened<M: Generates>(draft: Draft<M>) -> Result<(Chunks<M>, mpsc::Sender<Decoded>), RequestError> {
    let target = Arc::clone(&draft.to.item);
    let (turn, outgoing): (Arc<dyn Turn>, _) = draft.outgoing(Invocation::Generator)?;
    let channel = turn.open(outgoing)?;
    Ok((Chunks { parts: channel.parts, target, end: None, of: PhantomData }, channel.input))
}

/// The chunks of a generator request: a [`Stream`], and without one, [`next`](Self::next). A failure of the handler is the
/// last item. Dropped before its end, it stops the handler.
#[must_use = "dropping it stops its handler"]
pub struct Chunks<M: Message> {
    parts: BoxStream<'static, Part>,
    target: Arc<str>,
    /// The response, or that its failure was given as an item.
    end: Option<Result<M::Response, RequestError>>,
    of: PhantomData<fn(M)>,
}

impl<M: Generates> Chunks<M> {
    /// The next chunk; `None` when the handler is done. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<M::Chunk, RequestError>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The response, when the handler is done. Chunks that were not taken are dropped.
    ///
    /// # Errors
    /// As for any awaited request.
    pub async fn response(mut self) -> Result<M::Response, RequestError> {
        while self.end.is_none() {
            // A failure comes as an item too.
            let _ = self.next().await;
        }
        self.end.unwrap_or(Err(RequestError::Stopped { target: self.target }))
    }

    fn ended(&mut self, end: Result<Incoming, RequestError>) -> Option<Result<M::Chunk, RequestError>> {
        let end = end.and_then(|incoming| incoming.read::<M::Response>(&self.target));
        let failure = end.as_ref().err().cloned();
        self.end = Some(end);
        failure.map(Err)
    }
}

impl<M: Generates> Stream for Chunks<M> {
    type Item = Result<M::Chunk, RequestError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Self::Item>> {
        if self.end.is_some() {
            return Poll::Ready(None);
        }
        let part = std::task::ready!(self.parts.as_mut().poll_next(cx));
        Poll::Ready(match part {
            Some(Part::Chunk(chunk)) => Some(chunk_of::<M>(chunk, &self.target)),
            Some(Part::End(end)) => self.ended(end),
            None => {
                let target = Arc::clone(&self.target);
                self.ended(Err(RequestError::Stopped { target }))
            }
        })
    }
}

// Nothing in it is pinned.
impl<M: Message> Unpin for Chunks<M> {}

fn chunk_of<M: Generates>(chunk: Box<dyn Any + Send>, target: &Arc<str>) -> Result<M::Chunk, RequestError> {
    chunk
        .downcast::<M::Chunk>()
        .map(|chunk| *chunk)
        .map_err(|_| RequestError::Unreadable { target: Arc::clone(target), error: "a chunk of another type".into() })
}

impl<M: Message> fmt::Debug for Chunks<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chunks(of {})", self.target)
    }
}

/// An exchange in both directions. Dropped before its end, it stops the handler.
#[must_use = "dropping it stops its handler"]
pub struct Duplex<M: Converses> {
    chunks: Chunks<M>,
    input: Option<mpsc::Sender<Decoded>>,
    sends: PhantomData<fn(M)>,
}

impl<M: Converses> Duplex<M> {
    /// Gives the handler input, and waits while it has much that it has not taken.
    ///
    /// # Errors
    /// [`RequestError::Ended`] where the handler has ended, or the input was said to be finished.
    pub async fn send(&mut self, input: M::Input) -> Result<(), RequestError> {
        let ended = || RequestError::Ended { target: Arc::clone(&self.chunks.target) };
        let sender = self.input.as_ref().ok_or_else(ended)?;
        sender.send(Box::new(input)).await.map_err(|_| ended())
    }

    /// Says that there is no more input: the handler's `receive` gives `None`.
    pub fn finish_input(&mut self) {
        self.input = None;
    }

    /// The next chunk; `None` when the handler is done.
    pub async fn next(&mut self) -> Option<Result<M::Chunk, RequestError>> {
        self.chunks.next().await
    }

    /// Finishes the input and waits for the response. Chunks that were not taken are dropped.
    ///
    /// # Errors
    /// As for any awaited request.
    pub async fn response(mut self) -> Result<M::Response, RequestError> {
        self.finish_input();
        self.chunks.response().await
    }
}

impl<M: Converses> Stream for Duplex<M> {
    type Item = Result<M::Chunk, RequestError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.chunks).poll_next(cx)
    }
}

impl<M: Converses> Unpin for Duplex<M> {}

impl<M: Converses> fmt::Debug for Duplex<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Duplex(with {})", self.chunks.target)
    }
}
