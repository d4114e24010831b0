//! A message on its way to a worker.

use std::cmp::Reverse;

use bytes::Bytes;

use super::activity::Busy;
use super::lanes::Place;
use crate::clock::Timestamp;
use crate::message::{Decoded, Header, MessageId, Status};
use crate::store::{Commit, LeaseToken, Leased, NewMessage};

/// A message in the window of a queue, or in the hands of a worker.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) header: Header,
    /// See [`NewMessage::instance`].
    pub(crate) instance: Option<MessageId>,
    /// The group that the message belongs to, where the item gathers; put in by its queue.
    pub(crate) group: Option<MessageId>,
    pub(crate) body: Bytes,
    /// The typed value, where the message was made in this process and has not been tried yet.
    pub(crate) value: Option<Decoded>,
    /// The right to end the message; `None` for a transient one, which the store does not know.
    pub(crate) lease: Option<LeaseToken>,
    /// Whether the message is durable yet: what touches the outside waits for it.
    pub(crate) commit: Commit,
    /// The turn may have run before: in an earlier attempt, or before a crash. Its sends may be in the store.
    pub(crate) repeated: bool,
    /// The message was accepted by an earlier run of the process, which may have died of it.
    pub(crate) recovered: bool,
    /// An attempt is under way that must not be repeated (see `intent`).
    pub(crate) intent: bool,
    /// Tells transient messages of one sequence apart; 0 for a stored one.
    pub(crate) tie: u32,
    /// Which life of its queue it belongs to: after a failure of the store, what was in hand before is void.
    pub(crate) era: u64,
    /// Held, never read: as long as the message is in memory, the production is not idle. `None` where it waits for a person.
    pub(crate) busy: Option<Busy>,
}

impl Envelope {
    /// A message that was just submitted.
    pub(crate) fn handed_over(
        message: NewMessage,
        sequence: u64,
        created: Timestamp,
        value: Option<Decoded>,
        lease: Option<LeaseToken>,
        commit: Commit,
        busy: Busy,
    ) -> Self {
        let instance = message.instance;
        let body = message.body.clone();
        let header = header_of(message, sequence, created);
        Self {
            header,
            instance,
            group: None,
            body,
            value,
            lease,
            commit,
            repeated: false,
            recovered: false,
            intent: false,
            tie: 0,
            era: 0,
            busy: Some(busy),
        }
    }

    /// Its place in its queue.
    pub(crate) fn place(&self) -> Place {
        (Reverse(self.header.priority), self.header.sequence, self.tie)
    }

    /// A message that was read from the store.
    pub(crate) fn leased(leased: Leased, epoch: u64, durable: Commit, busy: Busy) -> Self {
        let Leased { token, message, held: _ } = leased;
        let recovered = message.epoch < epoch;
        Self {
            // A person who resumes it has its attempts forgotten, but not what they sent.
            repeated: recovered || message.header.attempt > 0 || message.header.started.is_some(),
            recovered,
            header: message.header,
            instance: message.instance,
            group: None,
            body: message.body,
            value: None,
            lease: Some(token),
            commit: durable,
            intent: false,
            tie: 0,
            era: 0,
            busy: Some(busy),
        }
    }
}

fn header_of(message: NewMessage, sequence: u64, created: Timestamp) -> Header {
    Header {
        id: message.id,
        sequence,
        session: message.session,
        parent: message.parent,
        position: message.position,
        source: message.source,
        target: message.target,
        type_name: message.type_name,
        type_version: message.type_version,
        kind: message.kind,
        invocation: message.invocation,
        status: Status::Queued,
        reason: None,
        priority: message.priority,
        created,
        started: None,
        ended: None,
        due: message.due,
        attempt: 0,
        crashes: 0,
        error: None,
        failing: None,
        order_key: message.order_key,
        late: message.late,
        completion_key: message.completion_key,
        description: message.description,
    }
}
