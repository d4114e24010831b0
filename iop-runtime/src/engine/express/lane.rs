//! The express part of a queue: what waits for a worker, and who waits for an answer.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use super::Express;
use crate::component::RequestError;
use crate::engine::queue::WINDOW;
use crate::engine::waiters::{Caller, Delivered};
use crate::store::Commit;

/// A place among the callers of a queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seat {
    at: usize,
    number: u32,
}

impl Seat {
    /// Before it has one.
    pub(crate) const NONE: Self = Self { at: usize::MAX, number: 0 };

    /// Tells transient messages of one sequence apart.
    pub(crate) fn tie(self) -> u32 {
        self.number
    }
}

/// A sender that waits.
#[derive(Debug)]
struct Waiting {
    number: u32,
    caller: Caller,
    reply: oneshot::Sender<Delivered>,
}

/// The express part of a queue; under the queue's lock.
#[derive(Debug)]
pub(in crate::engine) struct Lane {
    waiting: VecDeque<Express>,
    callers: Vec<Option<Waiting>>,
    free: Vec<usize>,
    /// The item is up: who sends to it will be answered, or told that it was stopped.
    open: bool,
}

impl Lane {
    /// That of an item which is not up.
    pub(in crate::engine) fn new() -> Self {
        Self { waiting: VecDeque::new(), callers: Vec::new(), free: Vec::new(), open: false }
    }

    pub(in crate::engine) fn set_open(&mut self, open: bool) {
        self.open = open;
    }

    pub(in crate::engine) fn is_up(&self) -> bool {
        self.open
    }

    pub(in crate::engine) fn is_open(&self) -> bool {
        self.open && self.waiting.len() < WINDOW
    }

    pub(in crate::engine) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(in crate::engine) fn push(
        &mut self,
        mut express: Express,
        number: u32,
        caller: Caller,
        reply: oneshot::Sender<Delivered>,
    ) {
        let waiting = Some(Waiting { number, caller, reply });
        let at = match self.free.pop() {
            Some(at) => {
                self.callers[at] = waiting;
                at
            }
            None => {
                self.callers.push(waiting);
                self.callers.len() - 1
            }
        };
        express.seat = Seat { at, number };
        self.waiting.push_back(express);
    }

    pub(in crate::engine) fn pop(&mut self) -> Option<Express> {
        self.waiting.pop_front()
    }

    /// Who waits there, for the one answer.
    pub(in crate::engine) fn leave(&mut self, seat: Seat) -> Option<(Caller, oneshot::Sender<Delivered>)> {
        let place = self.callers.get_mut(seat.at)?;
        let waiting = place.take_if(|waiting| waiting.number == seat.number)?;
        self.free.push(seat.at);
        Some((waiting.caller, waiting.reply))
    }

    /// Those of `callers`, who get no response.
    pub(in crate::engine) fn leave_all(&mut self, callers: &[Caller]) -> Vec<oneshot::Sender<Delivered>> {
        let mut left = Vec::new();
        for (at, place) in self.callers.iter_mut().enumerate() {
            if let Some(waiting) = place.take_if(|waiting| callers.contains(&waiting.caller)) {
                self.free.push(at);
                left.push(waiting.reply);
            }
        }
        left
    }
}

/// Tells senders why they get no response.
pub(in crate::engine) fn fail(replies: Vec<oneshot::Sender<Delivered>>, error: &RequestError, commit: &Commit) {
    for reply in replies {
        // One that is gone has given up.
        let _ = reply.send(Delivered { response: Err(error.clone()), commit: commit.clone() });
    }
}
