//! A sender lends its thread: whoever sends to a worker that waits for work, and then waits for the answer itself, runs the
//! worker's next turn on the spot, in place of waking the worker's task and being woken by it.
//!
//! Nothing else changes: what is run is the future of the worker's own task, with the waker of that task, so that whatever
//! it waits for wakes that task. Its turn is as guarded, as cut off and as stopped as any other, and a sender that is
//! dropped takes nothing with it. Only a handler that blocks its thread holds up who lent it: after one that took long,
//! nobody lends for a while.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, PoisonError, TryLockError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::sync::Mutex;
use crate::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};

/// One in so many loans is timed.
const TIMED: u32 = 16;
/// A loan that takes longer is too long to be lent again soon.
const LONG: Duration = Duration::from_millis(1);
/// For so many messages.
const REST: u32 = 10_000;
/// Loans within loans on one thread: each takes its part of the stack.
const DEPTH: u32 = 8;

thread_local! {
    static LENT: Cell<u32> = const { Cell::new(0) };
}

type Run = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A worker that can be run by others than its own task.
pub(crate) struct Loan {
    /// `None` when it has ended.
    run: Mutex<Option<Run>>,
    /// That of its own task.
    waker: OnceLock<Waker>,
    /// Its own task was woken while somebody else ran it.
    again: AtomicBool,
    /// Its own task is gone: it ends.
    cut_off: AtomicBool,
    /// There is something to do for it, of which it was not notified.
    offered: AtomicBool,
    /// It is among the workers that wait at its queue; changed under the lock of the queue.
    waits: AtomicBool,
    loans: AtomicU32,
    rest: AtomicU32,
}

impl std::fmt::Debug for Loan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Loan")
    }
}

impl Loan {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            run: Mutex::new(None),
            waker: OnceLock::new(),
            again: AtomicBool::new(false),
            cut_off: AtomicBool::new(false),
            offered: AtomicBool::new(false),
            waits: AtomicBool::new(false),
            loans: AtomicU32::new(0),
            rest: AtomicU32::new(0),
        })
    }

    /// The task of the worker `run`.
    pub(crate) fn task(self: &Arc<Self>, run: impl Future<Output = ()> + Send + 'static) -> Task {
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::pin(run));
        Task(Arc::clone(self))
    }

    /// Whether something was offered to the worker since it last asked.
    pub(crate) fn is_offered(&self) -> bool {
        self.offered.load(Ordering::Relaxed) && self.offered.swap(false, Ordering::Acquire)
    }

    /// The worker waits at its queue from now on, or does not any more; gives whether it did.
    pub(crate) fn set_waits(&self, waits: bool) -> bool {
        let waited = self.waits.load(Ordering::Relaxed);
        self.waits.store(waits, Ordering::Relaxed);
        waited
    }

    /// There is something for the worker, which waits. Said under the lock under which it looks, so that what is said here
    /// is heard by a worker that waits, and by none that has begun with something.
    pub(crate) fn offer(&self) {
        self.set_waits(false);
        self.offered.store(true, Ordering::Release);
    }

    /// Has the worker's own task look.
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }

    /// Runs the worker, which waits and has something to do now; `false` where that is not to be, and it has to be woken.
    pub(crate) fn lend(&self) -> bool {
        if self.rest.load(Ordering::Relaxed) > 0 {
            self.rest.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        let Some(waker) = self.waker.get() else { return false };
        let depth = LENT.get();
        if depth >= DEPTH {
            return false;
        }
        // Who lends at the same moment as another may not be counted, which is no matter.
        let loans = self.loans.load(Ordering::Relaxed);
        self.loans.store(loans.wrapping_add(1), Ordering::Relaxed);
        let begun = loans.is_multiple_of(TIMED).then(Instant::now);
        let deeper = Deeper::than(depth);
        let cx = &mut Context::from_waker(waker);
        // Somebody may be about to leave it. Whoever still has it then sees afterwards what is offered here.
        let ran = self.poll(cx).or_else(|| {
            fence(Ordering::SeqCst);
            self.poll(cx)
        });
        drop(deeper);
        if begun.is_some_and(|begun| begun.elapsed() > LONG) {
            self.tire();
        }
        if ran.is_some() {
            self.give_back(waker);
        }
        true
    }

    /// Nobody lends to it for a while.
    pub(crate) fn tire(&self) {
        self.rest.store(REST, Ordering::Relaxed);
    }

    /// What its own task, or another sender, wanted while somebody else ran it.
    fn give_back(&self, waker: &Waker) {
        // Either this sees what they have noted, or they find it free.
        fence(Ordering::SeqCst);
        if self.cut_off.load(Ordering::Relaxed) {
            self.end();
        }
        let again = self.again.load(Ordering::Relaxed) && self.again.swap(false, Ordering::AcqRel);
        if again || self.offered.load(Ordering::Relaxed) {
            waker.wake_by_ref();
        }
    }

    /// Ends it, unless somebody runs it at this moment.
    fn end(&self) {
        if let Ok(mut run) = self.run.try_lock() {
            *run = None;
        }
    }

    /// Runs it, if nobody else does.
    fn poll(&self, cx: &mut Context<'_>) -> Option<Poll<()>> {
        let mut run = match self.run.try_lock() {
            Ok(run) => run,
            Err(TryLockError::Poisoned(run)) => run.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        let Some(future) = run.as_mut() else { return Some(Poll::Ready(())) };
        let poll = future.as_mut().poll(cx);
        if poll.is_ready() {
            *run = None;
            // Its own task does not know yet, where that is not what runs it.
            self.again.store(true, Ordering::Release);
        }
        Some(poll)
    }
}

/// A loan within a loan, until it is dropped.
struct Deeper(u32);

impl Deeper {
    fn than(depth: u32) -> Self {
        LENT.set(depth + 1);
        Self(depth)
    }
}

impl Drop for Deeper {
    fn drop(&mut self) {
        LENT.set(self.0);
    }
}

/// The task of a worker.
#[derive(Debug)]
pub(crate) struct Task(Arc<Loan>);

impl Future for Task {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let loan = &self.0;
        loan.waker.get_or_init(|| cx.waker().clone());
        if let Some(poll) = loan.poll(cx) {
            if poll.is_pending() {
                loan.give_back(cx.waker());
            }
            return poll;
        }
        // Whoever runs it wakes this task again, unless that is over by now.
        loan.again.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        match loan.poll(cx) {
            Some(Poll::Pending) => {
                loan.again.store(false, Ordering::Relaxed);
                loan.give_back(cx.waker());
            }
            Some(Poll::Ready(())) => return Poll::Ready(()),
            None => {}
        }
        Poll::Pending
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.cut_off.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        // Where somebody runs it at this moment, it ends after that.
        self.0.end();
    }
}

#[cfg(all(test, shuttle))]
mod schedules;
