//! The express way through a queue: what comes on it, who waits for an answer, and who waits for room.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::oneshot;

use super::{Express, Seat, fail};
use crate::component::RequestError;
use crate::engine::gate::Change;
use crate::engine::lanes::QueueOrder;
use crate::engine::loan::Loan;
use crate::engine::queue::{Queue, State, Work};
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
        state.express.push(express, tie, caller, reply);
        // A worker that does not wait looks here before it does.
        let idle = state.idle.pop();
        drop(state);
        if !lends && let Some(idle) = idle {
            idle.wake();
            return Ok(None);
        }
        Ok(idle)
    }

    /// The item comes up, or goes down.
    pub(crate) fn open_express(&self, open: bool) {
        let mut state = self.lock();
        state.express.set_open(open);
        // They are of workers that stop.
        state.idle.clear();
        drop(state);
        self.room.notify_waiters();
    }

    /// Whoever waits for the message of this seat, who is about to be answered.
    pub(crate) fn answer(&self, seat: Seat) -> Option<(Caller, oneshot::Sender<Delivered>)> {
        self.lock().express.leave(seat)
    }

    /// A message of the express way was completed: who waits for it, and what that did to the circuit breaker.
    pub(crate) fn express_done(&self, seat: Seat) -> ExpressDone {
        let mut state = self.lock();
        let change = state.gate.reached();
        let more = state.express.len() > 0 || !state.lanes.is_idle();
        ExpressDone { reply: state.express.leave(seat).map(|(_, reply)| reply), change, more }
    }

    /// Fails the waits of `callers` for messages of the express way.
    pub(crate) fn fail_express(&self, callers: &[Caller], error: &RequestError, commit: &Commit) {
        let replies = self.lock().express.leave_all(callers);
        fail(replies, error, commit);
    }

    /// What waits here in order behind a message of the express way that goes on as an ordinary one, to do the same.
    pub(crate) fn next_in_order(&self) -> Option<Express> {
        if self.kind.order == QueueOrder::Free { None } else { self.lock().express.pop() }
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
    pub(crate) fn take_express(&self, loan: &Arc<Loan>) -> Option<Work> {
        let mut state = self.lock();
        if !state.gate.is_calm() {
            return None;
        }
        let era = state.era;
        let express = state.express.pop()?;
        state.is_busy(loan);
        let more = self.kind.workers > 1 && state.express.len() > 0;
        drop(state);
        self.has_left();
        if more {
            self.changed.notify_one();
        }
        Some(Work::Express(express, era))
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
    pub(in crate::engine) fn is_busy(&mut self, loan: &Arc<Loan>) {
        self.idle.retain(|idle| !Arc::ptr_eq(idle, loan));
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
