//! Operations that answer what they answered then.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use super::record::Recorded;
use crate::component::{Answered, Context, Error, Instance, Outgoing, Reach, Result};
use crate::engine::StandIn;
use crate::message::{Decoded, Header, Invocation, Kind, MessageType, Status};
use crate::production::Graph;
use crate::store::StoredMessage;

/// How long an answer waits for those that came before it in the record. They may never come: then the session differs.
const ORDER: Duration = Duration::from_millis(200);

/// What operations were asked in a session, and what they answered.
#[derive(Default)]
pub(super) struct Playback {
    exchanges: Mutex<Vec<Exchange>>,
    taken: Notify,
}

impl fmt::Debug for Playback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Playback").finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Exchange {
    request: StoredMessage,
    response: Option<StoredMessage>,
    /// What the operation itself sent.
    sends: Vec<StoredMessage>,
    /// A request has found it.
    claimed: bool,
    /// It was answered.
    taken: bool,
}

impl Exchange {
    /// The place of the answer in the record.
    fn answered(&self) -> u64 {
        self.response.as_ref().map_or(0, |response| response.header.sequence)
    }
}

impl Playback {
    /// Puts the record of a session in, as far as it is about these operations.
    pub(super) fn load(&self, recorded: &Recorded, operations: &[String]) {
        let asked = |target: &str| operations.iter().any(|operation| operation == target);
        let requests = recorded.messages.iter().filter(|message| {
            message.header.kind == Kind::Request && message.header.target.as_deref().is_some_and(asked)
        });
        *self.exchanges() = requests
            .map(|request| {
                let (responses, sends): (Vec<_>, Vec<_>) = recorded
                    .children(request.header.id)
                    .into_iter()
                    .cloned()
                    .partition(|child| child.header.kind == Kind::Response);
                let failed = |response: &StoredMessage| &*response.header.type_name == crate::engine::FAILURE;
                let response = responses.into_iter().find(|response| !failed(response));
                let sends = sends.into_iter().filter(|child| child.header.kind == Kind::Request).collect();
                Exchange { request: request.clone(), response, sends, claimed: false, taken: false }
            })
            .collect();
    }

    fn exchanges(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the record has for a request: for the very same one, or for the next one of its type to the same item.
    async fn take(&self, header: &Header, body: &[u8]) -> Option<Exchange> {
        let at = {
            let mut exchanges = self.exchanges();
            let like = |exchange: &Exchange| {
                let recorded = &exchange.request.header;
                !exchange.claimed && recorded.target == header.target && recorded.type_name == header.type_name
            };
            let same =
                exchanges.iter().position(|exchange| !exchange.claimed && exchange.request.header.id == header.id);
            let at = same
                .or_else(|| exchanges.iter().position(|exchange| like(exchange) && exchange.request.body == body))
                .or_else(|| exchanges.iter().position(like))?;
            exchanges[at].claimed = true;
            at
        };
        let waited = tokio::time::timeout(ORDER, async {
            loop {
                let taken = self.taken.notified();
                tokio::pin!(taken);
                // From here on nothing is missed.
                taken.as_mut().enable();
                if self.is_next(at) {
                    return;
                }
                taken.await;
            }
        });
        // In any order rather than never.
        let _ = waited.await;
        let mut exchanges = self.exchanges();
        let exchange = exchanges.get_mut(at)?;
        exchange.taken = true;
        let exchange = exchange.clone();
        drop(exchanges);
        self.taken.notify_waiters();
        Some(exchange)
    }

    /// Whether every answer that came earlier in the record was given.
    fn is_next(&self, at: usize) -> bool {
        let exchanges = self.exchanges();
        let Some(mine) = exchanges.get(at).map(Exchange::answered) else { return true };
        !exchanges.iter().any(|other| !other.taken && (1..mine).contains(&other.answered()))
    }
}

/// An operation that answers from `playback`.
pub(super) fn stand_in(
    graph: &'static Graph,
    types: fn() -> Vec<&'static MessageType>,
    playback: &Arc<Playback>,
) -> StandIn {
    let playback = Arc::clone(playback);
    StandIn::new(move |_| Ok(Box::new(Player { graph, types, playback: Arc::clone(&playback) })))
}

struct Player {
    graph: &'static Graph,
    types: fn() -> Vec<&'static MessageType>,
    playback: Arc<Playback>,
}

impl Player {
    async fn answer(&self, message: &'static MessageType, cx: &Context) -> Result<Answered> {
        let body = cx.turn().request_body().unwrap_or_default();
        let Some(header) = cx.message() else { return Err(Error::fatal("there is no message to answer")) };
        let Some(exchange) = self.playback.take(header, &body).await else {
            return Err(Error::fatal("nothing like it is in the record: what the operation would answer is not known"));
        };
        for send in &exchange.sends {
            self.send(send, cx).await?;
        }
        if exchange.request.header.status == Status::Suspended {
            return Err(Error::fatal(exchange.request.header.error.as_deref().unwrap_or("suspended").to_owned()));
        }
        let (Some(response), Some(message)) = (exchange.response, (message.response)()) else {
            return Ok(Answered::Nothing);
        };
        let accepted = message.accept(&response.body).map_err(|error| {
            Error::fatal(format!("the recorded `{}` cannot be read any more: {error}", message.name))
        })?;
        Ok(Answered::Response { message, value: accepted.value, body: accepted.body, keys: accepted.keys })
    }

    /// What the operation sent then, once more.
    async fn send(&self, recorded: &StoredMessage, cx: &Context) -> Result {
        let header = &recorded.header;
        let target = header.target.clone().unwrap_or_default();
        let found = self.graph.items.iter().position(|item| item.name == &*target);
        let handled = found.map(|index| (self.graph.items[index].component.handles)()).unwrap_or_default();
        let message = handled.into_iter().find(|message| message.name == &*header.type_name);
        let (Some(index), Some(message)) = (found, message) else {
            return Err(Error::fatal(format!("`{target}` does not take the recorded `{}` any more", header.type_name)));
        };
        let accepted = message.accept(&recorded.body).map_err(Error::fatal)?;
        let outgoing = Outgoing {
            position: header.position,
            to: Reach { index, item: target },
            message,
            value: accepted.value,
            body: recorded.body.clone(),
            keys: accepted.keys,
            invocation: header.invocation,
            timeout: None,
            priority: Some(header.priority),
            description: header.description.clone(),
            completion_key: header.completion_key.clone(),
        };
        if header.invocation == Invocation::Sync {
            // Whatever came of it, the operation's own answer is in the record.
            let _ = Arc::clone(cx.turn()).request(outgoing).await;
            return Ok(());
        }
        cx.turn().send(outgoing).map_err(Error::fatal)
    }
}

impl Instance for Player {
    fn handle<'a>(
        &'a mut self,
        message: &MessageType,
        _: Decoded,
        cx: &'a mut Context,
    ) -> Option<BoxFuture<'a, Result<Answered>>> {
        let message = self.message_type(message.name)?;
        Some(Box::pin(self.answer(message, cx)))
    }

    fn message_type(&self, name: &str) -> Option<&'static MessageType> {
        (self.types)().into_iter().find(|message| message.name == name)
    }
}
