//! How workers wait for a message of their queue. Who waits is noted under the lock under which it has looked, so that nothing
//! that comes in between is missed.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use super::{Queue, Source, State, Work};
use crate::clock::Timestamp;
use crate::engine::gate::Passage;
use crate::engine::item::Pulse;
use crate::engine::loan::Loan;

/// The next thing to do with a queue.
enum Next {
    Work(Work),
    /// Until it is woken, or for so long.
    Wait(Option<Duration>),
}

/// Has a worker look that waits, if one does. Not more of them: who finds something wakes the next.
pub(in crate::engine) fn wake_one(mut state: MutexGuard<'_, State>) {
    let idle = state.wakes();
    drop(state);
    if let Some(idle) = idle {
        idle.wake();
    }
}

impl Queue {
    /// Has every worker look that waits.
    pub(in crate::engine) fn wake(&self) {
        let mut state = self.lock();
        let idle = std::mem::take(&mut state.idle);
        idle.iter().for_each(|idle| idle.offer());
        drop(state);
        idle.iter().for_each(|idle| idle.wake());
    }

    /// Waits for the next message whose turn it is; `None` where the worker is to stop. Cancel-safe.
    pub(crate) async fn take(self: &Arc<Self>, source: &Source, pulse: &Pulse) -> Option<Work> {
        while !pulse.is_stopping() {
            match self.next(source, pulse) {
                Next::Work(work) => return Some(work),
                Next::Wait(None) => self.waits(pulse).await,
                // At least a millisecond: the timer's resolution.
                Next::Wait(Some(pause)) => {
                    let pause = pause.max(Duration::from_millis(1));
                    let _ = tokio::time::timeout(pause, self.waits(pulse)).await;
                }
            }
        }
        None
    }

    /// What came on the express way, for a worker that waited and is not to stop.
    pub(crate) fn take_express(&self, pulse: &Pulse) -> Option<Work> {
        if pulse.is_stopping() {
            return None;
        }
        let mut state = self.lock();
        state.is_busy(&pulse.loan);
        let work = self.express_work(&mut state)?;
        if self.kind.workers > 1 && state.express.len() > 0 {
            wake_one(state);
        }
        Some(work)
    }

    fn next(self: &Arc<Self>, source: &Source, pulse: &Pulse) -> Next {
        let mut state = self.lock();
        state.is_busy(&pulse.loan);
        if let Some(work) = self.express_work(&mut state) {
            return self.gives(state, work);
        }
        let now = source.clock.now();
        self.refill_if_low(&mut state, now, source);
        let pause = match state.gate.passage() {
            _ if state.closed => None,
            // Not before something else has happened.
            Passage::Shut => None,
            Passage::ShutFor(pause) => Some(pause),
            Passage::Open => match state.next_work(now) {
                Some(work) => return self.gives(state, work),
                None => {
                    let store_due = state.next_due.as_ref().map(|(due, _)| *due);
                    state.lanes.next_retry(now).into_iter().chain(store_due).min().map(|due| due.since(now))
                }
            },
        };
        state.waits(&pulse.loan);
        Next::Wait(pause)
    }

    fn gives(&self, state: MutexGuard<'_, State>, work: Work) -> Next {
        self.has_left();
        if self.kind.workers > 1 {
            // Another worker may find more.
            wake_one(state);
        }
        Next::Work(work)
    }

    /// Waits until the worker, which counts as waiting already, has to look.
    pub(crate) fn waits<'a>(&'a self, pulse: &'a Pulse) -> Waits<'a> {
        Waits { queue: self, pulse, over: false }
    }
}

impl State {
    /// A worker that waits and is to look; whoever asks wakes it, or lends it a thread.
    pub(in crate::engine) fn wakes(&mut self) -> Option<Arc<Loan>> {
        self.idle.pop().inspect(|idle| idle.offer())
    }

    /// The worker waits from now on.
    pub(in crate::engine) fn waits(&mut self, loan: &Arc<Loan>) {
        loan.set_waits(true);
        self.idle.push(Arc::clone(loan));
    }

    /// The worker does not wait any more, and looks by itself; gives whether it did.
    fn is_busy(&mut self, loan: &Arc<Loan>) -> bool {
        let _ = loan.is_offered();
        let waited = loan.set_waits(false);
        if waited {
            // Nobody has woken it. Mostly somebody has, and then a large pool is not looked through.
            self.idle.retain(|idle| !Arc::ptr_eq(idle, loan));
        }
        waited
    }

    /// What the gate lets through now.
    fn next_work(&mut self, now: Timestamp) -> Option<Work> {
        if let Some(express) = self.express.pop() {
            self.gate.passed(express.turn.origin());
            return Some(Work::Express(express, self.era));
        }
        let envelope = self.lanes.give(now)?;
        self.gate.passed(envelope.header.id);
        Some(Work::Message(Box::new(envelope)))
    }
}

/// Of a worker that waits. Dropped before that is over, it hands on what it was woken for.
#[derive(Debug)]
pub(crate) struct Waits<'a> {
    queue: &'a Queue,
    pulse: &'a Pulse,
    over: bool,
}

impl Future for Waits<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.pulse.loan.is_offered() {
            self.over = true;
        }
        // Whoever wakes it does so through its loan.
        if self.over || self.pulse.is_stopping() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let mut state = self.queue.lock();
        if !state.is_busy(&self.pulse.loan) {
            wake_one(state);
        }
    }
}
