//! The express way through a queue: what comes on it, who waits for an answer, and who waits for room.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::oneshot;

use super::{Express, Seat, fail};
use crate::component::RequestError;
use crate::engine::gate::Change;
use crate::engine::lanes::QueueOrder;
use crate::engine::loan::Loan;
use crate::engine::queue::{Queue, State, Work, wake_one};
use crate::engine::waiters::{Caller, Delivered};
use crate::message::MessageId;
use crate::store::Commit;

/// What there is to do when a message of the express way was completed.
#[derive(Debug)]
pub(crate) struct ExpressDone {
    pub(crate) reply: Option<oneshot::Sender<Delivered>>,
    pub(crate) change: Option<Change>,
    /// Others wait.
    pub(crate) more: bool,
    /// What the worker does next.
    pub(crate) then: Then,
}

/// What a worker does next.
#[derive(Debug, Default)]
pub(crate) enum Then {
    /// It looks what there is.
    #[default]
    Look,
    /// It has the next message already.
    Work(Work),
    /// There is nothing, and it counts as waiting.
    Wait,
}

impl Queue {
    /// With copies made of what comes here or is answered, which are made of messages of the ordinary way.
    pub(crate) fn tapped(mut self, tapped: bool) -> Self {
        self.plain &= !tapped;
        self
    }

    /// Whether messages may come on the express way at all.
    pub(crate) fn is_plain(&self) -> bool {
        self.plain
    }

    /// Takes a message on the express way, where nothing is in front of it that came on the ordinary one; gives it back
    /// otherwise. `reply` is answered in any case: also when the item is stopped. With `lends` it may give a worker that
    /// waits: the sender is to run it, or to wake it.
    pub(crate) fn offer(
        &self,
        express: Express,
        caller: Caller,
        reply: oneshot::Sender<Delivered>,
        lends: bool,
    ) -> Result<Option<Arc<Loan>>, Express> {
        let mut state = self.lock();
        if !state.takes_express() {
            return Err(express);
        }
        let tie = state.lanes.next_tie();
        // A worker that does not wait looks here before it does.
        let idle = if lends { state.wakes() } else { None };
        state.express.push(express, tie, caller, reply);
        if lends {
            return Ok(idle);
        }
        wake_one(state);
        Ok(None)
    }

    /// The item comes up, or goes down.
    pub(crate) fn open_express(&self, open: bool) {
        self.lock().express.set_open(open);
        self.wake();
        self.room.notify_waiters();
    }

    /// Whoever waits for the message of this seat, who is about to be answered.
    pub(crate) fn answer(&self, seat: Seat) -> Option<(Caller, oneshot::Sender<Delivered>)> {
        self.lock().express.leave(seat)
    }

    /// A message of the express way was completed: who waits for it, what that did to the circuit breaker, and, for a worker
    /// that may go on at once, what is next.
    pub(crate) fn express_done(&self, seat: Seat, goes_on: Option<&Arc<Loan>>) -> ExpressDone {
        let mut state = self.lock();
        state.express.put_down();
        let change = state.gate.reached();
        let reply = state.express.leave(seat).map(|(_, reply)| reply);
        let more = state.express.len() > 0 || !state.lanes.is_idle();
        let then = match goes_on {
            Some(_) if state.express.len() > 0 => self.express_work(&mut state).map_or(Then::Look, Then::Work),
            Some(loan) if state.is_quiet() => {
                state.waits(loan);
                Then::Wait
            }
            _ => Then::Look,
        };
        drop(state);
        self.activity.less();
        ExpressDone { reply, change, more, then }
    }

    /// A message that a worker had has left the express way.
    pub(in crate::engine) fn left_express(&self) {
        self.lock().express.put_down();
        self.activity.less();
    }

    /// Whether messages of the express way are here.
    pub(crate) fn has_express(&self) -> bool {
        !self.lock().express.is_idle()
    }

    /// Fails the waits of `callers` for messages of the express way.
    pub(crate) fn fail_express(&self, callers: &[Caller], error: &RequestError, commit: &Commit) {
        let replies = self.lock().express.leave_all(callers);
        fail(replies, error, commit);
    }

    /// What waits here in order behind a message of the express way that goes on as an ordinary one, to do the same.
    pub(crate) fn next_in_order(&self) -> Option<Express> {
        if self.kind.order == QueueOrder::Free {
            return None;
        }
        let mut state = self.lock();
        if state.gate.is_paused() { None } else { state.express.pop() }
    }

    /// Whether this is that life of the queue.
    pub(crate) fn is_of(&self, era: u64) -> bool {
        self.lock().era == era
    }

    /// Callbacks for this instance wait until its request is done.
    pub(crate) fn take_instance(&self, instance: MessageId) {
        self.lock().lanes.take_instance(instance);
    }

    /// What came on the express way needs no look at the clock, the gate or the store.
    pub(in crate::engine) fn express_work(&self, state: &mut State) -> Option<Work> {
        if !state.gate.is_calm() {
            return None;
        }
        let express = state.express.pop()?;
        self.has_left();
        Some(Work::Express(express, state.era))
    }

    /// Waits until the window has room for one more, or the item goes down.
    pub(crate) async fn room(&self) {
        if self.has_room() {
            return;
        }
        self.want_room.fetch_add(1, Ordering::SeqCst);
        let _wants = Counted(&self.want_room);
        loop {
            let more = self.room.notified();
            tokio::pin!(more);
            // Registered before looking, so that nothing that leaves in between is missed.
            more.as_mut().enable();
            if self.has_room() || !self.lock().express.is_up() {
                // Whoever comes next may find room too.
                self.room.notify_one();
                return;
            }
            more.await;
        }
    }

    /// A message has left the window.
    pub(in crate::engine) fn has_left(&self) {
        if self.want_room.load(Ordering::SeqCst) > 0 {
            self.room.notify_one();
        }
    }
}

impl State {
    /// Whether a worker that finds nothing on the express way finds nothing elsewhere, now or later, before it is woken.
    fn is_quiet(&self) -> bool {
        let nothing_due = self.next_due.is_none() && self.lanes.is_idle();
        !self.closed && nothing_due && self.behind.is_none() && self.gate.is_calm()
    }

    /// Whether a message on the express way has nothing in front of it that came on the ordinary one.
    fn takes_express(&self) -> bool {
        let nothing_stored = self.behind.is_none() && self.parked.is_empty();
        self.express.is_open()
            && nothing_stored
            && !self.is_closed_to_new()
            && self.lanes.has_nothing_in_front()
            && self.gate.is_calm()
    }
}

/// Counts itself out.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
