//! Answers that a handler does not return: given before it is done, or by another turn.

use std::sync::Arc;

use super::guard::Failed;
use super::reply::{self, Reply, response_id};
use super::turn::EngineTurn;
use super::waits::Open;
use crate::component::{Answered, Error, RequestError, RespondError, Result};
use crate::message::{Header, MessageId, MessageType};
use crate::store::StoreError;

/// The request that a turn may answer.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) header: Arc<Header>,
    /// The instance of the sender, where the sender is a process.
    pub(crate) caller: Option<MessageId>,
    pub(crate) response: Option<&'static MessageType>,
    /// In memory only.
    pub(crate) transient: bool,
    /// An earlier turn has answered it.
    pub(crate) answered: bool,
}

impl EngineTurn {
    /// See [`Turn::reply`](crate::component::Turn::reply).
    pub(crate) async fn reply(self: Arc<Self>, answered: Answered) -> Result<(), RespondError> {
        let given = match &answered {
            Answered::Response { message, .. } => Some(*message),
            _ => None,
        };
        let asked = self.take_answer(given)?;
        let request = asked.header.id;
        // Whoever waits does so on the ordinary way from here on.
        self.leave_express();
        if self.repeated && !asked.transient && self.response_to(request).await?.is_some() {
            // An earlier run of this turn has replied.
            return Ok(());
        }
        let (caller, transient) = (asked.caller, asked.transient);
        match reply::reply(&self.core, &self.item, &asked.header, caller, answered, transient) {
            Reply::Message(emission) => drop(self.commit_with(Some(*emission)).map_err(not_stored)?),
            Reply::Direct(incoming) => {
                let commit = self.commit_with(None).map_err(not_stored)?;
                self.core.answer(request, Ok(incoming), &commit);
            }
            Reply::None => drop(self.commit_with(None).map_err(not_stored)?),
        }
        Ok(())
    }

    /// See [`Turn::defer`](crate::component::Turn::defer).
    pub(crate) fn defer(&self, response: &'static MessageType) -> Result<MessageId, RespondError> {
        let transient = self.asked().filter(|asked| asked.transient);
        if let Some(asked) = transient {
            let request = &asked.header.type_name;
            let why = format!("`{request}` is transient: whoever answers it later would not find it");
            return Err(RespondError::NotStored(why.into()));
        }
        self.take_answer(Some(response)).map(|asked| asked.header.id)
    }

    /// The request, for the one answer that this turn may give.
    fn take_answer(&self, given: Option<&'static MessageType>) -> Result<&Asked, RespondError> {
        let asked = self.asked();
        let asked = asked.ok_or_else(|| RespondError::NoRequest { item: Arc::clone(&self.item.name) })?;
        if given != asked.response {
            return Err(RespondError::WrongType {
                request: Arc::clone(&asked.header.type_name),
                wanted: in_words(asked.response),
                given: in_words(given),
            });
        }
        let mut sends = self.sends();
        if asked.answered || sends.answered {
            return Err(RespondError::AlreadyAnswered { request: asked.header.id });
        }
        sends.answered = true;
        Ok(asked)
    }

    /// Whether the request is answered, or will be by somebody else, as far as this turn knows.
    pub(crate) fn has_answered(&self) -> bool {
        self.sends().answered || self.is_answered()
    }

    /// What the handler returned, where it fits what it did.
    pub(crate) fn settled(&self, answered: Answered) -> Result<Answered, Failed> {
        let request = || self.asked().map(|asked| asked.header.id);
        let fault = match answered {
            Answered::Response { .. } if self.has_answered() => {
                "the handler returns a response although it has replied, or has deferred the response: return what \
                 `cx.reply` or `cx.defer_response` gave"
            }
            Answered::Deferred(of) if Some(of) != request() || !self.has_answered() => {
                "the handler returns the token of another request, and its own would stay without a response"
            }
            Answered::Replied if !self.has_answered() => {
                "the handler returns the `Replied` of another turn, and its own request would stay without a response"
            }
            Answered::Nothing | Answered::Deferred(_) if self.has_answered() => return Ok(Answered::Replied),
            answered => return Ok(answered),
        };
        Err(Failed::from(Error::fatal(fault)))
    }

    /// Whether something is waited for once the turn has ended.
    pub(crate) fn holds(&self, open: &Open) -> bool {
        let sends = self.sends();
        !sends.calls.is_empty() || open.holds(&sends.timers)
    }

    /// See [`Turn::respond_to`](crate::component::Turn::respond_to).
    pub(crate) async fn respond_to(
        self: Arc<Self>,
        request: MessageId,
        answered: Answered,
    ) -> Result<(), RespondError> {
        let (found, response) = (self.core.store.find(request), self.response_to(request));
        let found = found.await.map_err(|error| unknown(&error))?;
        let found = found.ok_or(RespondError::UnknownRequest { request })?;
        let body = match &answered {
            Answered::Response { body, .. } => body.clone(),
            _ => bytes::Bytes::new(),
        };
        if let Some(earlier) = response.await? {
            let own = earlier.header.source.as_deref() == Some(&*self.item.name) && earlier.body == body;
            // A repeated turn that awaited something after its answer has stored it already.
            return if self.repeated && own { Ok(()) } else { Err(RespondError::AlreadyAnswered { request }) };
        }
        let reply = reply::reply(&self.core, &self.item, &found.header, found.instance, answered, false);
        let mut sends = self.sends();
        let id = response_id(request);
        if sends.pending.iter().any(|pending| pending.message.id == id) {
            return Err(RespondError::AlreadyAnswered { request });
        }
        if let Reply::Message(mut emission) = reply {
            // Somebody else may have the token too: the store takes the first response.
            emission.maybe_stored = true;
            sends.add(*emission).map_err(not_stored)?;
        }
        Ok(())
    }

    async fn response_to(&self, request: MessageId) -> Result<Option<crate::store::StoredMessage>, RespondError> {
        self.core.store.find(response_id(request)).await.map_err(|error| unknown(&error))
    }
}

fn in_words(message: Option<&MessageType>) -> String {
    message.map_or_else(|| "nothing".to_owned(), |message| format!("`{}`", message.name))
}

fn unknown(error: &StoreError) -> RespondError {
    RespondError::Unknown(error.to_string().into())
}

fn not_stored(error: RequestError) -> RespondError {
    match error {
        RequestError::NotStored(error) => RespondError::NotStored(error),
        error => RespondError::Unknown(error.to_string().into()),
    }
}
