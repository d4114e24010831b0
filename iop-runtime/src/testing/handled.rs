//! What a turn of a harness gave: its response or its error, what it sent, and what it said.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::streams::Values;
use crate::component::{Answered, Error, Result};
use crate::message::{Converses, Decoded, Generates, Invocation, Message, MessageId, Respond, decode};

/// What a turn gave for its request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Given {
    Response(Bytes),
    #[default]
    Nothing,
    /// The response comes with a later turn.
    Pending,
    /// It was given before the end of the turn.
    Replied,
    /// Somebody else gives it.
    Deferred,
}

impl From<Answered> for Given {
    fn from(answered: Answered) -> Self {
        match answered {
            Answered::Response { body, .. } => Self::Response(body),
            Answered::Nothing => Self::Nothing,
            Answered::Pending => Self::Pending,
            Answered::Replied => Self::Replied,
            Answered::Deferred(_) => Self::Deferred,
        }
    }
}

/// A message that a turn sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// The item.
    pub target: String,
    /// The message type.
    pub type_name: &'static str,
    /// JSON.
    pub body: Bytes,
    /// [`Sync`](Invocation::Sync) where the turn waited for the response.
    pub invocation: Invocation,
    /// `.completion_key(…)`.
    pub completion_key: Option<String>,
    /// `.timeout(…)`.
    pub timeout: Option<Duration>,
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} to {}", self.type_name, String::from_utf8_lossy(&self.body), self.target)
    }
}

/// A message that a turn sent, as its type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentMessage<M> {
    /// The item.
    pub target: String,
    /// The message.
    pub message: M,
    /// [`Sync`](Invocation::Sync) where the turn waited for the response.
    pub invocation: Invocation,
    /// `.completion_key(…)`.
    pub completion_key: Option<String>,
}

/// A turn whose types are not known yet.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) item: Arc<str>,
    pub(super) result: Result<Given>,
    pub(super) sent: Vec<Sent>,
    pub(super) log: Vec<String>,
    /// What the request was answered before its end.
    pub(super) reply: Option<Bytes>,
    /// Responses to requests that were deferred.
    pub(super) answers: Vec<(MessageId, Bytes)>,
    /// The timers that are set.
    pub(super) timers: Vec<(String, Duration)>,
    /// Chunks that were given, with the type of the request.
    pub(super) chunks: Values,
    /// Input that was sent, with the type of the request.
    pub(super) input: Values,
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            item: Arc::from(""),
            result: Ok(Given::Nothing),
            sent: Vec::new(),
            log: Vec::new(),
            reply: None,
            answers: Vec::new(),
            timers: Vec::new(),
            chunks: Vec::new(),
            input: Vec::new(),
        }
    }
}

impl Outcome {
    /// Adds what a later turn did.
    pub(super) fn then(&mut self, next: Self) {
        self.result = next.result;
        self.sent.extend(next.sent);
        self.log.extend(next.log);
        self.answers.extend(next.answers);
        self.reply = next.reply.or(self.reply.take());
        self.timers = next.timers;
        self.chunks.extend(next.chunks);
        self.input.extend(next.input);
    }
}

/// The response type of a turn that answers a request of an earlier one; see [`Handled::completed`].
#[derive(Debug)]
pub struct Later;

/// What a turn gave. `R` is the response type of its message.
pub struct Handled<R> {
    outcome: Outcome,
    response: PhantomData<fn() -> R>,
}

impl<R> From<Outcome> for Handled<R> {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, response: PhantomData }
    }
}

impl<R> fmt::Debug for Handled<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<R> fmt::Display for Handled<R> {
    /// The turn in words, as failed assertions show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = &self.outcome;
        match &outcome.result {
            Ok(Given::Response(body)) => {
                writeln!(f, "`{}` answered {}", outcome.item, String::from_utf8_lossy(body))?;
            }
            Ok(Given::Nothing) => writeln!(f, "`{}` succeeded", outcome.item)?,
            Ok(Given::Pending) => writeln!(f, "`{}` waits for responses", outcome.item)?,
            Ok(Given::Replied) => writeln!(f, "`{}` has replied", outcome.item)?,
            Ok(Given::Deferred) => writeln!(f, "`{}` leaves the response to somebody else", outcome.item)?,
            Err(error) => writeln!(f, "`{}` failed ({:?}): {}", outcome.item, error.disposition(), error.chain())?,
        }
        for sent in &outcome.sent {
            writeln!(f, "  sent {sent}")?;
        }
        for line in &outcome.log {
            writeln!(f, "  said {line}")?;
        }
        Ok(())
    }
}

impl<R: Respond> Handled<R> {
    /// The response.
    ///
    /// # Panics
    /// Where there is none: the turn failed, or a process still waits for its calls.
    #[must_use]
    #[track_caller]
    pub fn response(&self) -> R {
        self.completed()
    }
}

impl<R> Handled<R> {
    /// The response as `A`, for turns whose type does not say it: the last [`respond`](super::Harness::respond) of a
    /// request, or the [`input`](super::Harness::input) of a service.
    ///
    /// # Panics
    /// Where there is none, or it is of another type.
    #[must_use]
    #[track_caller]
    pub fn completed<A: Respond>(&self) -> A {
        let body: &[u8] = match (&self.outcome.reply, &self.outcome.result) {
            (Some(reply), Ok(_)) => reply,
            (None, Ok(Given::Response(body))) => body,
            (None, Ok(Given::Nothing)) => b"null",
            _ => panic!("there is no response: {self}"),
        };
        decode(body).unwrap_or_else(|error| panic!("the response is of another type: {error}\n{self}"))
    }

    /// Why the turn failed.
    ///
    /// # Panics
    /// Where it did not.
    #[must_use]
    #[track_caller]
    pub fn error(&self) -> &Error {
        match &self.outcome.result {
            Err(error) => error,
            Ok(_) => panic!("the turn did not fail: {self}"),
        }
    }

    /// Whether the turn succeeded.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.outcome.result.is_ok()
    }

    /// Whether the process waits for responses.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self.outcome.result, Ok(Given::Pending))
    }

    /// What the request was answered by [`reply`](crate::component::Context::reply), also where the turn failed after it.
    ///
    /// # Panics
    /// Where it is of another type.
    #[must_use]
    #[track_caller]
    pub fn replied<A: Respond>(&self) -> Option<A> {
        let reply = self.outcome.reply.as_ref()?;
        Some(decode(reply).unwrap_or_else(|error| panic!("the reply is of another type: {error}\n{self}")))
    }

    /// Whether the response was left to somebody else; see
    /// [`defer_response`](crate::component::Context::defer_response).
    #[must_use]
    pub fn is_deferred(&self) -> bool {
        matches!(self.outcome.result, Ok(Given::Deferred))
    }

    /// Responses of type `A` that were given to deferred requests, with the request.
    ///
    /// # Panics
    /// Where one is of another type.
    #[must_use]
    #[track_caller]
    pub fn responded<A: Respond>(&self) -> Vec<(MessageId, A)> {
        let answers = self.outcome.answers.iter();
        let read = |body: &Bytes| {
            decode(body).unwrap_or_else(|error| panic!("a response is of another type: {error}\n{self}"))
        };
        answers.map(|(request, body)| (*request, read(body))).collect()
    }

    /// The timers that are set after the turn, with their delays.
    #[must_use]
    pub fn timers(&self) -> &[(String, Duration)] {
        &self.outcome.timers
    }

    /// Everything that was sent, in order. Of a turn that failed, only what it awaited: the rest is never stored.
    #[must_use]
    pub fn all_sent(&self) -> &[Sent] {
        &self.outcome.sent
    }

    /// What was sent of type `M`, in order.
    ///
    /// # Panics
    /// Where a body cannot be read back as what it was written from.
    #[must_use]
    #[track_caller]
    pub fn sent<M: Message>(&self) -> Vec<SentMessage<M>> {
        let of_type = self.outcome.sent.iter().filter(|sent| sent.type_name == M::TYPE.name);
        let typed = of_type.map(|sent| SentMessage {
            target: sent.target.clone(),
            message: decode(&sent.body).unwrap_or_else(|error| panic!("{sent} cannot be read back: {error}")),
            invocation: sent.invocation,
            completion_key: sent.completion_key.clone(),
        });
        typed.collect()
    }

    /// The chunks that the handler of the generator request `M` gave, in order. A consumer has them also where it failed
    /// later.
    #[must_use]
    pub fn chunks<M: Generates>(&self) -> Vec<&M::Chunk> {
        of_request(&self.outcome.chunks, M::TYPE.name)
    }

    /// The input that was sent into duplex exchanges `M`, in order.
    #[must_use]
    pub fn input<M: Converses>(&self) -> Vec<&M::Input> {
        of_request(&self.outcome.input, M::TYPE.name)
    }

    /// What the handler said, from level info up.
    #[must_use]
    pub fn log(&self) -> &[String] {
        &self.outcome.log
    }
}

/// The values that belong to a request of this type.
fn of_request<'v, T: 'static>(values: &'v [(&'static str, Decoded)], request: &str) -> Vec<&'v T> {
    let of_type = values.iter().filter(|(of, _)| *of == request);
    of_type.filter_map(|(_, value)| value.downcast_ref::<T>()).collect()
}
