//! Business processes that wait without holding a worker: their turns after the first.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use super::core::{Core, Delivery, Emission};
use super::envelope::Envelope;
use super::groups;
use super::guard::{Failed, guarded};
use super::instances::{Call, Instance, LoadError, Record, Request, raw};
use super::item::ItemState;
use super::reply;
use super::turn::{EngineTurn, Handle, Start, timer_id};
use super::worker::{Attempt, Done, Worker, mark_in_flight};
use crate::clock::Timestamp;
use crate::component::{Answered, Context, ErasedResponse, Error, Incoming, RequestError, Result};
use crate::message::{Header, Kind, MessageId, Status};
use crate::store::{LeaseToken, NewMessage, StateWrite, Step, StoredMessage};

/// The handler of a request is done: answer at once, or wait for the calls it made.
pub(crate) async fn after_request(
    worker: &mut Worker,
    envelope: &mut Envelope,
    turn: &Arc<EngineTurn>,
    cx: &mut Context,
    answered: Answered,
) -> Result<Done, Attempt> {
    let mut answered = answered;
    let completed = turn.calls() == 0 && matches!(answered, Answered::Pending);
    if completed {
        answered = complete(worker, turn, cx, &envelope.header, &envelope.body).await?;
    }
    if turn.calls() == 0 {
        let reply = worker.reply_to(envelope, answered);
        return Ok(Done { sends: turn.end(), reply, ..Done::default() });
    }
    let state = worker.instance.save_state().and_then(|state| raw(&state));
    let mut sends = turn.end();
    if envelope.repeated {
        let again = missed(worker, envelope, &sends.calls).await.map_err(|error| unreadable(&worker.core, &error))?;
        sends.pending.extend(again);
    }
    let record = Record {
        open: sends.calls.clone(),
        timed: sends.timed.clone(),
        answer: recorded(&answered).map_err(Failed::from)?,
        answer_version: version_of(&answered),
        completed,
        state: Some(state.map_err(Failed::from)?),
    };
    let id = envelope.header.id;
    let new = record.to_bytes().map_err(Failed::from)?;
    let request = Request { header: envelope.header.clone(), caller: envelope.instance, body: envelope.body.clone() };
    worker.core.instances.keep(id, Instance { version: 1, record, request: Arc::new(request) });
    let state = StateWrite { instance: id, expected: None, new: Some(new) };
    Ok(Done { sends, state: Some(state), ..Done::default() })
}

/// Responses to calls of an earlier run of this turn, or their timeouts, that came before the turn had succeeded and
/// found no instance to wait for them: once more.
pub(crate) async fn missed(
    worker: &mut Worker,
    envelope: &mut Envelope,
    calls: &[MessageId],
) -> Result<Vec<Emission>, LoadError> {
    let (store, attempt) = (&worker.core.store, envelope.header.attempt.to_le_bytes());
    let mut again = Vec::new();
    for call in calls {
        let Some(called) = store.find(*call).await? else { continue };
        let response = match called.header.status {
            Status::Suspended => store.find(reply::failure_id(&called.header)).await?,
            _ => store.find(reply::response_id(*call)).await?,
        };
        let consumed = |message: &StoredMessage| message.header.status == Status::Completed;
        let response = match response {
            Some(response) => Some(response),
            None => store.find(timer_id(*call)).await?,
        };
        let Some(response) = response.filter(consumed) else { continue };
        let message = NewMessage {
            id: response.header.id.derive(&[b"again", &attempt]),
            late: false,
            ..as_new(&response.header, response.instance, &response.body)
        };
        let to = Delivery::Queue(worker.item.index);
        again.push(Emission { message, value: None, to, transient: false, maybe_stored: true });
    }
    Ok(again)
}

/// The turn of a response, or of the timeout of a call.
pub(crate) async fn callback(worker: &mut Worker, envelope: &mut Envelope, begun: Timestamp) -> Result<Done, Attempt> {
    let (Some(id), Some(call)) = (envelope.instance, envelope.header.parent) else { return Ok(Done::default()) };
    if worker.item.component().correlate.is_some() {
        return groups::callback(worker, envelope, begun, id, call).await;
    }
    let loaded = worker.core.instances.load(&*worker.core.store, id).await;
    let Some(instance) = loaded.map_err(|error| unreadable(&worker.core, &error))? else {
        worker.core.instances.forget(call);
        return Ok(Done::default());
    };
    if !instance.record.open.contains(&call) {
        // Answered before its timeout, or too late: stored and visible, but nobody waits for it any more.
        worker.core.instances.keep(id, instance);
        return Ok(Done::default());
    }
    let before = instance.clone();
    let result = respond(worker, envelope, begun, id, call, instance).await;
    if result.is_err() {
        worker.core.instances.keep(id, before);
    }
    result
}

async fn respond(
    worker: &mut Worker,
    envelope: &mut Envelope,
    begun: Timestamp,
    id: MessageId,
    call: MessageId,
    instance: Instance,
) -> Result<Done, Attempt> {
    let called = worker.core.instances.call(&*worker.core.store, call).await;
    let called = called.map_err(|error| unreadable(&worker.core, &error))?;
    let result = answered(worker, envelope, begun, id, call, instance, &called).await;
    if result.is_err() {
        // For the next attempt: a transient call is nowhere else.
        worker.core.instances.remember(call, called);
    }
    result
}

/// A call is answered, or will not be: the turn of `on_response`.
async fn answered(
    worker: &mut Worker,
    envelope: &mut Envelope,
    begun: Timestamp,
    id: MessageId,
    call: MessageId,
    mut instance: Instance,
    called: &Call,
) -> Result<Done, Attempt> {
    let request = Arc::clone(&instance.request);
    let turn = EngineTurn::new(
        Arc::clone(&worker.core),
        Arc::clone(&worker.item),
        Start {
            origin: envelope.header.id,
            session: envelope.header.session,
            header: Some(envelope.header.clone()),
            instance: Some(id),
            request_body: Some(current(worker, &request.header, &request.body)?),
            repeated: envelope.repeated,
        },
    );
    let mut cx = Context::new(Arc::new(Handle(Arc::clone(&turn))));
    worker.instance.reset_state();
    if let Some(state) = &instance.record.state {
        worker.instance.load_state(state.get().as_bytes()).map_err(|error| other_state(worker, &error))?;
    }
    let erased = erased(envelope, called);
    let slow = mark_in_flight(&worker.core, envelope, begun);
    if let Some(handler) = worker.instance.respond(&called.type_name, erased, &mut cx) {
        let result = guarded(handler, &turn, &worker.pulse, slow).await;
        result.map_err(|failed| Attempt { failed, abandoned: turn.end().abandoned })?;
    }
    let mut done = Done::default();
    let record = &mut instance.record;
    record.open.retain(|open| *open != call);
    let timed = record.timed.len();
    record.timed.retain(|timed| *timed != call);
    if envelope.header.kind == Kind::Timer {
        done.sends.abandoned.push(call);
    } else if record.timed.len() < timed {
        done.cancel.push(timer_id(call));
    }
    finish(worker, envelope, &turn, &mut cx, id, instance, done).await
}

/// After a response: complete the request, or store the state and wait on.
async fn finish(
    worker: &mut Worker,
    envelope: &mut Envelope,
    turn: &Arc<EngineTurn>,
    cx: &mut Context,
    id: MessageId,
    mut instance: Instance,
    mut done: Done,
) -> Result<Done, Attempt> {
    let request = Arc::clone(&instance.request);
    let mut answered = None;
    if instance.record.open.is_empty() && turn.calls() == 0 {
        let from_hook = if instance.record.completed {
            Answered::Pending
        } else {
            complete(worker, turn, cx, &request.header, &request.body).await?
        };
        answered = Some(match from_hook {
            Answered::Pending => from_record(worker, &request.header, &instance.record)?,
            answered => answered,
        });
    }
    let state = worker.instance.save_state().and_then(|state| raw(&state));
    let mut sends = turn.end();
    if envelope.repeated {
        let again = missed(worker, envelope, &sends.calls).await.map_err(|error| unreadable(&worker.core, &error))?;
        sends.pending.extend(again);
    }
    instance.record.open.extend(&sends.calls);
    instance.record.timed.append(&mut sends.timed);
    sends.abandoned.append(&mut done.sends.abandoned);
    done.sends = sends;
    let version = instance.version;
    let mut write = StateWrite { instance: id, expected: Some(version), new: None };
    match answered {
        Some(answered) if instance.record.open.is_empty() => {
            let transient = false;
            let reply = reply::reply(&worker.core, &worker.item, &request.header, request.caller, answered, transient);
            done.reply = Some((request.header.id, reply));
        }
        answered => {
            if let Some(answered) = &answered {
                // `on_complete` made calls of its own: its answer waits for them.
                instance.record.answer = recorded(answered).map_err(Failed::from)?;
                instance.record.answer_version = version_of(answered);
                instance.record.completed = true;
            }
            instance.record.state = Some(state.map_err(Failed::from)?);
            write.new = Some(instance.record.to_bytes().map_err(Failed::from)?);
            instance.version = version + 1;
            worker.core.instances.keep(id, instance);
        }
    }
    done.state = Some(write);
    Ok(done)
}

/// `on_complete`; [`Answered::Pending`] where the process has none.
async fn complete(
    worker: &mut Worker,
    turn: &Arc<EngineTurn>,
    cx: &mut Context,
    request: &Header,
    body: &Bytes,
) -> Result<Answered, Attempt> {
    let body = current(worker, request, body)?;
    let Some(hook) = worker.instance.complete(&request.type_name, body, cx) else { return Ok(Answered::Pending) };
    let answered = guarded(hook, turn, &worker.pulse, || ()).await;
    answered.map_err(|failed| Attempt { failed, abandoned: turn.end().abandoned })
}

/// What the handler answered, kept until the calls are complete.
fn recorded(answered: &Answered) -> Result<Option<Box<serde_json::value::RawValue>>, Error> {
    match answered {
        Answered::Response { body, .. } => raw(body).map(Some),
        Answered::Nothing | Answered::Pending => Ok(None),
    }
}

fn version_of(answered: &Answered) -> Option<u32> {
    match answered {
        Answered::Response { message, .. } => Some(message.version),
        Answered::Nothing | Answered::Pending => None,
    }
}

/// The body of a request as the program's version of its type.
fn current(worker: &Worker, request: &Header, body: &Bytes) -> Result<Bytes, Failed> {
    let Some(message) = worker.instance.message_type(&request.type_name) else { return Ok(body.clone()) };
    match message.upgraded(request.type_version, body).map_err(Failed::schema)? {
        Cow::Borrowed(_) => Ok(body.clone()),
        Cow::Owned(upgraded) => Ok(Bytes::from(upgraded)),
    }
}

/// The program's state is another than the one that the instance has stored.
fn other_state(worker: &Worker, error: &Error) -> Failed {
    Failed::schema(format!(
        "the stored state of `{}` does not fit this program: {}; give the field `#[serde(default)]` or \
         `#[serde(alias = \"…\")]`, and resume the message",
        worker.item.name,
        error.chain()
    ))
}

fn from_record(worker: &Worker, request: &Header, record: &Record) -> Result<Answered, Failed> {
    let Some(answer) = &record.answer else { return Ok(Answered::Nothing) };
    let response = worker.instance.message_type(&request.type_name).and_then(|message| (message.response)());
    let Some(message) = response else { return Ok(Answered::Nothing) };
    let version = record.answer_version.unwrap_or(message.version);
    let accepted = message.accept_stored(version, answer.get().as_bytes()).map_err(Failed::schema)?;
    Ok(Answered::Response { message, value: accepted.value, body: accepted.body, keys: accepted.keys })
}

pub(crate) fn erased(envelope: &mut Envelope, called: &Call) -> ErasedResponse {
    let header = &envelope.header;
    // The response comes from the item that was called.
    let target = header.source.clone().unwrap_or_default();
    let result = match (header.kind, &*header.type_name) {
        (Kind::Timer, _) => Err(RequestError::TimedOut {
            target: Arc::clone(&called.target),
            timeout: header.due.map(|due| due.since(header.created)).unwrap_or_default(),
        }),
        (_, reply::FAILURE) => Err(match serde_json::from_slice::<reply::Failure>(&envelope.body) {
            Ok(failure) => RequestError::Suspended {
                target: Arc::clone(&target),
                reason: failure.reason,
                error: failure.error.into(),
            },
            Err(error) => RequestError::Unreadable { target: Arc::clone(&target), error: error.to_string().into() },
        }),
        _ => {
            let (version, body) = (header.type_version, envelope.body.clone());
            Ok(Incoming { value: envelope.value.take(), version, body })
        }
    };
    ErasedResponse {
        completion_key: header.completion_key.clone().unwrap_or_else(|| Arc::from("")),
        request: called.body.clone(),
        request_version: called.type_version,
        target: Arc::clone(&called.target),
        result,
    }
}

pub(crate) fn unreadable(core: &Core, error: &LoadError) -> Failed {
    if let LoadError::Store(error) = error {
        core.failure.report(error);
        return Failed::from(Error::unavailable(error.to_string()));
    }
    match error {
        LoadError::Format(error) => Failed::schema(error),
        error => Failed::from(Error::fatal(error.to_string())),
    }
}

/// Stores a transient message that has to be suspended: what failed is kept for a person even where the message is not
/// kept for the engine.
pub(crate) fn store_transient(core: &Core, item: &ItemState, envelope: &Envelope) -> Option<LeaseToken> {
    let message = NewMessage {
        target: Some(Arc::clone(&item.name)),
        leased: Some(core.node),
        parks: item.queue.parks(envelope.header.order_key.as_ref()),
        ..as_new(&envelope.header, envelope.instance, &envelope.body)
    };
    let receipt = core.store.submit(Step { emit: vec![message], ..Step::default() });
    receipt.leases.first().copied().flatten()
}

/// A message as one to be stored, waiting in its queue. Its keys stay with the message that was sent.
pub(crate) fn as_new(header: &Header, instance: Option<MessageId>, body: &Bytes) -> NewMessage {
    NewMessage {
        id: header.id,
        session: header.session,
        parent: header.parent,
        position: header.position,
        source: header.source.clone(),
        target: header.target.clone(),
        instance,
        type_name: Arc::clone(&header.type_name),
        type_version: header.type_version,
        kind: header.kind,
        invocation: header.invocation,
        status: Status::Queued,
        priority: header.priority,
        due: None,
        late: header.late,
        completion_key: header.completion_key.clone(),
        description: header.description.clone(),
        body: body.clone(),
        keys: Vec::new(),
        leased: None,
        order_key: header.order_key.clone(),
        parks: false,
    }
}

impl EngineTurn {
    /// A call that the instance waits for, remembered so that its response need not read it from the store.
    pub(crate) fn remember_call(&self, emission: &Emission) {
        debug_assert!(matches!(emission.to, Delivery::Queue(_)), "a call goes to a queue");
        let message = &emission.message;
        self.core.instances.remember(
            message.id,
            Call {
                type_name: Arc::clone(&message.type_name),
                type_version: message.type_version,
                target: message.target.clone().unwrap_or_default(),
                body: message.body.clone(),
            },
        );
    }
}
