//! A business service as other code in the process calls it: typed, or with JSON.

use std::sync::Arc;

use super::error::{refused, store_error};
use super::{CALL_TIMEOUT, Called, Director, DirectorError};
use crate::component::Incoming;
use crate::engine::{Answer, CrashPoint, Delivered};
use crate::message::{Accepted, InvalidMessage, Message, MessageId, MessageType, Respond, read, written};

/// A service that takes messages.
#[derive(Debug, Clone)]
pub struct BusinessService {
    pub(super) director: Director,
    pub(super) item: usize,
    pub(super) message: &'static MessageType,
}

impl BusinessService {
    /// The message type that it takes.
    #[must_use]
    pub fn input(&self) -> &'static MessageType {
        self.message
    }

    /// Calls the service with a typed message.
    ///
    /// # Errors
    /// See [`DirectorError`]; [`DirectorError::UnknownType`] where it takes another type.
    pub async fn on_process_input<M: Message>(&self, message: M) -> Result<M::Response, DirectorError> {
        if M::TYPE != self.message {
            // Says which it takes.
            self.director.message_type(self.item, Some(M::TYPE.name))?;
        }
        let item = self.message;
        let message = match self.by_value(message).await {
            Ok(response) => return response,
            Err(message) => message,
        };
        // Boxed, since it would make the way of a transient message long as well.
        Box::pin(self.by_json(item, message)).await
    }

    /// As [`on_process_input`](Self::on_process_input), on the ordinary way.
    async fn by_json<M: Message>(&self, item: &'static MessageType, message: M) -> Result<M::Response, DirectorError> {
        let invalid = |reason: String| DirectorError::Invalid {
            type_name: M::TYPE.name,
            invalid: InvalidMessage { path: ".".to_owned(), reason },
        };
        let body = written(&message).map_err(|error| invalid(error.to_string()))?;
        let accepted = Accepted { keys: message.keys(), body, value: Box::new(message) };
        let (_, incoming) = self.director.call(self.item, item, accepted, None.into()).await?;
        let incoming = incoming.unwrap_or_else(Incoming::nothing);
        response_of::<M::Response>(incoming)
            .map_err(|invalid| DirectorError::Invalid { type_name: M::TYPE.name, invalid })
    }

    /// As [`on_process_input`](Self::on_process_input) for a transient message, on the express way; gives the message back
    /// where it has to go the ordinary one.
    async fn by_value<M: Message>(&self, message: M) -> Result<Result<M::Response, DirectorError>, M> {
        let core = &self.director.core;
        let item = &core.items[self.item];
        if !M::TYPE.transient {
            return Err(message);
        }
        let Answer { request, answer } = match core.call_by_value(item, self.message, Box::new(message)) {
            Ok(sent) => sent,
            Err(value) => return value.downcast::<M>().map_or_else(|_| Ok(Err(other_value())), |value| Err(*value)),
        };
        let timeout = CALL_TIMEOUT.max(item.options.request_timeout);
        core.halts_at(CrashPoint::AfterAccept, item, request).await;
        let response = match core.deadlines.within(timeout, answer).await {
            Ok(Ok(delivered)) => self.taken(delivered, request).await,
            Ok(Err(_)) => Err(DirectorError::Stopped(item.name.to_string())),
            Err(_) => Err(DirectorError::TimedOut { item: item.name.to_string(), timeout }),
        };
        Ok(response.and_then(|incoming| {
            response_of::<M::Response>(incoming)
                .map_err(|invalid| DirectorError::Invalid { type_name: M::TYPE.name, invalid })
        }))
    }

    /// What goes outside waits until it is durable.
    async fn taken(&self, delivered: Delivered, request: Option<MessageId>) -> Result<Incoming, DirectorError> {
        let core = &self.director.core;
        let item = &core.items[self.item];
        if !delivered.commit.is_nothing() {
            core.durable(&delivered.commit).await.map_err(store_error)?;
        }
        core.halts_at(CrashPoint::BeforeReply, item, request).await;
        delivered.response.map_err(|error| refused(&item.name, error))
    }

    /// Calls the service with a JSON body.
    ///
    /// # Errors
    /// See [`DirectorError`].
    pub async fn on_process_input_json(&self, body: &[u8]) -> Result<Called, DirectorError> {
        let name = Arc::clone(&self.director.core.items[self.item].name);
        self.director.call_json(&name, Some(self.message.name), body, None).await
    }
}

fn response_of<R: Respond>(incoming: Incoming) -> Result<R, InvalidMessage> {
    if let Some(value) = incoming.value
        && let Ok(value) = value.downcast::<R>()
    {
        return Ok(*value);
    }
    let body: &[u8] = if incoming.body.is_empty() { b"null" } else { &incoming.body };
    read(incoming.version, body)
}

fn other_value() -> DirectorError {
    DirectorError::NotStored("another value came back than was sent".to_owned())
}
