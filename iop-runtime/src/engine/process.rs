//! Business processes that wait without holding a worker: their turns after the first.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use super::answers::Asked;
use super::core::{Core, Delivery, Emission};
use super::ending::{Attempt, Done, Known};
use super::envelope::Envelope;
use super::groups;
use super::guard::{Failed, guarded};
use super::instances::{Call, Instance, LoadError, Record, Request, raw};
use super::item::ItemState;
use super::reply;
use super::timers::TIMER;
use super::turn::{EngineTurn, Start, timer_id};
use super::waits::{self, Open, Place, SetTimer};
use super::worker::{Worker, mark_in_flight};
use crate::clock::Timestamp;
use crate::component::{Answered, Context, ErasedResponse, Error, Incoming, RequestError, Result, Timer, Turn};
use crate::message::{Header, Kind, MessageId, MessageType, Status};
use crate::store::{LeaseToken, NewMessage, StateWrite, Step, StoreError, StoredMessage};

/// The handler of a request is done: answer at once, or wait for its calls and timers.
pub(crate) async fn after_request(
    worker: &mut Worker,
    envelope: &mut Envelope,
    turn: &Arc<EngineTurn>,
    cx: &mut Context,
    answered: Answered,
) -> Result<Done, Attempt> {
    let mut answered = turn.settled(answered).map_err(|failed| Attempt::of(turn, failed))?;
    let transient = envelope.lease.is_none();
    let mut record = Record { open: if transient { Open::only_here() } else { Open::default() }, ..Record::default() };
    record.completed = !turn.holds(&record.open) && matches!(answered, Answered::Pending);
    if record.completed {
        answered = Box::pin(complete(worker, turn, cx, &envelope.header, &envelope.body)).await?;
    }
    if turn.has_answered() {
        answered = Answered::Replied;
    }
    record.answered = turn.has_answered();
    if !turn.holds(&record.open) {
        let reply = worker.reply_with(envelope, answered);
        return Ok(Done { sends: turn.end(), reply, ..Done::default() });
    }
    let state = worker.instance.save_state().and_then(|state| raw(&state));
    let mut done = Done { sends: turn.end(), ..Done::default() };
    if envelope.repeated {
        let again = Box::pin(missed(worker, envelope, &done.sends.calls)).await;
        done.sends.pending.extend(again.map_err(|error| unreadable(&worker.core, &error))?);
    }
    done.waits_in(&mut record.open, envelope.header.id).map_err(Failed::from)?;
    record.answer = recorded(&answered).map_err(Failed::from)?;
    record.answer_version = version_of(&answered);
    record.state = Some(state.map_err(Failed::from)?);
    let (id, header) = (envelope.header.id, envelope.header.clone());
    if !transient {
        let new = Some(record.to_bytes().map_err(Failed::from)?);
        done.state.push(StateWrite { instance: id, expected: None, new });
    }
    let request = Request { header, caller: envelope.instance, body: envelope.body.clone(), transient };
    done.known.instance = Some((id, Some(Instance { version: 1, record, request: Arc::new(request) })));
    Ok(done)
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
        let failure = match called.header.status {
            Status::Suspended => store.find(reply::failure_id(&called.header)).await?,
            _ => None,
        };
        let consumed = |message: &StoredMessage| message.header.status == Status::Completed;
        let response = match failure {
            Some(failure) => Some(failure),
            // It may have replied before it failed.
            None => store.find(reply::response_id(*call)).await?,
        };
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

/// What wakes an instance or a group.
#[derive(Debug)]
pub(crate) enum Wake {
    /// A call is answered, or will not be.
    Answer { call: MessageId, place: Place, called: Call },
    /// A timer goes off.
    Timer { id: MessageId, timer: Timer },
}

/// What a callback is about; where nobody waits for it, what is to be removed of it.
pub(crate) async fn wake(
    worker: &mut Worker,
    envelope: &mut Envelope,
    open: &Open,
) -> Result<Result<Wake, Done>, LoadError> {
    let (header, store) = (&envelope.header, &*worker.core.store);
    if header.kind == Kind::Timer && &*header.type_name == TIMER {
        let due = header.due.unwrap_or(header.created);
        let timer = |set: &SetTimer| Wake::Timer { id: set.id, timer: Timer::new(Arc::clone(&set.name), due) };
        return Ok(open.timer(header.id).map(timer).ok_or_else(Done::default));
    }
    let Some(call) = header.parent else { return Ok(Err(Done::default())) };
    let Some(place) = open.find(store, call).await? else {
        // Answered before its timeout, or too late: stored and visible, but nobody waits for it any more.
        let state = waits::left_over(store, call).await?.into_iter().collect();
        return Ok(Err(Done { state, known: Known { call: Some(call), ..Known::default() }, ..Done::default() }));
    };
    let called = worker.core.instances.call(store, call).await?;
    Ok(Ok(Wake::Answer { call, place, called }))
}

/// Runs the hook that a callback is for, if there is one, and takes what it was about off what is waited for.
pub(crate) async fn call_back(
    worker: &mut Worker,
    envelope: &mut Envelope,
    begun: Timestamp,
    (turn, cx): (&Arc<EngineTurn>, &mut Context),
    (wake, open): (Wake, &mut Open),
) -> Result<Done, Attempt> {
    let slow = mark_in_flight(&worker.core, envelope, begun);
    let handler = match &wake {
        Wake::Answer { called, .. } => worker.instance.respond(&called.type_name, erased(envelope, called), cx),
        Wake::Timer { timer, .. } => worker.instance.timer(timer.clone(), cx),
    };
    let result = match handler {
        Some(handler) => guarded(handler, turn, &worker.pulse, slow).await,
        None => Ok(()),
    };
    let mut done = Done::default();
    match (wake, result) {
        (Wake::Timer { id, .. }, Ok(())) => open.gone_off(id),
        (Wake::Answer { call, place, .. }, Ok(())) => {
            let timed_out = envelope.header.kind == Kind::Timer;
            done.take(open.answered(call, place, timed_out));
            done.sends.abandoned.extend(timed_out.then_some(call));
            done.known.call = Some(call);
        }
        (_, Err(failed)) => return Err(Attempt::of(turn, failed)),
    }
    Ok(done)
}

/// The turn of a response, of the timeout of a call, or of a timer.
pub(crate) async fn callback(worker: &mut Worker, envelope: &mut Envelope, begun: Timestamp) -> Result<Done, Attempt> {
    let Some(id) = envelope.instance else { return Ok(Done::default()) };
    if worker.item.component().correlate.is_some() {
        return groups::callback(worker, envelope, begun, id).await;
    }
    let loaded = worker.core.instances.load(&*worker.core.store, id).await;
    let Some(instance) = loaded.map_err(|error| unreadable(&worker.core, &error))? else {
        return not_waited_for(worker, envelope).await;
    };
    resumed(worker, envelope, begun, id, instance).await
}

/// The instance is complete already.
async fn not_waited_for(worker: &mut Worker, envelope: &mut Envelope) -> Result<Done, Attempt> {
    let woken = wake(worker, envelope, &Open::default()).await.map_err(|error| unreadable(&worker.core, &error))?;
    Ok(woken.err().unwrap_or_default())
}

async fn resumed(
    worker: &mut Worker,
    envelope: &mut Envelope,
    begun: Timestamp,
    id: MessageId,
    mut instance: Instance,
) -> Result<Done, Attempt> {
    let woken =
        wake(worker, envelope, &instance.record.open).await.map_err(|error| unreadable(&worker.core, &error))?;
    let wake = match woken {
        Ok(wake) => wake,
        Err(left_over) => return Ok(left_over),
    };
    let request = Arc::clone(&instance.request);
    let turn = EngineTurn::new(
        Arc::clone(&worker.core),
        Arc::clone(&worker.item),
        Start {
            origin: envelope.header.id,
            session: envelope.header.session,
            header: Some(Arc::new(envelope.header.clone())),
            instance: Some(id),
            request_body: Some(current(worker, &request.header, &request.body)?),
            repeated: envelope.repeated,
            asked: Some(Asked {
                header: Arc::new(request.header.clone()),
                caller: request.caller,
                response: response_of(worker, &request.header),
                transient: request.transient,
                answered: instance.record.answered,
            }),
        },
    );
    let mut cx = Context::new(Arc::clone(&turn) as Arc<dyn Turn>);
    worker.instance.reset_state();
    if let Some(state) = &instance.record.state {
        worker.instance.load_state(state.get().as_bytes()).map_err(|error| other_state(worker, &error))?;
    }
    let open = &mut instance.record.open;
    let done = call_back(worker, envelope, begun, (&turn, &mut cx), (wake, open)).await?;
    finish(worker, envelope, &turn, &mut cx, id, instance, done).await
}

/// After a callback: complete the request, or store the state and wait on.
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
    if !turn.holds(&instance.record.open) {
        let from_hook = if instance.record.completed {
            Answered::Pending
        } else {
            complete(worker, turn, cx, &request.header, &request.body).await?
        };
        answered = Some(match from_hook {
            _ if turn.has_answered() => Answered::Replied,
            Answered::Pending => from_record(worker, &request.header, &instance.record)?,
            answered => answered,
        });
    }
    instance.record.answered = turn.has_answered();
    let state = worker.instance.save_state().and_then(|state| raw(&state));
    let abandoned = std::mem::take(&mut done.sends.abandoned);
    done.sends = turn.end();
    done.sends.abandoned.extend(abandoned);
    if envelope.repeated {
        let again = Box::pin(missed(worker, envelope, &done.sends.calls)).await;
        done.sends.pending.extend(again.map_err(|error| unreadable(&worker.core, &error))?);
    }
    done.waits_in(&mut instance.record.open, envelope.header.id).map_err(Failed::from)?;
    let version = instance.version;
    let mut write = StateWrite { instance: id, expected: Some(version), new: None };
    match answered {
        Some(answered) if !instance.record.open.holds(&[]) => {
            done.cancel.extend(instance.record.open.end().0);
            let (header, caller, transient) = (&request.header, request.caller, request.transient);
            let reply = reply::reply(&worker.core, &worker.item, header, caller, answered, transient);
            done.reply = Some((request.header.id, reply));
            done.known.instance = Some((id, None));
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
            done.known.instance = Some((id, Some(instance)));
        }
    }
    // Of a transient request nothing is stored: after a crash nobody could go on with it.
    done.state.extend((!request.transient).then_some(write));
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
    answered.map_err(|failed| Attempt::of(turn, failed))
}

/// What the handler answered, kept until the calls are complete.
fn recorded(answered: &Answered) -> Result<Option<Box<serde_json::value::RawValue>>, Error> {
    match answered {
        Answered::Response { body, .. } => raw(body).map(Some),
        Answered::Nothing | Answered::Pending | Answered::Replied | Answered::Deferred(_) => Ok(None),
    }
}

fn version_of(answered: &Answered) -> Option<u32> {
    match answered {
        Answered::Response { message, .. } => Some(message.version),
        Answered::Nothing | Answered::Pending | Answered::Replied | Answered::Deferred(_) => None,
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

fn response_of(worker: &Worker, request: &Header) -> Option<&'static MessageType> {
    worker.instance.message_type(&request.type_name).and_then(|message| (message.response)())
}

fn from_record(worker: &Worker, request: &Header, record: &Record) -> Result<Answered, Failed> {
    let Some(answer) = &record.answer else { return Ok(Answered::Nothing) };
    let Some(message) = response_of(worker, request) else { return Ok(Answered::Nothing) };
    let version = record.answer_version.unwrap_or(message.version);
    let accepted = message.accept_stored(version, answer.get().as_bytes()).map_err(Failed::schema)?;
    Ok(Answered::Response { message, value: accepted.value, body: accepted.body, keys: accepted.keys })
}

fn erased(envelope: &mut Envelope, called: &Call) -> ErasedResponse {
    let header = &envelope.header;
    // The response comes from the item that was called.
    let target = header.source.clone().unwrap_or_default();
    let result = match (header.kind, &*header.type_name) {
        (Kind::Timer, _) => Err(RequestError::TimedOut {
            target: Arc::clone(&called.target),
            timeout: header.due.map(|due| due.since(header.created)).unwrap_or_default(),
        }),
        (_, reply::FAILURE) => Err(match serde_json::from_slice::<reply::Failure>(&envelope.body) {
            Ok(failure) if failure.removed => RequestError::Removed { target: Arc::clone(&target) },
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
    if let LoadError::Store(error) = error
        && !matches!(error, StoreError::Damaged(_))
    {
        core.failure.report(error);
        return Failed::from(Error::unavailable(error.to_string()));
    }
    match error {
        LoadError::Store(StoreError::Damaged(_)) => Failed::corrupt(error),
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
                transient: emission.transient,
            },
        );
    }
}
