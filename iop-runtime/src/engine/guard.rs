//! Runs a handler so that whatever it does, its worker goes on: panics are caught, hangs are cut off, and a thread that
//! it blocks is seen from outside.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;

use super::deadlines::Elapsed;
use super::item::Pulse;
use super::turn::EngineTurn;
use crate::component::{Disposition, EmitError, Error, RequestError, RespondError, Result};
use crate::message::SuspendReason;

/// An attempt that runs longer than this is marked in flight in the store; a shorter one is only marked as done.
const WORTH_A_MARK: Duration = Duration::from_millis(20);
/// The same for one that waits for a response: where everything is busy all of them do, and what kills the process is
/// rather what they wait for.
const WAIT_WORTH_A_MARK: Duration = Duration::from_secs(1);

/// Why an attempt failed, and what becomes of the message.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: String,
    pub(crate) disposition: Disposition,
    pub(crate) reason: SuspendReason,
    /// The component instance may be in any state and is replaced.
    pub(crate) panicked: bool,
    /// The handler says that nothing has reached the outside, or was not called.
    pub(crate) not_sent: bool,
    /// Nobody takes what it gives any more: it ends.
    pub(crate) unwanted: bool,
}

impl Failed {
    /// The body cannot be read as what the handler takes.
    pub(crate) fn schema(error: impl std::fmt::Display) -> Self {
        Self {
            error: error.to_string(),
            disposition: Disposition::Fatal,
            reason: SuspendReason::Schema,
            panicked: false,
            not_sent: true,
            unwanted: false,
        }
    }

    /// What is stored for the turn is not what was written.
    pub(crate) fn corrupt(error: impl std::fmt::Display) -> Self {
        Self { reason: SuspendReason::Corrupt, ..Self::schema(error) }
    }

    /// A panic, wherever it was.
    pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Self {
        Self::retry(format!("the component panicked: {}", text_of(panic)), true)
    }

    fn retry(error: String, panicked: bool) -> Self {
        Self {
            error,
            disposition: Disposition::Retry,
            reason: SuspendReason::Poison,
            panicked,
            not_sent: false,
            unwanted: false,
        }
    }

    /// The consumer of a generator request has gone.
    pub(crate) fn unwanted() -> Self {
        Self::from(Error::from(EmitError::ConsumerGone))
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        // A stopped item or a store that is recovering is an outage, not a fault of the message.
        let outage = matches!(
            error.downcast_ref::<RequestError>(),
            Some(RequestError::Stopped { .. } | RequestError::NotStored(_) | RequestError::Unknown(_))
        ) || matches!(
            error.downcast_ref::<RespondError>(),
            Some(RespondError::NotStored(_) | RespondError::Unknown(_))
        );
        let unwanted = matches!(error.downcast_ref::<EmitError>(), Some(EmitError::ConsumerGone));
        let not_sent = matches!(error.disposition(), Disposition::Unavailable | Disposition::NotSent);
        let disposition = match error.disposition() {
            Disposition::Retry if outage => Disposition::Unavailable,
            disposition => disposition,
        };
        Self { error: error.chain(), disposition, reason: SuspendReason::Poison, panicked: false, not_sent, unwanted }
    }
}

/// Runs a handler, no longer than its timeout without waiting for others. `slow` is called once when it takes long enough
/// to be shown as in flight.
pub(crate) async fn guarded<T>(
    handler: impl Future<Output = Result<T>>,
    turn: &EngineTurn,
    pulse: &Pulse,
    slow: impl FnOnce(),
) -> Result<T, Failed> {
    let timeout = turn.item.options.timeout;
    // On the stack of the worker's future: a handler that is ready at once costs no allocation and no deadline.
    let handler = std::pin::pin!(AssertUnwindSafe(handler).catch_unwind());
    let mut watched = Watched { handler, turn, pulse, waits: false, works_since: None };
    let mut slow = Some(slow);
    let mut pause = WORTH_A_MARK.min(timeout);
    let patience = WAIT_WORTH_A_MARK.min(timeout);
    loop {
        match turn.core.deadlines.within(pause, &mut watched).await {
            Ok(Ok(result)) => {
                let table = turn.item.component().errors;
                return result.map_err(|error| Failed::from(error.classified(table)));
            }
            Ok(Err(panic)) => {
                return Err(Failed::retry(format!("the handler panicked: {}", text_of(&*panic)), true));
            }
            Err(Elapsed) => {}
        }
        // The time that a handler waits for a response counts against the other item, not against it.
        let waits = turn.is_waiting();
        let worked = watched.worked(pause);
        let left = if waits { timeout } else { timeout.saturating_sub(worked) };
        if waits && pause < patience {
            pause = patience;
            continue;
        }
        if let Some(slow) = slow.take() {
            slow();
        }
        if left.is_zero() {
            return Err(Failed::retry(format!("the handler ran longer than {timeout:?}"), false));
        }
        pause = left;
    }
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no text)")
}

/// Notes when each poll of a handler begins and ends, and since when it has not waited for others.
struct Watched<'a, F> {
    handler: Pin<&'a mut F>,
    turn: &'a EngineTurn,
    pulse: &'a Pulse,
    /// It waited for others when it was polled last.
    waits: bool,
    /// `None` as long as nobody has asked: most handlers are done before.
    works_since: Option<Instant>,
}

impl<F> Watched<'_, F> {
    /// How long the handler has not waited for others; `pause` is how long it runs, when this is asked first.
    fn worked(&mut self, pause: Duration) -> Duration {
        let now = Instant::now();
        now - *self.works_since.get_or_insert_with(|| now.checked_sub(pause).unwrap_or(now))
    }
}

impl<F: Future> Future for Watched<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.pulse.poll_begins_or_ends();
        if self.waits && self.works_since.is_some() {
            self.works_since = Some(Instant::now());
        }
        let poll = self.handler.as_mut().poll(cx);
        self.waits = poll.is_pending() && self.turn.is_waiting();
        self.pulse.poll_begins_or_ends();
        poll
    }
}
