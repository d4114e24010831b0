//! What the writer is asked for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::message::MessageId;
use crate::store::blobs::Hold;
use crate::store::{
    Admin, AuditEntry, AuditRecord, Commit, Deed, Event, Fence, JobWrite, LeaseBatch, LeaseRequest, LeaseToken, NodeId,
    OnRecord, Outcome, ProcessState, PurgeBatch, Purged, Step, StoreError, StoredMessage,
};

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
pub(super) struct Promise(pub(super) Commit);

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
    Act(Deed, OnRecord, Answer<bool>),
    WriteNote(Arc<str>, Arc<str>, Answer<()>),
    Audit(AuditRecord, Answer<AuditEntry>),
    Job(JobWrite, Answer<u64>),
    Recover(Answer<()>),
    Close(Answer<()>),
}

impl Op {
    /// Whether the store refuses it between a failed commit and its recovery: what changes something, or gives a right to.
    pub(super) fn needs_a_sound_store(&self) -> bool {
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
            | Self::Act(..)
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
            | Self::Act(..)
            | Self::Admin(..) => true,
            _ => false,
        }
    }

    /// Whether somebody waits for its answer from the beginning. Who waits for a step says so.
    pub(super) fn is_awaited(&self) -> bool {
        !matches!(self, Self::Step(_) | Self::Events(_))
    }

    /// Whether it stands alone, outside of a batch.
    pub(super) fn is_alone(&self) -> bool {
        matches!(self, Self::Recover(_) | Self::Close(_))
    }

    pub(super) fn bytes(&self) -> usize {
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
            | Self::Admin(_, answer)
            | Self::Act(_, _, answer) => refuse(answer, error),
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
