//! How a turn ends: in one commit, or failed, to be tried again or to wait for a person.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::envelope::Envelope;
use super::gate::Gate;
use super::groups::Group;
use super::guard::Failed;
use super::instances::Instance;
use super::probe::CrashPoint;
use super::reply::{self, Reply};
use super::retry::Verdict;
use super::turn::{EngineTurn, Sends};
use super::waits::{Changes, Open};
use super::worker::Worker;
use super::{intent, log, process};
use crate::clock::Timestamp;
use crate::component::{Answered, Disposition, RequestError, Result};
use crate::message::{Invocation, Kind, MessageId, SuspendReason};
use crate::store::{End, StateWrite, Step};

/// What a turn did, ready to be committed.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) sends: Sends,
    pub(crate) reply: Option<(MessageId, Reply)>,
    pub(crate) state: Vec<StateWrite>,
    pub(crate) cancel: Vec<MessageId>,
    /// What the engine knows from then on without reading it.
    pub(crate) known: Known,
}

/// What a turn leaves in memory when it is committed: a turn that failed, or that a recovery of the store has made void,
/// leaves nothing that is not stored.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// `None` where it is complete.
    pub(crate) instance: Option<(MessageId, Option<Instance>)>,
    pub(crate) group: Option<Group>,
    /// A call that nobody waits for any more.
    pub(crate) call: Option<MessageId>,
}

impl Done {
    /// Adds what comes of a change of what is waited for.
    pub(crate) fn take(&mut self, changes: Changes) {
        self.state.extend(changes.state);
        self.cancel.extend(changes.cancel);
        self.sends.pending.extend(changes.emit);
    }

    /// Adds the calls and timers of the turn to what is waited for. `mark` is the message of the turn.
    pub(crate) fn waits_in(&mut self, open: &mut Open, mark: MessageId) -> Result {
        let state = open.add(&self.sends.calls, &self.sends.timed, mark)?;
        self.state.extend(state);
        let timers = std::mem::take(&mut self.sends.timers);
        self.take(open.change(timers));
        Ok(())
    }
}

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) failed: Failed,
    /// Awaited requests that were given up: they are stored, whatever becomes of the turn.
    pub(crate) abandoned: Vec<MessageId>,
    /// The caller has its response, or somebody else will give it.
    pub(crate) replied: bool,
}

impl Attempt {
    /// The attempt of a turn, which ends with it.
    pub(crate) fn of(turn: &EngineTurn, failed: Failed) -> Self {
        let replied = turn.has_answered();
        Self { failed, abandoned: turn.end().abandoned, replied }
    }
}

impl From<Failed> for Attempt {
    fn from(failed: Failed) -> Self {
        Self { failed, abandoned: Vec::new(), replied: false }
    }
}

impl Worker {
    /// What the handler has answered, unless that was done otherwise.
    pub(crate) fn reply_to(
        &self,
        turn: &EngineTurn,
        envelope: &Envelope,
        answered: Answered,
    ) -> Result<Option<(MessageId, Reply)>, Attempt> {
        let answered = turn.settled(answered).map_err(|failed| Attempt::of(turn, failed))?;
        Ok(self.reply_with(envelope, answered))
    }

    pub(crate) fn reply_with(&self, envelope: &Envelope, answered: Answered) -> Option<(MessageId, Reply)> {
        let transient = envelope.lease.is_none();
        let mut reply = reply::reply(&self.core, &self.item, &envelope.header, envelope.instance, answered, transient);
        if let Reply::Message(emission) = &mut reply {
            // An earlier run of the turn may have replied before it was done.
            emission.maybe_stored = envelope.repeated;
        }
        Some((envelope.header.id, reply))
    }

    /// Everything the turn did, in one commit.
    pub(crate) fn complete(&mut self, envelope: &mut Envelope, begun: Timestamp, done: Done) {
        let mut step =
            Step { state: done.state, cancel: done.cancel, abandon: done.sends.abandoned, ..Step::default() };
        if let Some(lease) = envelope.lease {
            step.start.push((lease, begun));
            step.end.push((lease, End::Completed));
        }
        step.state.extend(intent::end(envelope));
        let mut emissions = done.sends.pending;
        let mut direct = None;
        if let Some((request, _)) = &done.reply {
            self.core.streams.close(*request);
        }
        match done.reply {
            Some((_, Reply::Message(emission))) => emissions.push(*emission),
            Some((request, Reply::Direct(incoming))) => direct = Some((request, incoming)),
            Some((_, Reply::None)) | None => {}
        }
        let cancelled = !step.cancel.is_empty();
        self.core.passes(CrashPoint::BeforeCommit, &self.item, Some(envelope.header.id));
        let commit = self.core.submit(step, emissions);
        self.core.instances.take(done.known);
        self.core.passes(CrashPoint::AfterCommit, &self.item, Some(envelope.header.id));
        if let Some((request, incoming)) = direct {
            self.core.answer(request, Ok(incoming), &commit);
        }
        if cancelled {
            self.item.queue.look();
        }
        self.item.completed.fetch_add(1, Ordering::Relaxed);
        self.item.noticed.active(self.core.clock.now());
        self.core.not_awaited(commit);
    }

    /// The attempt failed: nothing that it sent is stored, but what it awaited was.
    pub(crate) fn fail(&mut self, mut envelope: Envelope, begun: Timestamp, attempt: Attempt) {
        let Attempt { failed, abandoned, replied } = attempt;
        self.item.failed.fetch_add(1, Ordering::Relaxed);
        let failed = intent::doubted(&envelope, failed);
        self.note_outage(&envelope, &failed);
        if failed.unwanted {
            return self.expire(envelope, begun, failed, abandoned);
        }
        let now = self.core.clock.now();
        let attempt = envelope.header.attempt + 1;
        let since = *envelope.header.failing.get_or_insert(now);
        let verdict = self.item.retry().verdict(envelope.header.id, &failed, attempt, now.since(since));
        let error: Arc<str> = failed.error.into();
        envelope.header.attempt = attempt;
        envelope.header.error = Some(Arc::clone(&error));
        let mut step = Step { abandon: abandoned, ..Step::default() };
        step.start.extend(envelope.lease.map(|lease| (lease, begun)));
        step.state.extend(intent::end(&mut envelope));
        let id = envelope.header.id;
        self.core.passes(CrashPoint::BeforeCommit, &self.item, Some(id));
        match verdict {
            Verdict::Again(pause) => {
                log::will_retry(&self.item, attempt, pause, &error);
                self.again(envelope, step, now.after(pause), error);
            }
            Verdict::Suspend(reason) => {
                log::suspended(&self.item, attempt, reason, &error);
                self.item.noticed.suspended(&envelope.header, &error);
                envelope.header.reason = Some(reason);
                self.suspend(&envelope, step, reason, error, replied);
                self.core.passes(CrashPoint::AfterCommit, &self.item, Some(id));
                self.item.queue.done(&envelope);
            }
        }
    }

    /// Nobody takes what the message would give: it ends, and says why.
    fn expire(&mut self, mut envelope: Envelope, begun: Timestamp, failed: Failed, abandon: Vec<MessageId>) {
        let error: Arc<str> = failed.error.into();
        log::expired(&self.item, &error);
        let mut step = Step { abandon, ..Step::default() };
        step.start.extend(envelope.lease.map(|lease| (lease, begun)));
        step.state.extend(intent::end(&mut envelope));
        step.end.extend(envelope.lease.map(|lease| (lease, End::Expire { error })));
        let commit = self.core.submit(step, Vec::new());
        self.core.streams.close(envelope.header.id);
        // Mostly the one who took it has given up: then nothing will come late.
        self.core.waiters.removed(envelope.header.id, RequestError::Removed { target: Arc::clone(&self.item.name) });
        self.core.not_awaited(commit);
        self.item.queue.done(&envelope);
    }

    /// Commits that the message will be tried again, and takes it back until then.
    fn again(&mut self, mut envelope: Envelope, mut step: Step, due: Timestamp, error: Arc<str>) {
        let queue = Arc::clone(&self.item.queue);
        let keep = queue.keeps(&envelope);
        step.end.extend(envelope.lease.map(|lease| (lease, End::Retry { due, error, keep })));
        let commit = self.core.submit_after(step, Vec::new(), |_| queue.hold_behind(&envelope));
        self.core.not_awaited(commit);
        self.core.passes(CrashPoint::AfterCommit, &self.item, Some(envelope.header.id));
        if !keep {
            queue.retry_in_store(due, &envelope);
            return;
        }
        envelope.repeated = true;
        queue.retry_at(due, envelope);
    }

    /// The outside answered, or the failure has nothing to do with it.
    pub(crate) fn reached(&self) {
        if let Some(change) = self.item.queue.gate(Gate::reached) {
            log::breaker(&self.item, change);
            self.item.queue.gate_changed();
        }
    }

    fn note_outage(&self, envelope: &Envelope, failed: &Failed) {
        if failed.disposition != Disposition::Unavailable {
            return self.reached();
        }
        if let Some(change) = self.item.queue.gate(|gate| gate.unavailable(envelope.header.id)) {
            log::breaker(&self.item, change);
        }
    }

    fn suspend(&mut self, envelope: &Envelope, mut step: Step, reason: SuspendReason, error: Arc<str>, replied: bool) {
        let header = &envelope.header;
        let mut emissions = Vec::new();
        let failure = reply::Failure { reason, error: error.to_string(), removed: false };
        if header.kind == Kind::Request && header.invocation == Invocation::Async && !replied {
            emissions.extend(reply::failure(&self.core, &self.item.name, header, envelope.instance, &failure));
            step.abandon.push(header.id);
        }
        let lease = envelope.lease.or_else(|| process::store_transient(&self.core, &self.item, envelope));
        step.end.extend(lease.map(|lease| (lease, End::Suspend { reason, error: Arc::clone(&error) })));
        let parks = self.item.queue.parks(header.order_key.as_ref());
        let commit = self.core.submit_after(step, emissions, |step| {
            if parks {
                self.item.queue.park(envelope, step);
            }
        });
        self.core.streams.close(header.id);
        let awaited = matches!(header.invocation, Invocation::Sync | Invocation::Generator);
        if header.kind == Kind::Request && awaited && !replied {
            let error = RequestError::Suspended { target: Arc::clone(&self.item.name), reason, error };
            self.core.answer(header.id, Err(error), &commit);
        }
        if envelope.lease.is_some() {
            self.core.not_awaited(commit);
        } else {
            // The store may have it already, from an earlier time that its sender was tried: then it leaves it as it is.
            drop(commit);
        }
    }
}
