//! Whether a step may commit: the one place where a store refuses a change.
//!
//! Asked before anything of the step is written, so that a refused step has changed nothing.

use super::leases::{Fences, Leases};
use super::{Outcome, Step};
use crate::clock::Timestamp;
use crate::message::{MessageId, Status};

/// What the judgement has to know of what is stored.
pub(super) trait Facts {
    /// Why a fact could not be read.
    type Error;

    /// Whether the mark of an input is stored.
    fn is_marked(&mut self, mark: MessageId) -> Result<bool, Self::Error>;

    /// The version of the state of a process instance.
    fn state_version(&mut self, instance: MessageId) -> Result<Option<u64>, Self::Error>;

    /// The state that a message is in; `None` where it is not stored.
    fn status(&mut self, id: MessageId) -> Result<Option<Status>, Self::Error> {
        Ok(self.place(id)?.map(|(_, status)| status))
    }

    /// The same, with the message's sequence.
    fn place(&mut self, id: MessageId) -> Result<Option<(u64, Status)>, Self::Error>;
}

/// Why the step may not commit; `None` where it may.
pub(super) fn refusal<F: Facts>(
    step: &Step,
    facts: &mut F,
    leases: &Leases,
    fences: &Fences,
    now: Timestamp,
) -> Result<Option<Outcome>, F::Error> {
    // First, because a step that is stored already is done, whatever was lost since.
    if let Some(mark) = step.mark
        && facts.is_marked(mark)?
    {
        return Ok(Some(Outcome::AlreadyDone));
    }
    if let Some(fence) = &step.fence
        && !fences.is_live(fence, now)
    {
        return Ok(Some(Outcome::Fenced));
    }
    let mut tokens = step.end.iter().map(|(token, _)| token).chain(step.start.iter().map(|(token, _)| token));
    if !tokens.all(|token| leases.is_live(token, now)) {
        return unless_repeated(step, facts, Outcome::LeaseLost).map(Some);
    }
    for write in &step.state {
        if facts.state_version(write.instance)? != write.expected {
            return unless_repeated(step, facts, Outcome::StateConflict).map(Some);
        }
    }
    for discard in &step.discard {
        let at_rest = |(sequence, status): (u64, Status)| !status.is_finished() && !leases.is_leased(sequence, now);
        if !facts.place(discard.id)?.is_some_and(at_rest) {
            return unless_repeated(step, facts, Outcome::NotAtRest).map(Some);
        }
    }
    Ok(None)
}

/// A step that cannot commit because it has committed before: all that it consumes is finished, all that it emits is there.
fn unless_repeated<F: Facts>(step: &Step, facts: &mut F, refusal: Outcome) -> Result<Outcome, F::Error> {
    if step.end.is_empty() && step.emit.is_empty() {
        return Ok(refusal);
    }
    let ended = step.end.iter().map(|(token, _)| token.message);
    for id in ended.chain(step.discard.iter().map(|discard| discard.id)) {
        if !facts.status(id)?.is_some_and(Status::is_finished) {
            return Ok(refusal);
        }
    }
    for message in &step.emit {
        if facts.status(message.id)?.is_none() {
            return Ok(refusal);
        }
    }
    Ok(Outcome::AlreadyDone)
}
