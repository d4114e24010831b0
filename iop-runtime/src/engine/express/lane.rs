//! The express part of a queue: what waits for a worker, and who waits for an answer.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::oneshot;

use super::Express;
use crate::component::RequestError;
use crate::engine::queue::WINDOW;
use crate::engine::waiters::{Caller, Delivered};
use crate::store::Commit;

/// A place among the callers of a queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seat {
    at: u32,
    number: u32,
}

impl Seat {
    /// Before it has one.
    pub(crate) const NONE: Self = Self { at: u32::MAX, number: 0 };

    /// Tells transient messages of one sequence apart.
    pub(crate) fn tie(self) -> u32 {
        self.number
    }
}

/// The seat of a message, once a worker has it.
#[derive(Debug)]
pub(crate) struct Taken(AtomicU64);

impl Default for Taken {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl Taken {
    pub(in crate::engine) fn take(&self, Seat { at, number }: Seat) {
        self.0.store(u64::from(at) << 32 | u64::from(number), Ordering::Relaxed);
    }

    pub(in crate::engine) fn get(&self) -> Option<Seat> {
        let bits = self.0.load(Ordering::Relaxed);
        let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        (bits != u64::MAX).then(|| Seat { at: half(bits >> 32), number: half(bits) })
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
    /// Messages that workers have.
    in_hand: usize,
    callers: Vec<Option<Waiting>>,
    free: Vec<u32>,
    /// The item is up: who sends to it will be answered, or told that it was stopped.
    open: bool,
}

impl Lane {
    /// That of an item which is not up.
    pub(in crate::engine) fn new() -> Self {
        Self { waiting: VecDeque::new(), in_hand: 0, callers: Vec::new(), free: Vec::new(), open: false }
    }

    /// That of the same item when everything that waits here is forgotten.
    pub(in crate::engine) fn forget(&mut self) {
        *self = Self { in_hand: self.in_hand, open: self.open, ..Self::new() };
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
            Some(at) => at,
            None => {
                self.callers.push(None);
                // There are no more of them than messages in the queue and in the hands of workers.
                u32::try_from(self.callers.len() - 1).unwrap_or(u32::MAX)
            }
        };
        self.callers[at as usize] = waiting;
        express.seat = Seat { at, number };
        self.waiting.push_back(express);
    }

    /// Whether nothing is on the way here, or with a worker.
    pub(in crate::engine) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.in_hand == 0
    }

    /// The next one goes to a worker.
    pub(in crate::engine) fn pop(&mut self) -> Option<Express> {
        let express = self.waiting.pop_front()?;
        self.in_hand += 1;
        Some(express)
    }

    /// One that a worker had is none of the express way any more.
    pub(in crate::engine) fn put_down(&mut self) {
        self.in_hand -= 1;
    }

    /// Who waits there, for the one answer.
    pub(in crate::engine) fn leave(&mut self, seat: Seat) -> Option<(Caller, oneshot::Sender<Delivered>)> {
        let place = self.callers.get_mut(seat.at as usize)?;
        let waiting = place.take_if(|waiting| waiting.number == seat.number)?;
        self.free.push(seat.at);
        Some((waiting.caller, waiting.reply))
    }

    /// Those of `callers`, who get no response.
    pub(in crate::engine) fn leave_all(&mut self, callers: &[Caller]) -> Vec<oneshot::Sender<Delivered>> {
        let mut left = Vec::new();
        for (at, place) in (0..).zip(&mut self.callers) {
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
