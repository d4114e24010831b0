//! Processes that gather: the messages of one key, of however many requests, work on one state, a *group*.
//!
//! A group is a process instance that is found by the item's name and the value of the key, and not by a request. Its state
//! is stored like that of any instance, in the commit of the turn that changed it; messages of one group are worked on one
//! at a time (see the queue). It begins with the first message of its key, and ends where the component says so.

use std::sync::Arc;

use bytes::Bytes;

use super::ending::{Attempt, Done};
use super::envelope::Envelope;
use super::guard::Failed;
use super::instances::{Record, raw};
use super::process::{call_back, missed, unreadable, wake};
use super::turn::{EngineTurn, Start, timer_id};
use super::worker::Worker;
use crate::clock::Timestamp;
use crate::component::{Answered, Context, Error, Turn};
use crate::message::{Kind, MessageId, MessageType};
use crate::store::{NewMessage, StateWrite};

/// How the messages of an item find their group.
#[derive(Debug, Clone)]
pub(crate) struct Grouping {
    item: Arc<str>,
    field: &'static str,
    types: Vec<&'static MessageType>,
}

impl Grouping {
    /// `field` is the `#[key]` by which the item gathers `types`.
    pub(crate) fn new(item: Arc<str>, field: &'static str, types: Vec<&'static MessageType>) -> Self {
        Self { item, field, types }
    }

    /// The group of a new message; `None` where it has no value for the key. A response or a timer says itself which it is
    /// for.
    pub(crate) fn of(&self, message: &NewMessage) -> Option<MessageId> {
        if message.kind == Kind::Request { self.by(&message.keys) } else { None }
    }

    fn by(&self, keys: &[(&'static str, String)]) -> Option<MessageId> {
        let (_, value) = keys.iter().find(|(name, _)| *name == self.field)?;
        Some(MessageId::of_input(&[b"group", self.item.as_bytes(), value.as_bytes()]))
    }

    /// Finds the group of a message that was read from the store. One that cannot be read has none: its turn says why.
    pub(crate) fn enter(&self, envelope: &mut Envelope) {
        let header = &envelope.header;
        let message = self.types.iter().filter(|_| header.kind == Kind::Request);
        let Some(message) = message.into_iter().find(|message| message.name == &*header.type_name) else { return };
        if let Ok((value, keys)) = message.read(header.type_version, &envelope.body) {
            envelope.group = self.by(&keys);
            envelope.value = Some(value);
        }
    }
}

/// A group as a turn works with it.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: MessageId,
    /// `None` before its first turn.
    pub(crate) version: Option<u64>,
    pub(crate) record: Record,
}

/// The group that a message belongs to; `None` in an item that does not gather.
pub(crate) async fn of(worker: &mut Worker, envelope: &mut Envelope) -> Result<Option<Group>, Attempt> {
    let Some(field) = worker.item.component().correlate else { return Ok(None) };
    let Some(id) = envelope.group else {
        let (item, type_name) = (&worker.item.name, &envelope.header.type_name);
        let error = format!("this `{type_name}` has no `{field}`, by which `{item}` gathers its messages");
        return Err(Failed::from(Error::fatal(error)).into());
    };
    load(worker, id).await.map(Some)
}

async fn load(worker: &mut Worker, id: MessageId) -> Result<Group, Attempt> {
    let group = worker.core.instances.group(&*worker.core.store, id).await;
    group.map_err(|error| unreadable(&worker.core, &error).into())
}

impl Worker {
    /// The state of the group, into the component.
    pub(crate) fn enter(&mut self, group: &Group) -> Result<(), Failed> {
        match &group.record.state {
            Some(state) => self.instance.load_state(state.get().as_bytes()).map_err(Failed::from),
            None => Ok(()),
        }
    }
}

/// The handler of a message is done: it is answered, and the group waits for the next one.
pub(crate) async fn after_request(
    worker: &mut Worker,
    envelope: &mut Envelope,
    turn: &Arc<EngineTurn>,
    answered: Answered,
    group: Group,
) -> Result<Done, Attempt> {
    let reply = worker.reply_to(turn, envelope, answered)?;
    let done = Done { reply, ..Done::default() };
    finish(worker, envelope, turn, group, done).await
}

/// The turn of a response to a call of a group, of its timeout, or of a timer.
pub(crate) async fn callback(
    worker: &mut Worker,
    envelope: &mut Envelope,
    begun: Timestamp,
    id: MessageId,
) -> Result<Done, Attempt> {
    let mut group = load(worker, id).await?;
    let woken = wake(worker, envelope, &group.record.open).await.map_err(|error| unreadable(&worker.core, &error))?;
    let wake = match woken {
        Ok(wake) => wake,
        Err(mut left_over) => {
            // The group that made the call or set the timer has ended.
            left_over.known.group = Some(group);
            return Ok(left_over);
        }
    };
    let turn = EngineTurn::new(
        Arc::clone(&worker.core),
        Arc::clone(&worker.item),
        Start {
            origin: envelope.header.id,
            session: envelope.header.session,
            header: Some(Arc::new(envelope.header.clone())),
            instance: Some(id),
            request_body: None,
            repeated: envelope.repeated,
            asked: None,
        },
    );
    let mut cx = Context::new(Arc::clone(&turn) as Arc<dyn Turn>);
    worker.instance.reset_state();
    worker.enter(&group)?;
    let open = &mut group.record.open;
    let done = call_back(worker, envelope, begun, (&turn, &mut cx), (wake, open)).await?;
    finish(worker, envelope, &turn, group, done).await
}

/// Stores the state of the group, or ends it.
async fn finish(
    worker: &mut Worker,
    envelope: &mut Envelope,
    turn: &Arc<EngineTurn>,
    mut group: Group,
    mut done: Done,
) -> Result<Done, Attempt> {
    let abandoned = std::mem::take(&mut done.sends.abandoned);
    done.sends = turn.end();
    done.sends.abandoned.extend(abandoned);
    if envelope.repeated {
        let again = missed(worker, envelope, &done.sends.calls).await;
        done.sends.pending.extend(again.map_err(|error| unreadable(&worker.core, &error))?);
    }
    let record = &mut group.record;
    let new = if done.sends.group_ends {
        // What it still waits for is nothing to the next group of the same key.
        let (timers, calls) = record.open.end();
        done.cancel.extend(timers);
        done.cancel.extend(std::mem::take(&mut done.sends.timed).into_iter().map(timer_id));
        done.sends.abandoned.extend(calls);
        let calls = std::mem::take(&mut done.sends.calls);
        done.sends.abandoned.extend(calls);
        None
    } else {
        done.waits_in(&mut record.open, envelope.header.id).map_err(Failed::from)?;
        let state = worker.instance.save_state().and_then(|state| raw(&state)).map_err(Failed::from)?;
        record.state = Some(state);
        Some(record.to_bytes().map_err(Failed::from)?)
    };
    done.state.extend(write(&mut group, new));
    done.known.group = Some(group);
    Ok(done)
}

/// The change of the stored state; `None` where a group has begun and ended in one turn.
fn write(group: &mut Group, new: Option<Bytes>) -> Option<StateWrite> {
    let expected = group.version;
    group.version = new.as_ref().map(|_| expected.unwrap_or(0) + 1);
    if new.is_none() {
        group.record = Record::default();
    }
    (expected.is_some() || new.is_some()).then_some(StateWrite { instance: group.id, expected, new })
}
