//! What is known of a message on the express way. Most of it nobody asks for, and it is made when somebody does.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;

use super::lane::Taken;
use crate::clock::Timestamp;
use crate::component::ComponentKind;
use crate::engine::activity::Busy;
use crate::engine::answers::Asked;
use crate::engine::envelope::Envelope;
use crate::engine::item::ItemState;
use crate::engine::turn::EngineTurn;
use crate::message::{Decoded, Header, Invocation, Kind, MessageId, MessageType, Priority, Status};
use crate::store::Commit;

/// The message of an express turn.
#[derive(Debug)]
pub(crate) struct Sent {
    /// The turn that sent it; `None` from outside.
    pub(in crate::engine) from: Option<Arc<EngineTurn>>,
    pub(in crate::engine) position: u32,
    pub(in crate::engine) message: &'static MessageType,
    pub(in crate::engine) description: Option<Arc<str>>,
    pub(in crate::engine) created: Timestamp,
    /// What orders it among messages that are stored.
    pub(in crate::engine) sequence: u64,
    pub(in crate::engine) content: Content,
    pub(in crate::engine) id: OnceLock<MessageId>,
    pub(in crate::engine) body: OnceLock<Bytes>,
    // Boxed, since a message without them is small.
    pub(in crate::engine) header: OnceLock<Arc<Header>>,
    pub(in crate::engine) asked: OnceLock<Box<Asked>>,
    /// Where its sender waits, once a worker has it.
    pub(in crate::engine) seat: Taken,
}

/// What is left of a message when its handler has it.
#[derive(Debug)]
pub(crate) enum Content {
    /// Locked because values need not be `Sync`; by nobody unless the turn fails.
    Copy(Mutex<Decoded>),
    Written,
}

fn unlocked(copy: &Mutex<Decoded>) -> MutexGuard<'_, Decoded> {
    copy.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sent {
    /// Keeps what a second attempt will need.
    ///
    /// # Errors
    /// Where the message can neither be copied nor written.
    pub(in crate::engine) fn new(
        from: Option<Arc<EngineTurn>>,
        message: &'static MessageType,
        value: &Decoded,
        created: Timestamp,
    ) -> Result<Self, String> {
        let body = OnceLock::new();
        let content = match message.copy(value) {
            Some(copy) => Content::Copy(Mutex::new(copy)),
            None => {
                let _ = body.set(Bytes::from(message.write(value)?));
                Content::Written
            }
        };
        Ok(Self {
            from,
            position: 0,
            message,
            description: None,
            created,
            sequence: 0,
            content,
            id: OnceLock::new(),
            body,
            header: OnceLock::new(),
            asked: OnceLock::new(),
            seat: Taken::default(),
        })
    }

    /// JSON.
    pub(in crate::engine) fn body(&self) -> &Bytes {
        self.body.get_or_init(|| match &self.content {
            // What was written by its own type before is written again; a map with keys that are no text is not.
            Content::Copy(copy) => {
                self.message.write(&unlocked(copy)).map_or_else(|_| Bytes::from_static(b"null"), Bytes::from)
            }
            Content::Written => Bytes::new(),
        })
    }

    /// The id, as on the ordinary way: the same content at the same place in the same turn has the same.
    pub(in crate::engine) fn id(&self, item: &ItemState) -> MessageId {
        *self.id.get_or_init(|| match &self.from {
            Some(from) => from.id_of(self.position, &item.name, self.message.name, self.body()),
            None => MessageId::random(),
        })
    }

    pub(in crate::engine) fn header(&self, turn: &EngineTurn) -> &Arc<Header> {
        self.header.get_or_init(|| {
            Arc::new(Header {
                id: self.id(&turn.item),
                sequence: self.sequence,
                session: turn.session(),
                parent: self.from.as_ref().and_then(|from| from.header()).map(|header| header.id),
                position: self.position,
                source: self.from.as_ref().map(|from| Arc::clone(&from.item.name)),
                target: Some(Arc::clone(&turn.item.name)),
                type_name: Arc::from(self.message.name),
                type_version: self.message.version,
                kind: Kind::Request,
                invocation: Invocation::Sync,
                status: Status::Queued,
                reason: None,
                priority: Priority::NORMAL,
                created: self.created,
                started: None,
                ended: None,
                due: None,
                attempt: 0,
                crashes: 0,
                error: None,
                failing: None,
                order_key: None,
                late: false,
                completion_key: None,
                description: self.description.clone(),
            })
        })
    }

    pub(in crate::engine) fn asked(&self, turn: &EngineTurn) -> Option<&Asked> {
        (turn.item.kind() != ComponentKind::Service).then(|| {
            &**self.asked.get_or_init(|| {
                Box::new(Asked {
                    header: Arc::clone(self.header(turn)),
                    caller: None,
                    response: (self.message.response)(),
                    transient: true,
                    answered: false,
                })
            })
        })
    }

    /// As a message of the ordinary way.
    pub(in crate::engine) fn envelope(&self, turn: &EngineTurn, busy: Busy, tie: u32) -> Envelope {
        Envelope {
            header: Header::clone(self.header(turn)),
            instance: None,
            group: None,
            body: self.body().clone(),
            value: match &self.content {
                Content::Copy(copy) => self.message.copy(&unlocked(copy)),
                Content::Written => None,
            },
            lease: None,
            commit: Commit::nothing(),
            repeated: false,
            recovered: false,
            intent: false,
            tie,
            era: 0,
            busy: Some(busy),
        }
    }
}
