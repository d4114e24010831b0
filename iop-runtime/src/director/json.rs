//! A director for JSON, wherever the production runs: in this process, or in another one that is called over its API.

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::view::{SessionTrace, Sight, TraceExtent};
use super::{CallFailure, Called, Director, FailureKind};
use crate::engine::Stop;
use crate::message::{MessageId, SessionId};

/// What a [`JsonDirector`] gives, sooner or later.
pub type JsonAnswer<'a, T> = BoxFuture<'a, Result<T, CallFailure>>;

/// Drives a production with JSON. [`Director`] does so in its process, [`RemoteDirector`](super::RemoteDirector) over the API:
/// whoever is given one of them need not know which.
pub trait JsonDirector: Send + Sync + std::fmt::Debug {
    /// Calls an item and waits for its response. `type_name` may be left out where the item takes one message type. With an
    /// `id`, calling again is safe.
    fn call<'a>(
        &'a self,
        item: &'a str,
        type_name: Option<&'a str>,
        body: &'a [u8],
        id: Option<MessageId>,
    ) -> JsonAnswer<'a, Called>;

    /// Sends a message to an item, and returns when it is durable.
    fn send<'a>(
        &'a self,
        item: &'a str,
        type_name: Option<&'a str>,
        body: &'a [u8],
        id: Option<MessageId>,
    ) -> JsonAnswer<'a, Called>;

    /// The session of a message, with bodies in which sensitive values are masked.
    fn session(&self, session: SessionId) -> JsonAnswer<'_, SessionTrace>;

    /// The state of every item.
    fn state(&self) -> JsonAnswer<'_, Value>;

    /// Starts an item; `false` where it was not stopped.
    fn start<'a>(&'a self, item: &'a str) -> JsonAnswer<'a, bool>;

    /// Stops an item; `false` where it was not running.
    fn stop<'a>(&'a self, item: &'a str, how: Stop) -> JsonAnswer<'a, bool>;
}

impl JsonDirector for Director {
    fn call<'a>(
        &'a self,
        item: &'a str,
        type_name: Option<&'a str>,
        body: &'a [u8],
        id: Option<MessageId>,
    ) -> JsonAnswer<'a, Called> {
        Box::pin(async move { Ok(self.call_json(item, type_name, body, id).await?) })
    }

    fn send<'a>(
        &'a self,
        item: &'a str,
        type_name: Option<&'a str>,
        body: &'a [u8],
        id: Option<MessageId>,
    ) -> JsonAnswer<'a, Called> {
        Box::pin(async move { Ok(self.send_json(item, type_name, body, id).await?) })
    }

    fn session(&self, session: SessionId) -> JsonAnswer<'_, SessionTrace> {
        let extent = TraceExtent { sight: Sight::Masked, ..TraceExtent::default() };
        Box::pin(async move { Ok(self.trace(session, extent).await?) })
    }

    fn state(&self) -> JsonAnswer<'_, Value> {
        let state = serde_json::to_value(self.status());
        Box::pin(async { state.map_err(|error| CallFailure::new(FailureKind::Other, error.to_string())) })
    }

    fn start<'a>(&'a self, item: &'a str) -> JsonAnswer<'a, bool> {
        Box::pin(async move { Ok(self.start_item(item).await?) })
    }

    fn stop<'a>(&'a self, item: &'a str, how: Stop) -> JsonAnswer<'a, bool> {
        Box::pin(async move { Ok(self.stop_item(item, how).await?) })
    }
}
