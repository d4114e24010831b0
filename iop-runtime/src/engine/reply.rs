//! Responses: how what a handler answered, or that it failed, gets back to whoever asked.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::core::{Core, Delivery, Emission};
use super::item::ItemState;
use super::waiters::Punctuality;
use crate::component::{Answered, ComponentKind, Incoming, RequestError};
use crate::message::{Header, Invocation, Kind, MessageId, Status, SuspendReason};
use crate::store::NewMessage;

/// The type name of the response to a request whose type has none.
pub(crate) const NOTHING: &str = "iop.nothing";
/// The type name of what an asynchronous caller gets in place of a response.
pub(crate) const FAILURE: &str = "iop.failure";

/// The id of the response to `request`: there is one, however often its turn is repeated.
pub(crate) fn response_id(request: MessageId) -> MessageId {
    request.derive(&[b"response"])
}

/// The id of what an asynchronous caller gets when `request` is suspended after its last attempt.
pub(crate) fn failure_id(request: &Header) -> MessageId {
    request.id.derive(&[b"failure", &request.attempt.to_le_bytes()])
}

/// What an asynchronous caller learns of a request that was suspended.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) reason: SuspendReason,
    pub(crate) error: String,
    /// A person has taken the request out for good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) removed: bool,
}

/// How an answer gets back.
#[derive(Debug)]
pub(crate) enum Reply {
    /// As a stored message.
    Message(Box<Emission>),
    /// To the waiter alone: there is nothing to store.
    Direct(Incoming),
    /// Nobody wants one.
    None,
}

/// The reply that `item` gives to `request`. `caller` is the process instance that sent it, if one did.
pub(crate) fn reply(
    core: &Core,
    item: &ItemState,
    request: &Header,
    caller: Option<MessageId>,
    answered: Answered,
    transient: bool,
) -> Reply {
    let (type_name, type_version, value, body, keys) = match answered {
        Answered::Replied | Answered::Deferred(_) => return Reply::None,
        Answered::Response { message, value, body, keys } => {
            (Arc::from(message.name), message.version, Some(value), body, keys)
        }
        Answered::Nothing | Answered::Pending => (Arc::from(NOTHING), 1, None, Bytes::from_static(b"null"), Vec::new()),
    };
    let to = match request.invocation {
        Invocation::OneWay => return Reply::None,
        Invocation::Sync | Invocation::Generator if &*type_name == NOTHING => return Reply::Direct(Incoming::nothing()),
        Invocation::Sync | Invocation::Generator => Delivery::Waiter(request.id),
        Invocation::Async => caller.and_then(|_| process(core, request)).map_or(Delivery::Store, Delivery::Queue),
    };
    if to == Delivery::Store && &*type_name == NOTHING {
        return Reply::None;
    }
    let mut message = response(&item.name, request, caller, type_name, body);
    message.type_version = type_version;
    message.keys = keys;
    message.status = if matches!(to, Delivery::Queue(_)) { Status::Queued } else { Status::Completed };
    if let Delivery::Queue(index) = to {
        message.target = core.items.get(index).map(|item| Arc::clone(&item.name));
    }
    message.late = matches!(to, Delivery::Waiter(_)) && core.waiters.punctuality(request.id) == Punctuality::Late;
    Reply::Message(Box::new(Emission { message, value, to, transient, maybe_stored: false }))
}

/// What a process instance gets in place of the response to a call that was suspended or taken out. `from` is the item that
/// was called, which may be gone.
pub(crate) fn failure(
    core: &Core,
    from: &Arc<str>,
    request: &Header,
    caller: Option<MessageId>,
    failure: &Failure,
) -> Option<Emission> {
    let index = caller.and_then(|_| process(core, request))?;
    let body = serde_json::to_vec(failure).unwrap_or_default();
    let mut message = response(from, request, caller, Arc::from(FAILURE), Bytes::from(body));
    // Another id than the response's: a person may still resume the request and have it answered.
    message.id = failure_id(request);
    message.target = core.items.get(index).map(|item| Arc::clone(&item.name));
    Some(Emission { message, value: None, to: Delivery::Queue(index), transient: false, maybe_stored: true })
}

/// The process whose asynchronous call this request is.
fn process(core: &Core, request: &Header) -> Option<usize> {
    let source = request.source.as_ref()?;
    // The process may have been renamed since.
    let renamed = || core.graph.items.iter().position(|item| item.policy.renamed_from == Some(&**source));
    let index = core.by_name.get(source).copied().or_else(renamed)?;
    (core.items.get(index)?.kind() == ComponentKind::Process).then_some(index)
}

fn response(
    from: &Arc<str>,
    request: &Header,
    caller: Option<MessageId>,
    type_name: Arc<str>,
    body: Bytes,
) -> NewMessage {
    NewMessage {
        id: response_id(request.id),
        session: request.session,
        parent: Some(request.id),
        position: 0,
        source: Some(Arc::clone(from)),
        target: request.source.clone(),
        instance: caller,
        type_name,
        type_version: 1,
        kind: Kind::Response,
        invocation: request.invocation,
        status: Status::Queued,
        priority: request.priority,
        due: None,
        late: false,
        completion_key: request.completion_key.clone(),
        description: None,
        body,
        keys: Vec::new(),
        leased: None,
        order_key: None,
        parks: false,
    }
}

/// What a waiter learns of a request that is suspended.
pub(crate) fn suspended(request: &Header, target: &Arc<str>) -> RequestError {
    RequestError::Suspended {
        target: Arc::clone(target),
        reason: request.reason.unwrap_or(SuspendReason::Poison),
        error: request.error.clone().unwrap_or_else(|| Arc::from("")),
    }
}
