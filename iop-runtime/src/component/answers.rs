//! Answering otherwise than by returning: before the handler is done, or by somebody else, later.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Answer, Answered, Answers, Context, Error, ResponseOf, Result};
use crate::message::{Message, MessageId, Respond};

impl Context {
    /// Gives the response now, and goes on: `let replied = cx.reply(response).await?; …; Ok(replied)`. The caller has it as
    /// soon as it is durable, together with what this turn has sent before. The handler says so by its return type,
    /// `Result<Replied<Response>>`; a process may also answer in a later turn, and its `on_complete` then answers nobody.
    ///
    /// What goes wrong after that is visible on the message, and does not reach the caller. A repeated attempt that comes to
    /// its reply again goes on: the first response stands.
    ///
    /// # Errors
    /// [`RespondError::AlreadyAnswered`] the second time; [`RespondError::WrongType`] where it is not the response of the
    /// request; [`RespondError::NoRequest`] in a turn that answers nobody.
    pub fn reply<R: Respond>(
        &mut self,
        response: R,
    ) -> impl Future<Output = Result<Replied<R>, RespondError>> + Send + use<R> {
        let turn = Arc::clone(self.turn());
        async move {
            turn.reply(encoded(response)?).await?;
            Ok(Replied(PhantomData))
        }
    }

    /// Leaves the response to somebody else: the handler returns the token, `Result<DeferredResponse<Response>>`, and keeps
    /// a copy in its `#[state]` or sends one in a message. Whoever has it answers with [`respond_to`](Self::respond_to).
    /// Until then the caller waits, as long as its timeout lets it.
    ///
    /// # Errors
    /// As [`reply`](Self::reply); [`RespondError::NotStored`] for a transient request, which nobody could find later.
    pub fn defer_response<R: Message>(&mut self) -> Result<DeferredResponse<R>, RespondError> {
        let request = self.turn().defer(R::TYPE)?;
        Ok(DeferredResponse { request, response: PhantomData })
    }

    /// Answers a request whose response was [deferred](Self::defer_response), with this turn's commit.
    ///
    /// # Errors
    /// [`RespondError::AlreadyAnswered`] where somebody was faster; [`RespondError::UnknownRequest`] where the store does
    /// not have it any more.
    pub fn respond_to<R: Message>(
        &mut self,
        deferred: &DeferredResponse<R>,
        response: R,
    ) -> impl Future<Output = Result<(), RespondError>> + Send + use<R> {
        let (turn, request) = (Arc::clone(self.turn()), deferred.request);
        async move { turn.respond_to(request, encoded(response)?).await }
    }
}

fn encoded<R: Respond>(response: R) -> Result<Answered, RespondError> {
    Answered::response(response).map_err(|error: Error| RespondError::NotStored(error.chain().into()))
}

/// Returned by a handler that has replied: only [`Context::reply`] makes one.
#[derive(PartialEq, Eq)]
pub struct Replied<R>(PhantomData<fn(R)>);

impl<R> fmt::Debug for Replied<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Replied")
    }
}

#[diagnostic::do_not_recommend]
impl<M: Message<Response = R>, C, R: Respond> Answers<M, C> for Replied<R> {
    fn answer(self) -> Answer<M> {
        Answer::Replied
    }
}

#[diagnostic::do_not_recommend]
impl<M: Message<Response = R>, R: Respond> ResponseOf<M> for Replied<R> {
    fn answer(self) -> Answer<M> {
        Answer::Replied
    }
}

/// The right to answer a request later, from anywhere: it can be kept in a `#[state]` and sent in a message. It names the
/// response type, also in JSON, so that it cannot be read as the right to give another one.
pub struct DeferredResponse<R> {
    request: MessageId,
    response: PhantomData<fn(R)>,
}

impl<R> DeferredResponse<R> {
    /// The request that waits.
    #[must_use]
    pub fn request(&self) -> MessageId {
        self.request
    }
}

#[diagnostic::do_not_recommend]
impl<M: Message<Response = R>, C, R: Message> Answers<M, C> for DeferredResponse<R> {
    fn answer(self) -> Answer<M> {
        Answer::Deferred(self.request)
    }
}

impl<R> Clone for DeferredResponse<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for DeferredResponse<R> {}

impl<R> PartialEq for DeferredResponse<R> {
    fn eq(&self, other: &Self) -> bool {
        self.request == other.request
    }
}

impl<R> Eq for DeferredResponse<R> {}

impl<R> fmt::Debug for DeferredResponse<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeferredResponse").field("request", &self.request).finish()
    }
}

/// A token as it is written.
#[derive(Serialize, Deserialize)]
struct Token<T> {
    request: MessageId,
    /// The name of the response type.
    response: T,
}

impl<R: Message> Serialize for DeferredResponse<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Token { request: self.request, response: R::TYPE.name }.serialize(serializer)
    }
}

impl<'de, R: Message> Deserialize<'de> for DeferredResponse<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Token { request, response } = Token::<String>::deserialize(deserializer)?;
        if response != R::TYPE.name {
            let expected = R::TYPE.name;
            return Err(D::Error::custom(format_args!(
                "the token is for a response `{response}`, and a `{expected}` cannot answer it"
            )));
        }
        Ok(Self { request, response: PhantomData })
    }
}

impl<R: Message> JsonSchema for DeferredResponse<R> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("DeferredResponse_of_{}", R::TYPE.name).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "request": { "type": "string" },
                "response": { "type": "string", "const": R::TYPE.name }
            },
            "required": ["request", "response"]
        })
    }
}

/// Why a request was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RespondError {
    /// The request has its response, or the right to give it was given away.
    #[error("the request {request} is answered already, or its response was deferred")]
    AlreadyAnswered {
        /// The request.
        request: MessageId,
    },
    /// The request is not in the store, or not any more.
    #[error("the request {request} is not in the store")]
    UnknownRequest {
        /// The request.
        request: MessageId,
    },
    /// The request asks for another response.
    #[error("`{request}` is answered by {wanted}, not by {given}")]
    WrongType {
        /// The message type of the request.
        request: Arc<str>,
        /// Its response type, in words.
        wanted: String,
        /// What was to be given, in words.
        given: String,
    },
    /// The turn works on no request that could be answered: a hook, a service, or a group's callback.
    #[error("`{item}` has no request to answer in this turn")]
    NoRequest {
        /// The item.
        item: Arc<str>,
    },
    /// Nothing is stored.
    #[error("the response was not stored: {0}")]
    NotStored(Arc<str>),
    /// The store cannot say.
    #[error("the store cannot say whether the request is answered: {0}")]
    Unknown(Arc<str>),
}
