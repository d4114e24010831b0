//! What waits for the writer: the one place where changes get their order.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::op::{Answer, Op, Promise, Queued};
use crate::message::MessageId;
use crate::store::blobs::Hold;
use crate::store::{Commit, LeaseToken, Receipt, Reply, Step, StoreError, Urge};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Condvar, Mutex, MutexGuard};

/// At most so many requests in one transaction …
const BATCH_OPS: usize = 1024;
/// … and not many more bytes of bodies than this.
const BATCH_BYTES: usize = 4 << 20;

/// What comes while a transaction is under way goes along, until there are so many requests in it.
const JOINED: usize = 64;

/// What nobody waits for is committed with what somebody waits for, or after this time.
const PATIENCE: Duration = Duration::from_millis(1);

/// The queue in front of the writer.
#[derive(Debug)]
pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    /// Somebody waits for something that is not committed yet.
    awaited: AtomicBool,
}

#[derive(Debug)]
struct Waiting {
    ops: VecDeque<Op>,
    next_sequence: u64,
    next_lease: u64,
    epoch: u64,
    phase: Phase,
    writer_sleeps: bool,
}

#[derive(Debug, Clone)]
enum Phase {
    Open,
    /// A commit failed: changes are refused until the store has recovered.
    Failed(Arc<str>),
    Closed,
}

/// How much is in a transaction.
#[derive(Debug, Default)]
pub(super) struct Load {
    ops: usize,
    bytes: usize,
    /// Until when more is waited for, once nothing was left to do.
    patience: Option<Instant>,
}

impl Load {
    pub(super) fn of(ops: &[Op]) -> Self {
        Self { ops: ops.len(), bytes: ops.iter().map(Op::bytes).sum(), patience: None }
    }

    fn add(&mut self, op: &Op) {
        self.ops += 1;
        self.bytes += op.bytes();
    }

    fn is_full(&self, ops: usize) -> bool {
        self.ops >= ops || self.bytes >= BATCH_BYTES
    }
}

/// What the writer does next.
#[derive(Debug)]
pub(super) enum Work {
    Batch(Vec<Op>),
    Recover(Answer<()>),
    Close(Answer<()>),
    /// Nobody has asked for anything for a while.
    Idle,
    /// The store was dropped.
    Stop,
}

impl Inbox {
    pub(super) fn new() -> Self {
        let waiting = Waiting {
            ops: VecDeque::new(),
            next_sequence: 1,
            next_lease: 1,
            epoch: 0,
            phase: Phase::Open,
            writer_sleeps: false,
        };
        Self { waiting: Mutex::new(waiting), arrived: Condvar::new(), awaited: AtomicBool::new(false) }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a step: gives it its sequences, its leases and its place in the order.
    pub(super) fn submit(self: &Arc<Self>, step: Step, holds: Vec<Hold>) -> Receipt {
        let mut waiting = self.waiting();
        if let Some(error) = waiting.refusal(true) {
            let leases = vec![None; step.emit.len()];
            return Receipt { first_sequence: 0, leases, commit: Commit::done(Err(error)) };
        }
        let first_sequence = waiting.next_sequence;
        waiting.next_sequence += step.emit.len() as u64;
        let mut leases = Vec::with_capacity(step.emit.len());
        for (message, sequence) in step.emit.iter().zip(first_sequence..) {
            leases.push(message.leased.map(|_| waiting.token(message.id, sequence)));
        }
        let commit = Commit::put_off(Arc::clone(self) as Arc<dyn Urge>);
        let queued =
            Queued { step, first_sequence, leases: leases.clone(), promise: Promise(commit.clone()), _holds: holds };
        waiting.ops.push_back(Op::Step(Box::new(queued)));
        self.wake(waiting);
        Receipt { first_sequence, leases, commit }
    }

    /// Takes a request whose answer goes to `answer`.
    pub(super) fn ask<T: Send + 'static>(&self, op: impl FnOnce(Answer<T>) -> Op) -> Reply<T> {
        let (answer, reply) = oneshot::channel();
        self.push(op(answer));
        Box::pin(async { reply.await.unwrap_or(Err(StoreError::Closed)) })
    }

    pub(super) fn push(&self, op: Op) {
        let mut waiting = self.waiting();
        if let Some(error) = waiting.refusal(op.needs_a_sound_store()) {
            drop(waiting);
            op.refuse(error);
            return;
        }
        if matches!(op, Op::Close(_)) {
            waiting.phase = Phase::Closed;
        }
        if op.is_awaited() {
            self.awaited.store(true, Ordering::Release);
        }
        waiting.ops.push_back(op);
        self.wake(waiting);
    }

    fn wake(&self, mut waiting: MutexGuard<'_, Waiting>) {
        let sleeps = std::mem::take(&mut waiting.writer_sleeps);
        drop(waiting);
        if sleeps {
            self.arrived.notify_one();
        }
    }

    /// A token for a lease that the writer gives.
    pub(super) fn token(&self, message: MessageId, sequence: u64) -> LeaseToken {
        self.waiting().token(message, sequence)
    }

    pub(super) fn epoch(&self) -> u64 {
        self.waiting().epoch
    }

    /// The store is open, for the first time or again: the next message gets `next_sequence` or a higher one.
    pub(super) fn opened(&self, epoch: u64, next_sequence: u64) {
        let mut waiting = self.waiting();
        waiting.epoch = epoch;
        waiting.next_sequence = waiting.next_sequence.max(next_sequence);
        if matches!(waiting.phase, Phase::Failed(_)) {
            waiting.phase = Phase::Open;
        }
    }

    /// A commit failed. What waits may have been built on it, so it fails too, and so does all that comes until
    /// [`opened`](Self::opened).
    pub(super) fn failed(&self, why: &Arc<str>) {
        let mut waiting = self.waiting();
        if matches!(waiting.phase, Phase::Open) {
            waiting.phase = Phase::Failed(why.clone());
        }
        let (refused, kept): (VecDeque<Op>, VecDeque<Op>) = waiting.ops.drain(..).partition(Op::needs_a_sound_store);
        waiting.ops = kept;
        drop(waiting);
        let error = StoreError::NotStored(format!("an earlier change was not stored: {why}").into());
        for op in refused {
            op.refuse(error.clone());
        }
    }

    /// Nothing is done any more, not even what waits.
    pub(super) fn stop(&self) {
        let mut waiting = self.waiting();
        waiting.phase = Phase::Closed;
        let refused = std::mem::take(&mut waiting.ops);
        self.wake(waiting);
        for op in refused {
            op.refuse(StoreError::Closed);
        }
    }

    /// Waits for work; where `idle` is given, not longer than that.
    pub(super) fn take(&self, idle: Option<Duration>) -> Work {
        let mut waiting = self.waiting();
        loop {
            if let Some(work) = waiting.next() {
                return work;
            }
            waiting.writer_sleeps = true;
            let Some(idle) = idle else {
                waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let (after, waited) = self.arrived.wait_timeout(waiting, idle).unwrap_or_else(PoisonError::into_inner);
            waiting = after;
            if waited.timed_out() && waiting.ops.is_empty() && matches!(waiting.phase, Phase::Open) {
                waiting.writer_sleeps = false;
                return Work::Idle;
            }
        }
    }

    /// What else goes into the transaction under way; `None` where it is to be committed now.
    ///
    /// What a commit costs is the same for one step and for ten. While the first of a chain are written the next ones
    /// come, and until then nobody waits for any of them.
    pub(super) fn join(&self, load: &mut Load) -> Option<Vec<Op>> {
        let mut waiting = self.waiting();
        loop {
            if waiting.ops.is_empty() && self.awaited.swap(false, Ordering::AcqRel) {
                return None;
            }
            if load.is_full(JOINED) || matches!(waiting.phase, Phase::Closed) {
                return None;
            }
            let joining = waiting.batch(load);
            if !joining.is_empty() {
                return Some(joining);
            }
            if !waiting.ops.is_empty() {
                return None;
            }
            let until = *load.patience.get_or_insert_with(|| Instant::now() + PATIENCE);
            let left = until.checked_duration_since(Instant::now())?;
            waiting.writer_sleeps = true;
            (waiting, _) = self.arrived.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner);
            waiting.writer_sleeps = false;
        }
    }
}

impl Urge for Inbox {
    fn urge(&self) {
        if !self.awaited.swap(true, Ordering::AcqRel) {
            // It looks at the flag under the lock before it sleeps.
            self.wake(self.waiting());
        }
    }
}

impl Waiting {
    /// Why nothing is taken now.
    fn refusal(&self, needs_a_sound_store: bool) -> Option<StoreError> {
        match &self.phase {
            Phase::Open => None,
            Phase::Failed(why) if needs_a_sound_store => {
                Some(StoreError::NotStored(format!("the store has not recovered from a failure: {why}").into()))
            }
            Phase::Failed(_) => None,
            Phase::Closed => Some(StoreError::Closed),
        }
    }

    fn token(&mut self, message: MessageId, sequence: u64) -> LeaseToken {
        let number = self.next_lease;
        self.next_lease += 1;
        LeaseToken { message, sequence, number }
    }

    fn next(&mut self) -> Option<Work> {
        if self.ops.is_empty() {
            return matches!(self.phase, Phase::Closed).then_some(Work::Stop);
        }
        if !self.ops.front().is_some_and(Op::is_alone) {
            return Some(Work::Batch(self.batch(&mut Load::default())));
        }
        match self.ops.pop_front() {
            Some(Op::Recover(answer)) => Some(Work::Recover(answer)),
            Some(Op::Close(answer)) => Some(Work::Close(answer)),
            other => Some(Work::Batch(other.into_iter().collect())),
        }
    }

    /// What goes into one transaction, as far as there is room in it.
    fn batch(&mut self, load: &mut Load) -> Vec<Op> {
        let mut batch = Vec::with_capacity(self.ops.len().min(BATCH_OPS));
        while !load.is_full(BATCH_OPS)
            && let Some(op) = self.ops.pop_front_if(|op| !op.is_alone())
        {
            load.add(&op);
            batch.push(op);
        }
        batch
    }
}

#[cfg(all(test, shuttle))]
mod schedules;

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn taken(inbox: &Inbox) -> Vec<Op> {
        match inbox.take(None) {
            Work::Batch(ops) => ops,
            other => panic!("{other:?} and no batch"),
        }
    }

    #[test]
    fn what_comes_while_a_transaction_is_under_way_goes_along_until_it_is_large() {
        let inbox = Arc::new(Inbox::new());
        let first = inbox.submit(Step::default(), Vec::new());
        let begun = taken(&inbox);
        let mut load = Load::of(&begun);
        let later: Vec<_> = (0..JOINED).map(|_| inbox.submit(Step::default(), Vec::new())).collect();
        assert!(first.commit.wait().now_or_never().is_none());
        assert_eq!(inbox.join(&mut load).map(|ops| ops.len()), Some(JOINED));
        let last = inbox.submit(Step::default(), Vec::new());
        assert!(inbox.join(&mut load).is_none(), "it has as much as goes along");
        assert_eq!(taken(&inbox).len(), 1);
        drop((later, last));
    }

    #[test]
    fn what_nobody_waits_for_is_put_off_until_somebody_does() {
        let inbox = Arc::new(Inbox::new());
        let first = inbox.submit(Step::default(), Vec::new());
        let begun = taken(&inbox);
        let mut load = Load { patience: Some(Instant::now() + Duration::from_secs(3600)), ..Load::of(&begun) };
        let writer = std::thread::spawn({
            let inbox = Arc::clone(&inbox);
            // What is dropped is answered, so it is kept.
            move || std::iter::from_fn(|| inbox.join(&mut load)).flatten().collect::<Vec<_>>()
        });
        let second = inbox.submit(Step::default(), Vec::new());
        assert!(second.commit.is_known().now_or_never().is_none());
        assert!(first.commit.wait().now_or_never().is_none());
        assert_eq!(writer.join().unwrap().len(), 1);
    }

    #[test]
    fn what_nobody_ever_waits_for_is_put_off_no_longer_than_the_patience() {
        let inbox = Arc::new(Inbox::new());
        let receipt = inbox.submit(Step::default(), Vec::new());
        let begun = taken(&inbox);
        assert!(inbox.join(&mut Load::of(&begun)).is_none());
        assert!(receipt.commit.get().is_none(), "it is committed now, and was not before");
    }
}
