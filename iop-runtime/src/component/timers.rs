//! Timers of processes, and sleeping: time that passes durably.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, Ready, ready};

use super::context::Turn;
use super::{Context, HandlerResult, NoValue, RequestError, Result};
use crate::clock::Timestamp;

impl Context {
    /// Sets a timer in a business process: `cx.set_timer(delay, "reminder").await?`. When it goes off, `on_timer` is
    /// called with the state loaded, once, also after a restart and days later. It is set with the turn's commit; a turn
    /// that fails has set none. Setting one of the same name again moves it.
    ///
    /// The process is not complete before its timers have gone off, unless they are set
    /// [`while_waiting`](SetTimer::while_waiting).
    pub fn set_timer(&mut self, delay: Duration, name: impl Into<Arc<str>>) -> SetTimer {
        SetTimer { turn: Arc::clone(self.turn()), name: name.into(), delay, holds: true }
    }

    /// Takes a timer back, with the turn's commit. Where none of that name is set, nothing happens.
    ///
    /// # Errors
    /// Fatal in an item that is not a process.
    pub fn cancel_timer(&mut self, name: impl Into<Arc<str>>) -> Result {
        self.turn().cancel_timer(name.into())
    }

    /// Waits. What was sent before is committed now, and with it the time at which the wait is over: after a crash, or in
    /// the next attempt, the handler waits only the rest of it. The handler's worker is held meanwhile, but its `timeout`
    /// does not run: longer waits of a process are better a [timer](Self::set_timer).
    ///
    /// # Errors
    /// Where the store does not take or give it.
    pub fn sleep(&mut self, duration: Duration) -> impl Future<Output = Result<(), RequestError>> + Send + use<> {
        let turn = Arc::clone(self.turn());
        let position = turn.next_position();
        async move { turn.sleep(position, duration).await }
    }
}

/// A timer to be set; `.await` sets it.
#[must_use = "a timer is set by `.await`"]
pub struct SetTimer {
    turn: Arc<dyn Turn>,
    name: Arc<str>,
    delay: Duration,
    holds: bool,
}

impl SetTimer {
    /// A timer that the process does not wait for: when everything else has come, the process is complete, and the timer
    /// is cancelled. For reminders and deadlines.
    pub fn while_waiting(mut self) -> Self {
        self.holds = false;
        self
    }
}

impl IntoFuture for SetTimer {
    type Output = Result;
    type IntoFuture = Ready<Result>;

    fn into_future(self) -> Self::IntoFuture {
        ready(self.turn.set_timer(self.name, self.delay, self.holds))
    }
}

impl fmt::Debug for SetTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetTimer").field("name", &self.name).field("delay", &self.delay).finish_non_exhaustive()
    }
}

/// A timer that has gone off, as `on_timer` gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timer {
    /// The name under which it was set.
    pub name: Arc<str>,
    /// When it was to go off; it may be later now, since nothing goes off while the production is down.
    pub due: Timestamp,
}

impl Timer {
    pub(crate) fn new(name: Arc<str>, due: Timestamp) -> Self {
        Self { name, due }
    }
}

/// What `on_timer` may take: a [`Timer`].
#[diagnostic::on_unimplemented(
    message = "`on_timer` takes a `Timer`, not `{Self}`",
    label = "not a timer",
    note = "write `async fn on_timer(&mut self, timer: Timer) -> Result` [iop E12]"
)]
pub trait TimerArgument {
    /// From a timer.
    fn of(timer: Timer) -> Self;
}

impl TimerArgument for Timer {
    fn of(timer: Timer) -> Self {
        timer
    }
}

/// A process with `on_timer`.
pub trait OnTimer<A> {
    /// What the user's function returns.
    type Returned;
    /// One turn.
    fn on_timer(&mut self, timer: A, cx: &mut Context) -> impl Future<Output = Self::Returned> + Send;
}

/// `on_timer` with its types erased.
pub type TimerHook<C> = for<'a> fn(&'a mut C, Timer, &'a mut Context) -> BoxFuture<'a, Result>;

/// `on_timer` of `C`, a function that takes `A` and returns `R`.
#[must_use]
pub const fn timer_hook<C, A, R>() -> TimerHook<C>
where
    C: OnTimer<A, Returned = R> + Send,
    A: TimerArgument,
    R: HandlerResult,
    R::Value: NoValue,
{
    |component, timer, cx| Box::pin(async move { component.on_timer(A::of(timer), cx).await.into_result().map(drop) })
}
