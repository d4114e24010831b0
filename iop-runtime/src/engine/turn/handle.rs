//! The turn as the context of a handler knows it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::{EngineTurn, ended};
use crate::component::{
    Answered, ByValue, Channel, Coming, EmitError, Incoming, Outgoing, RequestError, RespondError, Turn,
};
use crate::message::{BlobStore, Decoded, Header, MessageId, MessageType, SessionId};

impl Turn for EngineTurn {
    fn blobs(&self) -> Option<Arc<dyn BlobStore>> {
        Some(self.core.store.blobs())
    }

    fn item(&self) -> &str {
        &self.item.name
    }

    fn session(&self) -> SessionId {
        self.session()
    }

    fn message(&self) -> Option<&Header> {
        self.header()
    }

    fn origin(&self) -> MessageId {
        self.origin()
    }

    fn request_body(&self) -> Option<Bytes> {
        self.body_of_request()
    }

    fn end_group(&self) -> Result<(), RequestError> {
        if self.item.component().correlate.is_none() {
            let item = &self.item.name;
            return Err(RequestError::NotStored(format!("`{item}` gathers nothing: there is no group to end").into()));
        }
        self.sends().group_ends = true;
        Ok(())
    }

    fn next_position(&self) -> u32 {
        self.sends().next_position()
    }

    fn send(&self, outgoing: Outgoing) -> Result<(), RequestError> {
        let id = self.id_for(&outgoing);
        let timeout = outgoing.timeout;
        let emission = self.emission(outgoing, id)?;
        self.has_room_for(&emission)?;
        let is_call = emission.message.instance.is_some();
        let alarm = timeout.filter(|_| is_call).map(|timeout| self.timeout_of(&emission.message, timeout));
        let mut sends = self.sends();
        if sends.ended {
            return Err(ended());
        }
        if is_call {
            if self.sent().is_some() {
                // Its response may come before this turn is over, and has to wait for that.
                self.item.queue.take_instance(self.origin());
            }
            sends.calls.push(id);
            self.remember_call(&emission);
        }
        sends.pending.push(emission);
        if let Some(alarm) = alarm {
            sends.timed.push(id);
            sends.pending.push(alarm);
        }
        Ok(())
    }

    fn takes_value(&self) -> bool {
        self.sent().is_some()
    }

    fn express(self: Arc<Self>, request: ByValue) -> Result<Coming, ByValue> {
        Self::express(&self, request)
    }

    fn commit_sends(self: Arc<Self>) -> BoxFuture<'static, Result<(), RequestError>> {
        Box::pin(Self::committed(self))
    }

    fn set_timer(&self, name: Arc<str>, delay: Duration, holds: bool) -> crate::component::Result {
        Self::set_timer(self, name, delay, holds)
    }

    fn cancel_timer(&self, name: Arc<str>) -> crate::component::Result {
        Self::cancel_timer(self, name)
    }

    fn sleep(self: Arc<Self>, position: u32, duration: Duration) -> BoxFuture<'static, Result<(), RequestError>> {
        Box::pin(Self::slept(self, position, duration))
    }

    fn reply(self: Arc<Self>, answered: Answered) -> BoxFuture<'static, Result<(), RespondError>> {
        Box::pin(Self::reply(self, answered))
    }

    fn defer(&self, response: &'static MessageType) -> Result<MessageId, RespondError> {
        Self::defer(self, response)
    }

    fn respond_to(
        self: Arc<Self>,
        request: MessageId,
        answered: Answered,
    ) -> BoxFuture<'static, Result<(), RespondError>> {
        Box::pin(Self::respond_to(self, request, answered))
    }

    fn open(self: Arc<Self>, outgoing: Outgoing) -> Result<Channel, RequestError> {
        Self::open(&self, outgoing)
    }

    fn emit(self: Arc<Self>, request: &'static str, chunk: Decoded) -> BoxFuture<'static, Result<(), EmitError>> {
        Box::pin(Self::emit(self, request, chunk))
    }

    fn receive(self: Arc<Self>, request: &'static str) -> BoxFuture<'static, Result<Option<Decoded>, EmitError>> {
        Box::pin(Self::receive(self, request))
    }

    fn request(self: Arc<Self>, outgoing: Outgoing) -> BoxFuture<'static, Result<Incoming, RequestError>> {
        Box::pin(Self::awaited(self, outgoing))
    }
}
