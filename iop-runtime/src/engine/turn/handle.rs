//! The turn as the context of a handler knows it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::{EngineTurn, ended};
use crate::component::{Answered, ByValue, Channel, EmitError, Incoming, Outgoing, RequestError, RespondError, Turn};
use crate::message::{BlobStore, Decoded, Header, MessageId, MessageType, SessionId};

/// The [`Turn`] that a context holds.
#[derive(Debug)]
pub(crate) struct Handle(pub(crate) Arc<EngineTurn>);

impl Turn for Handle {
    fn blobs(&self) -> Option<Arc<dyn BlobStore>> {
        Some(self.0.core.store.blobs())
    }

    fn item(&self) -> &str {
        &self.0.item.name
    }

    fn session(&self) -> SessionId {
        self.0.session
    }

    fn message(&self) -> Option<&Header> {
        self.0.header()
    }

    fn origin(&self) -> MessageId {
        self.0.origin()
    }

    fn request_body(&self) -> Option<Bytes> {
        self.0.body_of_request()
    }

    fn end_group(&self) -> Result<(), RequestError> {
        if self.0.item.component().correlate.is_none() {
            let item = &self.0.item.name;
            return Err(RequestError::NotStored(format!("`{item}` gathers nothing: there is no group to end").into()));
        }
        self.0.sends().group_ends = true;
        Ok(())
    }

    fn next_position(&self) -> u32 {
        self.0.sends().next_position()
    }

    fn send(&self, outgoing: Outgoing) -> Result<(), RequestError> {
        let turn = &self.0;
        let id = turn.id_for(&outgoing);
        let timeout = outgoing.timeout;
        let emission = turn.emission(outgoing, id)?;
        turn.has_room_for(&emission)?;
        let is_call = emission.message.instance.is_some();
        let alarm = timeout.filter(|_| is_call).map(|timeout| turn.timeout_of(&emission.message, timeout));
        let mut sends = turn.sends();
        if sends.ended {
            return Err(ended());
        }
        if is_call {
            if turn.sent().is_some() {
                // Its response may come before this turn is over, and has to wait for that.
                turn.item.queue.take_instance(turn.origin());
            }
            sends.calls.push(id);
            turn.remember_call(&emission);
        }
        sends.pending.push(emission);
        if let Some(alarm) = alarm {
            sends.timed.push(id);
            sends.pending.push(alarm);
        }
        Ok(())
    }

    fn takes_value(&self) -> bool {
        self.0.sent().is_some()
    }

    fn express(&self, request: ByValue) -> Result<BoxFuture<'static, Result<Incoming, RequestError>>, ByValue> {
        self.0.express(request)
    }

    fn commit_sends(&self) -> BoxFuture<'static, Result<(), RequestError>> {
        Box::pin(Arc::clone(&self.0).committed())
    }

    fn set_timer(&self, name: Arc<str>, delay: Duration, holds: bool) -> crate::component::Result {
        self.0.set_timer(name, delay, holds)
    }

    fn cancel_timer(&self, name: Arc<str>) -> crate::component::Result {
        self.0.cancel_timer(name)
    }

    fn sleep(&self, position: u32, duration: Duration) -> BoxFuture<'static, Result<(), RequestError>> {
        Box::pin(Arc::clone(&self.0).slept(position, duration))
    }

    fn reply(&self, answered: Answered) -> BoxFuture<'static, Result<(), RespondError>> {
        Box::pin(Arc::clone(&self.0).reply(answered))
    }

    fn defer(&self, response: &'static MessageType) -> Result<MessageId, RespondError> {
        self.0.defer(response)
    }

    fn respond_to(&self, request: MessageId, answered: Answered) -> BoxFuture<'static, Result<(), RespondError>> {
        Box::pin(Arc::clone(&self.0).respond_to(request, answered))
    }

    fn open(&self, outgoing: Outgoing) -> Result<Channel, RequestError> {
        self.0.open(outgoing)
    }

    fn emit(&self, request: &'static str, chunk: Decoded) -> BoxFuture<'static, Result<(), EmitError>> {
        Box::pin(Arc::clone(&self.0).emit(request, chunk))
    }

    fn receive(&self, request: &'static str) -> BoxFuture<'static, Result<Option<Decoded>, EmitError>> {
        Box::pin(Arc::clone(&self.0).receive(request))
    }

    fn request(&self, outgoing: Outgoing) -> BoxFuture<'static, Result<Incoming, RequestError>> {
        Box::pin(Arc::clone(&self.0).awaited(outgoing))
    }
}
