//! Turns and callers that wait for a response.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::component::{Incoming, RequestError};
use crate::message::MessageId;
use crate::store::Commit;

/// A response with the commit that makes it durable: whoever answers outside waits for that first.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) response: Result<Incoming, RequestError>,
    pub(crate) commit: Commit,
}

#[derive(Debug)]
enum Waiter {
    Waiting {
        target: usize,
        caller: Caller,
        answers: Answers,
    },
    /// Timed out or dropped: the response will be late.
    GaveUp,
}

/// Where an answer goes: mostly to one. Callers outside may ask for the same request at the same time.
type Answers = Vec<(u64, oneshot::Sender<Delivered>)>;

fn send(answers: Answers, delivered: Delivered) {
    let mut answers = answers.into_iter();
    let first = answers.next();
    // A receiver that is just being dropped marks itself as having given up.
    for (_, answer) in answers {
        let response = match &delivered.response {
            Ok(incoming) => Ok(Incoming { value: None, version: incoming.version, body: incoming.body.clone() }),
            Err(error) => Err(error.clone()),
        };
        let _ = answer.send(Delivered { response, commit: delivered.commit.clone() });
    }
    if let Some((_, answer)) = first {
        let _ = answer.send(delivered);
    }
}

/// Who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A turn, which holds a worker of its item.
    Turn,
    /// Somebody outside, who holds nothing up.
    Outside,
}

/// So many who gave up are known at a time. Of those before, the store alone knows that their responses are late.
const KNOWN_LATE: usize = 1 << 16;

/// Who waits for which request.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    waiting: Mutex<HashMap<MessageId, Waiter>>,
    /// Those who gave up and may still be known, in this order.
    gave_up: Mutex<VecDeque<MessageId>>,
    /// Tells the waits for one request apart.
    last: AtomicU64,
}

/// Whether a response is in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Punctuality {
    InTime,
    Late,
}

/// A wait for one response. Dropped before the response came, it has given up.
#[derive(Debug)]
pub(crate) struct Wait {
    request: MessageId,
    number: u64,
    waiters: Arc<Waiters>,
    answer: oneshot::Receiver<Delivered>,
    finished: bool,
}

impl Waiters {
    fn lock(&self) -> MutexGuard<'_, HashMap<MessageId, Waiter>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers that nobody waits for a request any more; who waited, where somebody did.
    fn give_up(&self, waiters: &mut HashMap<MessageId, Waiter>, request: MessageId) -> Option<Waiter> {
        let mut gave_up = self.gave_up.lock().unwrap_or_else(PoisonError::into_inner);
        gave_up.push_back(request);
        if gave_up.len() > KNOWN_LATE
            && let Some(oldest) = gave_up.pop_front()
            && matches!(waiters.get(&oldest), Some(Waiter::GaveUp))
        {
            waiters.remove(&oldest);
        }
        waiters.insert(request, Waiter::GaveUp)
    }

    /// Waits for the response to `request`, which the item `target` will give.
    pub(crate) fn wait(self: &Arc<Self>, request: MessageId, target: usize, caller: Caller) -> Wait {
        let (sender, answer) = oneshot::channel();
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let mut waiters = self.lock();
        if let Some(Waiter::Waiting { answers, .. }) = waiters.get_mut(&request) {
            answers.push((number, sender));
        } else {
            waiters.insert(request, Waiter::Waiting { target, caller, answers: vec![(number, sender)] });
        }
        drop(waiters);
        Wait { request, number, waiters: Arc::clone(self), answer, finished: false }
    }

    /// Somebody who waits already, for a request that takes the ordinary way from now on.
    pub(crate) fn adopt(&self, request: MessageId, target: usize, caller: Caller, reply: oneshot::Sender<Delivered>) {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(request, Waiter::Waiting { target, caller, answers: vec![(number, reply)] });
    }

    /// Whether a response given now would be in time. Nobody waiting is in time too: the caller's turn may be about to
    /// be repeated after a restart.
    pub(crate) fn punctuality(&self, request: MessageId) -> Punctuality {
        match self.lock().get(&request) {
            Some(Waiter::GaveUp) => Punctuality::Late,
            _ => Punctuality::InTime,
        }
    }

    /// Gives the response to whoever waits.
    pub(crate) fn answer(&self, request: MessageId, delivered: Delivered) {
        if let Some(Waiter::Waiting { answers, .. }) = self.lock().remove(&request) {
            send(answers, delivered);
        }
    }

    /// The request was taken out of its queue: who waits is told, and nothing will come late.
    pub(crate) fn removed(&self, request: MessageId, error: RequestError) {
        let known = self.lock().remove(&request);
        if let Some(Waiter::Waiting { answers, .. }) = known {
            let commit = Commit::nothing();
            send(answers, Delivered { response: Err(error), commit });
        }
    }

    /// One of those who wait leaves; `true` where nobody waits any more.
    fn leave(waiters: &mut HashMap<MessageId, Waiter>, wait: &Wait) -> bool {
        let Some(Waiter::Waiting { answers, .. }) = waiters.get_mut(&wait.request) else { return true };
        answers.retain(|(number, _)| *number != wait.number);
        answers.is_empty()
    }

    /// Fails the waits for an item, those of `callers`.
    pub(crate) fn fail(&self, of: usize, callers: &[Caller], error: &RequestError, commit: &Commit) {
        let mut waiters = self.lock();
        let fails = |waiter: &Waiter| matches!(waiter, Waiter::Waiting { target, caller, .. } if *target == of && callers.contains(caller));
        let waiting: Vec<MessageId> =
            waiters.iter().filter(|(_, waiter)| fails(waiter)).map(|(request, _)| *request).collect();
        for request in waiting {
            // The request stays in its queue; a response that still comes is late.
            if let Some(Waiter::Waiting { answers, .. }) = self.give_up(&mut waiters, request) {
                send(answers, Delivered { response: Err(error.clone()), commit: commit.clone() });
            }
        }
    }

    /// Fails every wait, and forgets who gave up.
    pub(crate) fn fail_all(&self, error: &RequestError, commit: &Commit) {
        for (_, waiter) in self.lock().drain() {
            if let Waiter::Waiting { answers, .. } = waiter {
                send(answers, Delivered { response: Err(error.clone()), commit: commit.clone() });
            }
        }
    }
}

impl Wait {
    /// The response; `None` where the engine is gone.
    pub(crate) async fn response(&mut self) -> Option<Delivered> {
        let delivered = (&mut self.answer).await.ok();
        self.finished = true;
        delivered
    }

    /// Takes the wait back: nothing was sent, so nothing can be late.
    pub(crate) fn cancel(mut self) {
        self.finished = true;
        let mut waiters = self.waiters.lock();
        if Waiters::leave(&mut waiters, &self) {
            waiters.remove(&self.request);
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if !self.finished {
            let mut waiters = self.waiters.lock();
            // Answered just now: then nothing will come late, and the entry is gone.
            if waiters.contains_key(&self.request) && Waiters::leave(&mut waiters, self) {
                self.waiters.give_up(&mut waiters, self.request);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn durable() -> Commit {
        Commit::nothing()
    }

    #[tokio::test]
    async fn a_response_reaches_its_waiter_and_one_after_giving_up_is_late() {
        let waiters = Arc::new(Waiters::default());
        let (first, second) = (MessageId::random(), MessageId::random());
        let mut wait = waiters.wait(first, 0, Caller::Turn);
        waiters.answer(first, Delivered { response: Ok(Incoming::nothing()), commit: durable() });
        assert!(wait.response().await.is_some_and(|delivered| delivered.response.is_ok()));
        drop(waiters.wait(second, 0, Caller::Turn));
        assert_eq!(waiters.punctuality(second), Punctuality::Late);
        assert_eq!(waiters.punctuality(MessageId::random()), Punctuality::InTime);
    }

    #[test]
    fn of_those_who_gave_up_the_latest_are_known_and_no_more() {
        let waiters = Arc::new(Waiters::default());
        let requests: Vec<_> = (0..=KNOWN_LATE).map(|_| MessageId::random()).collect();
        for request in &requests {
            drop(waiters.wait(*request, 0, Caller::Outside));
        }
        assert_eq!(waiters.lock().len(), KNOWN_LATE);
        assert_eq!(waiters.punctuality(requests[0]), Punctuality::InTime, "the store still says that it is late");
        assert_eq!(waiters.punctuality(requests[KNOWN_LATE]), Punctuality::Late);
    }

    #[tokio::test]
    async fn stopping_an_item_fails_the_waits_for_it_alone() {
        let waiters = Arc::new(Waiters::default());
        let (here, there) = (MessageId::random(), MessageId::random());
        let mut stopped = waiters.wait(here, 1, Caller::Turn);
        let _other = waiters.wait(there, 2, Caller::Turn);
        let error = RequestError::Stopped { target: "one".into() };
        waiters.fail(1, &[Caller::Turn], &error, &durable());
        assert_eq!(stopped.response().await.and_then(|delivered| delivered.response.err()), Some(error));
        assert_eq!(waiters.punctuality(here), Punctuality::Late);
        assert_eq!(waiters.punctuality(there), Punctuality::InTime);
    }
}
