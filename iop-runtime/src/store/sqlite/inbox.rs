//! What waits for the writer: the one place where changes get their order.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::message::MessageId;
use crate::store::blobs::Hold;
use crate::store::{
    Admin, AuditEntry, AuditRecord, Commit, Event, Fence, JobWrite, LeaseBatch, LeaseRequest, LeaseToken, NodeId,
    Outcome, ProcessState, PurgeBatch, Purged, Receipt, Reply, Step, StoreError, StoredMessage,
};

/// At most so many requests in one transaction …
const BATCH_OPS: usize = 1024;
/// … and not many more bytes of bodies than this.
const BATCH_BYTES: usize = 4 << 20;

/// Where an answer goes. That nobody waits for it any more is no failure.
pub(super) type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// A step with what was promised for it.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) step: Step,
    pub(super) first_sequence: u64,
    pub(super) leases: Vec<Option<LeaseToken>>,
    pub(super) promise: Promise,
    /// The contents that it refers to, held until its rows are written.
    pub(super) _holds: Vec<Hold>,
}

/// The outcome that the submitter of a step waits for. Whatever happens to the writer, it is not left waiting.
#[derive(Debug)]
pub(super) struct Promise(Commit);

impl Promise {
    /// Says what became of the step.
    pub(super) fn keep(self, outcome: Result<Outcome, StoreError>) {
        self.0.resolve(outcome);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        // Without effect where the promise was kept: the first outcome counts.
        self.0.resolve(Err(StoreError::Unknown("the writer of the store has stopped".into())));
    }
}

/// One request to the writer.
#[derive(Debug)]
pub(super) enum Op {
    Step(Box<Queued>),
    Events(Vec<Event>),
    Lease(LeaseRequest, Answer<LeaseBatch>),
    Extend(Vec<LeaseToken>, Duration, Answer<Vec<bool>>),
    LoadState(MessageId, Answer<Option<ProcessState>>),
    Find(MessageId, Answer<Option<StoredMessage>>),
    IsMarked(MessageId, Answer<bool>),
    Acquire(Arc<str>, NodeId, Duration, Answer<Option<Fence>>),
    Renew(Fence, Duration, Answer<bool>),
    GiveUp(Fence, Answer<()>),
    Purge(PurgeBatch, Answer<Purged>),
    Shrink(u64, Answer<bool>),
    Admin(Admin, Answer<bool>),
    WriteNote(Arc<str>, Arc<str>, Answer<()>),
    Audit(AuditRecord, Answer<AuditEntry>),
    Job(JobWrite, Answer<u64>),
    Recover(Answer<()>),
    Close(Answer<()>),
}

impl Op {
    /// Whether the store refuses it between a failed commit and its recovery: what changes something, or gives a right to.
    fn needs_a_sound_store(&self) -> bool {
        match self {
            Self::Step(_)
            | Self::Events(_)
            | Self::Lease(..)
            | Self::Extend(..)
            | Self::Acquire(..)
            | Self::Renew(..)
            | Self::GiveUp(..)
            | Self::Purge(..)
            | Self::Shrink(..)
            | Self::WriteNote(..)
            | Self::Audit(..)
            | Self::Job(..)
            | Self::Admin(..) => true,
            Self::LoadState(..) | Self::Find(..) | Self::IsMarked(..) | Self::Recover(_) | Self::Close(_) => false,
        }
    }

    /// Whether somebody builds on its commit. The rest survives the process, and rides to the disk with what comes later.
    pub(super) fn must_be_durable(&self) -> bool {
        match self {
            Self::Step(queued) => !queued.step.only_starts(),
            Self::Acquire(..)
            | Self::Purge(..)
            | Self::WriteNote(..)
            | Self::Audit(..)
            | Self::Job(..)
            | Self::Admin(..) => true,
            _ => false,
        }
    }

    /// Whether it stands alone, outside of a batch.
    fn is_alone(&self) -> bool {
        matches!(self, Self::Recover(_) | Self::Close(_))
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Step(queued) => queued.step.emit.iter().map(|message| message.body.len()).sum(),
            _ => 0,
        }
    }

    /// Answers that it was not done.
    pub(super) fn refuse(self, error: StoreError) {
        match self {
            Self::Step(queued) => queued.promise.keep(Err(error)),
            Self::Events(_) => {}
            Self::Lease(_, answer) => refuse(answer, error),
            Self::Extend(_, _, answer) => refuse(answer, error),
            Self::LoadState(_, answer) => refuse(answer, error),
            Self::Find(_, answer) => refuse(answer, error),
            Self::IsMarked(_, answer)
            | Self::Renew(_, _, answer)
            | Self::Shrink(_, answer)
            | Self::Admin(_, answer) => refuse(answer, error),
            Self::Acquire(_, _, _, answer) => refuse(answer, error),
            Self::GiveUp(_, answer) | Self::WriteNote(_, _, answer) | Self::Recover(answer) | Self::Close(answer) => {
                refuse(answer, error);
            }
            Self::Purge(_, answer) => refuse(answer, error),
            Self::Audit(_, answer) => refuse(answer, error),
            Self::Job(_, answer) => refuse(answer, error),
        }
    }
}

fn refuse<T>(answer: Answer<T>, error: StoreError) {
    reply(answer, Err(error));
}

/// Sends an answer to whoever still waits for it.
pub(super) fn reply<T>(answer: Answer<T>, result: Result<T, StoreError>) {
    drop(answer.send(result));
}

/// The queue in front of the writer.
#[derive(Debug)]
pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
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
        Self { waiting: Mutex::new(waiting), arrived: Condvar::new() }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a step: gives it its sequences, its leases and its place in the order.
    pub(super) fn submit(&self, step: Step, holds: Vec<Hold>) -> Receipt {
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
        let commit = Commit::pending();
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
        let mut batch = Vec::with_capacity(self.ops.len().min(BATCH_OPS));
        let mut bytes = 0;
        while let Some(op) = self.ops.front() {
            if op.is_alone() && !batch.is_empty() {
                break;
            }
            bytes += op.bytes();
            match self.ops.pop_front() {
                Some(Op::Recover(answer)) => return Some(Work::Recover(answer)),
                Some(Op::Close(answer)) => return Some(Work::Close(answer)),
                Some(op) => batch.push(op),
                None => break,
            }
            if batch.len() >= BATCH_OPS || bytes >= BATCH_BYTES {
                break;
            }
        }
        Some(Work::Batch(batch))
    }
}
