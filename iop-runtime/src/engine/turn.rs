//! A turn: what a handler does through its context, gathered for one commit.

mod handle;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::answers::Asked;
use super::core::{Core, Delivery, Emission};
use super::express::Sent;
use super::item::ItemState;
use super::probe::CrashPoint;
use super::reply;
use super::waiters::{Caller, Delivered, Wait};
use super::waits::TimerChange;
use crate::component::{ComponentKind, Incoming, Outgoing, RequestError};
use crate::message::{Header, Invocation, Kind, MessageId, Priority, SessionId, Status};
use crate::store::{Commit, NewMessage, Step, StoreError, StoredMessage};

/// The type name of the alarm that an asynchronous request with a timeout sets.
pub(crate) const TIMEOUT: &str = "iop.timeout";

/// The engine's side of a [`Context`](crate::component::Context).
pub(crate) struct EngineTurn {
    pub(crate) core: Arc<Core>,
    pub(crate) item: Arc<ItemState>,
    /// What the ids of this turn's sends derive from.
    about: About,
    /// The turn may have run before, so its sends may be in the store.
    pub(crate) repeated: bool,
    sends: Mutex<Sends>,
    pub(super) waiting: AtomicUsize,
}

/// What a turn works on.
enum About {
    /// A message of the ordinary way, or none.
    Start(Box<Start>),
    /// A message of the express way.
    Express(Sent),
}

/// What the turn has sent that is not committed yet, and what it has to remember.
#[derive(Debug, Default)]
pub(crate) struct Sends {
    position: u32,
    pub(crate) pending: Vec<Emission>,
    /// Requests that the turn has given up.
    pub(crate) abandoned: Vec<MessageId>,
    /// Asynchronous calls whose response the instance waits for.
    pub(crate) calls: Vec<MessageId>,
    /// Those of them that have a timeout.
    pub(crate) timed: Vec<MessageId>,
    /// Timers to set and to cancel.
    pub(crate) timers: Vec<TimerChange>,
    /// The request is answered, or will be by somebody else.
    pub(super) answered: bool,
    /// The group that the turn works for is complete.
    pub(crate) group_ends: bool,
    /// The turn has ended: nothing may be sent any more.
    ended: bool,
}

impl Sends {
    /// Whether the turn has sent anything, committed by now or not.
    pub(crate) fn sent_something(&self) -> bool {
        self.position > 0
    }

    pub(super) fn next_position(&mut self) -> u32 {
        let position = self.position;
        self.position += 1;
        position
    }

    /// Adds to the turn's commit.
    pub(super) fn add(&mut self, emission: Emission) -> Result<(), RequestError> {
        if self.ended {
            return Err(ended());
        }
        self.pending.push(emission);
        Ok(())
    }
}

impl fmt::Debug for EngineTurn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("item", &self.item.name).field("origin", &self.origin()).finish_non_exhaustive()
    }
}

/// What a turn starts from.
#[derive(Debug)]
pub(crate) struct Start {
    /// What the ids of this turn's sends derive from.
    pub(crate) origin: MessageId,
    pub(crate) session: SessionId,
    /// The message of the turn; `None` in hooks and polls.
    pub(crate) header: Option<Arc<Header>>,
    /// The instance that the turn works for, in a process.
    pub(crate) instance: Option<MessageId>,
    pub(crate) request_body: Option<Bytes>,
    pub(crate) repeated: bool,
    /// The request that the turn may answer.
    pub(crate) asked: Option<Asked>,
}

impl EngineTurn {
    pub(crate) fn new(core: Arc<Core>, item: Arc<ItemState>, start: Start) -> Arc<Self> {
        let repeated = start.repeated;
        Self::about(core, item, repeated, About::Start(Box::new(start)))
    }

    /// The turn of a message of the express way.
    pub(crate) fn by_value(core: Arc<Core>, item: Arc<ItemState>, sent: Sent) -> Arc<Self> {
        Self::about(core, item, false, About::Express(sent))
    }

    fn about(core: Arc<Core>, item: Arc<ItemState>, repeated: bool, about: About) -> Arc<Self> {
        let waiting = AtomicUsize::new(0);
        Arc::new(Self { core, item, about, repeated, sends: Mutex::default(), waiting })
    }

    /// What the turn descends from.
    pub(crate) fn session(&self) -> SessionId {
        match &self.about {
            About::Start(start) => start.session,
            About::Express(sent) => match &sent.from {
                Some(from) => from.session(),
                None => SessionId::of(sent.id(&self.item)),
            },
        }
    }

    /// What is known of its message, on the express way.
    pub(super) fn sent(&self) -> Option<&Sent> {
        match &self.about {
            About::Express(sent) => Some(sent),
            About::Start(_) => None,
        }
    }

    /// What the ids of this turn's sends derive from.
    pub(super) fn origin(&self) -> MessageId {
        match &self.about {
            About::Start(start) => start.origin,
            About::Express(sent) => sent.id(&self.item),
        }
    }

    /// The message of the turn; `None` in hooks and polls.
    pub(super) fn header(&self) -> Option<&Header> {
        match &self.about {
            About::Start(start) => start.header.as_deref(),
            About::Express(sent) => Some(sent.header(self)),
        }
    }

    /// The instance that the turn works for, in a process.
    pub(super) fn instance(&self) -> Option<MessageId> {
        match &self.about {
            About::Start(start) => start.instance,
            About::Express(sent) => Some(sent.id(&self.item)),
        }
    }

    /// Whether its message was in flight in a crash.
    fn is_of_a_suspect(&self) -> bool {
        self.header().is_some_and(|header| header.crashes > 0)
    }

    /// Whether what the turn works for is in memory alone: the instance of a transient request, other than a group.
    fn is_only_here(&self) -> bool {
        let transient = match &self.about {
            About::Start(start) => start.asked.as_ref().is_some_and(|asked| asked.transient),
            About::Express(_) => true,
        };
        transient && self.item.component().correlate.is_none()
    }

    fn body_of_request(&self) -> Option<Bytes> {
        match &self.about {
            About::Start(start) => start.request_body.clone(),
            About::Express(sent) => Some(sent.body().clone()),
        }
    }

    /// The request that the turn may answer.
    pub(super) fn asked(&self) -> Option<&Asked> {
        match &self.about {
            About::Start(start) => start.asked.as_ref(),
            About::Express(sent) => sent.asked(self),
        }
    }

    /// An earlier turn has answered the request.
    pub(super) fn is_answered(&self) -> bool {
        matches!(&self.about, About::Start(start) if start.asked.as_ref().is_some_and(|asked| asked.answered))
    }

    /// Whether there is nothing that has to be committed before what is sent next.
    pub(super) fn has_nothing_pending(&self) -> bool {
        let sends = self.sends();
        !sends.ended && sends.pending.is_empty() && sends.abandoned.is_empty()
    }

    pub(super) fn sends(&self) -> MutexGuard<'_, Sends> {
        self.sends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `true` while the handler waits for a response: that time is the other item's.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Ends the turn where nothing is left of it but its response; `false` where there is more to do.
    pub(crate) fn ends_plainly(&self) -> bool {
        let mut sends = self.sends();
        let Sends { position: _, pending, abandoned, calls, timed, timers, answered, group_ends, ended: _ } = &*sends;
        let nothing_sent = pending.is_empty() && abandoned.is_empty() && calls.is_empty() && timed.is_empty();
        let plain = nothing_sent && timers.is_empty() && !answered && !group_ends;
        sends.ended |= plain;
        plain
    }

    /// Ends the turn and gives what it has sent.
    pub(crate) fn end(&self) -> Sends {
        let mut sends = self.sends();
        let ended = Sends { ended: true, ..Sends::default() };
        std::mem::replace(&mut *sends, ended)
    }

    pub(super) fn emission(&self, outgoing: Outgoing, id: MessageId) -> Result<Emission, RequestError> {
        let Some(receiver) = self.core.items.get(outgoing.to.index) else {
            return Err(RequestError::NotStored(format!("`{}` is not an item", outgoing.to.item).into()));
        };
        let wants_response = outgoing.invocation == Invocation::Async && self.item.kind() == ComponentKind::Process;
        // What is stored outlives the program, and would wait for ever for a call that does not.
        let outlives = wants_response && !self.is_only_here();
        let transient = outgoing.message.transient && !outlives;
        Ok(Emission {
            message: NewMessage {
                id,
                session: self.session(),
                parent: self.header().map(|header| header.id),
                position: outgoing.position,
                source: Some(Arc::clone(&self.item.name)),
                target: Some(Arc::clone(&receiver.name)),
                instance: if wants_response { self.instance() } else { None },
                type_name: Arc::from(outgoing.message.name),
                type_version: outgoing.message.version,
                kind: Kind::Request,
                invocation: outgoing.invocation,
                status: Status::Queued,
                priority: outgoing.priority.unwrap_or_else(|| self.priority()),
                due: None,
                late: false,
                completion_key: outgoing.completion_key,
                description: outgoing.description,
                body: outgoing.body,
                keys: outgoing.keys,
                leased: None,
                order_key: None,
                parks: false,
            },
            value: Some(outgoing.value),
            to: Delivery::Queue(outgoing.to.index),
            transient,
            maybe_stored: self.repeated,
        })
    }

    /// A transient message that nobody waits for cannot wait for room.
    pub(super) fn has_room_for(&self, emission: &Emission) -> Result<(), RequestError> {
        let Delivery::Queue(index) = emission.to else { return Ok(()) };
        let full = self.core.items.get(index).filter(|item| emission.transient && !item.queue.has_room());
        full.map_or(Ok(()), |item| {
            let error = format!("the queue of `{}` is full, and a transient message is not kept elsewhere", item.name);
            Err(RequestError::NotStored(error.into()))
        })
    }

    /// Waits until there is room for a transient message, which is not kept elsewhere. The time is that of the response.
    pub(super) async fn room_at(&self, index: usize, timeout: Duration) -> Result<Duration, RequestError> {
        let Some(item) = self.core.items.get(index).filter(|item| !item.queue.has_room()) else { return Ok(timeout) };
        let begun = tokio::time::Instant::now();
        let waiting = Waiting::begin(&self.waiting);
        let room = self.core.deadlines.within(timeout, item.queue.room()).await;
        drop(waiting);
        match room {
            Ok(()) => Ok(timeout.saturating_sub(begun.elapsed())),
            Err(_) => Err(RequestError::TimedOut { target: Arc::clone(&item.name), timeout }),
        }
    }

    pub(super) fn priority(&self) -> Priority {
        match &self.about {
            About::Start(start) => start.header.as_ref().map_or(Priority::NORMAL, |header| header.priority),
            About::Express(_) => Priority::NORMAL,
        }
    }

    /// The same content at the same place in the same turn has the same id: a repeated turn does not send it twice, and
    /// one that decides otherwise sends anew.
    pub(super) fn id_of(&self, position: u32, item: &str, message: &str, body: &[u8]) -> MessageId {
        self.origin().derive(&[&position.to_le_bytes(), item.as_bytes(), message.as_bytes(), body])
    }

    fn id_for(&self, outgoing: &Outgoing) -> MessageId {
        self.id_of(outgoing.position, &outgoing.to.item, outgoing.message.name, &outgoing.body)
    }

    /// The alarm that goes off when an asynchronous request is not answered in time.
    fn timeout_of(&self, request: &NewMessage, timeout: Duration) -> Emission {
        let mut message = request.clone();
        message.id = timer_id(request.id);
        message.parent = Some(request.id);
        message.source = Some(Arc::clone(&self.item.name));
        message.target = Some(Arc::clone(&self.item.name));
        message.type_name = Arc::from(TIMEOUT);
        message.type_version = 1;
        message.kind = Kind::Timer;
        message.due = Some(self.core.clock.now().after(timeout));
        message.body = Bytes::from_static(b"null");
        message.keys = Vec::new();
        let to = Delivery::Queue(self.item.index);
        Emission { message, value: None, to, transient: false, maybe_stored: self.repeated }
    }

    async fn awaited(self: Arc<Self>, outgoing: Outgoing) -> Result<Incoming, RequestError> {
        let id = self.id_for(&outgoing);
        let (index, target) = (outgoing.to.index, Arc::clone(&outgoing.to.item));
        let timeout = outgoing.timeout.unwrap_or(self.item.options.request_timeout);
        let has_response = (outgoing.message.response)().is_some();
        let transient = outgoing.message.transient;
        // Boxed, as what is rare: most requests have no room for it.
        let timeout = if transient { Box::pin(self.room_at(index, timeout)).await? } else { timeout };
        let mut emission = self.emission(outgoing, id)?;
        let mut wait = self.core.waiters.wait(id, index, Caller::Turn);
        if self.repeated && !transient {
            match Box::pin(self.recorded(id, &target, has_response)).await {
                Ok(Recorded::Answered(incoming)) => {
                    wait.cancel();
                    return Ok(incoming);
                }
                Ok(Recorded::UnderWay) => return self.response(&mut wait, id, &target, timeout).await,
                // What a suspect sends may be what kills the process: it is stored before anybody works on it, or it would be
                // unknown after each crash.
                Ok(Recorded::Unknown) => emission.maybe_stored = self.is_of_a_suspect(),
                Err(error) => {
                    wait.cancel();
                    return Err(error);
                }
            }
        }
        if let Err(error) = self.send_now(emission, index, &target) {
            wait.cancel();
            return Err(error);
        }
        self.core.halts_at(CrashPoint::AfterRequest, &self.item, Some(id)).await;
        let response = self.response(&mut wait, id, &target, timeout).await;
        self.core.halts_at(CrashPoint::AfterResponse, &self.item, Some(id)).await;
        response
    }

    /// Commits what was sent so far, and waits for it, so that whoever sends much is held back.
    async fn committed(self: Arc<Self>) -> Result<(), RequestError> {
        let commit = self.commit_with(None)?;
        // The time that the store takes is not the handler's.
        let waiting = Waiting::begin(&self.waiting);
        let outcome = self.core.durable(&commit).await;
        drop(waiting);
        match outcome {
            Ok(outcome) if outcome.is_stored() => Ok(()),
            Ok(outcome) => Err(RequestError::NotStored(format!("the store refused it: {outcome:?}").into())),
            Err(StoreError::NotStored(error)) => Err(RequestError::NotStored(error)),
            Err(error) => Err(not_read(&error)),
        }
    }

    /// Commits what was sent so far, and this, for an item that is up.
    pub(super) fn send_now(&self, emission: Emission, index: usize, target: &Arc<str>) -> Result<(), RequestError> {
        if !self.core.items.get(index).is_some_and(|item| item.is_up()) {
            return Err(RequestError::Stopped { target: Arc::clone(target) });
        }
        // The outcome is not awaited: where it matters, the response waits for it, and a failure fails every wait.
        self.commit_with(Some(emission)).map(drop)
    }

    /// Commits what was sent so far, and this.
    pub(super) fn commit_with(&self, emission: Option<Emission>) -> Result<Commit, RequestError> {
        let mut sends = self.sends();
        if sends.ended {
            return Err(ended());
        }
        let mut emissions = std::mem::take(&mut sends.pending);
        emissions.extend(emission);
        let abandon = std::mem::take(&mut sends.abandoned);
        drop(sends);
        Ok(self.core.submit(Step { abandon, ..Step::default() }, emissions))
    }

    async fn response(
        &self,
        wait: &mut Wait,
        id: MessageId,
        target: &Arc<str>,
        timeout: Duration,
    ) -> Result<Incoming, RequestError> {
        let waiting = Waiting::begin(&self.waiting);
        let answer = self.core.deadlines.within(timeout, wait.response()).await;
        drop(waiting);
        match answer {
            Ok(delivered) => self.taken(delivered, target).await,
            Err(_) => {
                self.abandon(id);
                Err(RequestError::TimedOut { target: Arc::clone(target), timeout })
            }
        }
    }

    /// A request that the turn has given up: its response will be late.
    pub(super) fn abandon(&self, request: MessageId) {
        self.sends().abandoned.push(request);
    }

    /// What a waiter was given; `None` where the engine is gone.
    pub(super) async fn taken(
        &self,
        delivered: Option<Delivered>,
        target: &Arc<str>,
    ) -> Result<Incoming, RequestError> {
        let Some(delivered) = delivered else { return Err(RequestError::Stopped { target: Arc::clone(target) }) };
        if self.item.kind() == ComponentKind::Operation {
            // What an operation does next may touch the outside.
            self.core.durable(&delivered.commit).await.map_err(|error| not_read(&error))?;
        }
        delivered.response
    }

    /// What an earlier run of this turn has on record of a request.
    async fn recorded(&self, id: MessageId, target: &Arc<str>, has_response: bool) -> Result<Recorded, RequestError> {
        let store = &self.core.store;
        let (request, response) = (store.find(id), store.find(reply::response_id(id)));
        let Some(request) = request.await.map_err(|error| not_read(&error))? else { return Ok(Recorded::Unknown) };
        if let Some(response) = response.await.map_err(|error| not_read(&error))? {
            let version = response.header.type_version;
            return Ok(Recorded::Answered(Incoming { value: None, version, body: response.body }));
        }
        self.outcome(&request, target, has_response).await
    }

    async fn outcome(
        &self,
        request: &StoredMessage,
        target: &Arc<str>,
        has_response: bool,
    ) -> Result<Recorded, RequestError> {
        let header = &request.header;
        match header.status {
            Status::Suspended => Err(reply::suspended(header, target)),
            Status::Discarded | Status::Expired => Err(RequestError::Removed { target: Arc::clone(target) }),
            // Done without a response: there is none to come, unless a process still works on it.
            Status::Completed if !has_response => {
                let open = self.core.store.load_state(header.id).await.map_err(|error| not_read(&error))?;
                Ok(if open.is_some() { Recorded::UnderWay } else { Recorded::Answered(Incoming::nothing()) })
            }
            _ => Ok(Recorded::UnderWay),
        }
    }
}

/// Held while a handler waits for a response: it may let go of its request at any time.
pub(super) struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    pub(super) fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the store knows of a request of a repeated turn.
enum Recorded {
    /// Its response.
    Answered(Incoming),
    /// It is being worked on.
    UnderWay,
    /// Nothing.
    Unknown,
}

fn ended() -> RequestError {
    RequestError::NotStored("the turn has ended: a request outlived its handler".into())
}

pub(super) fn not_read(error: &StoreError) -> RequestError {
    RequestError::Unknown(error.to_string().into())
}

pub(crate) fn timer_id(request: MessageId) -> MessageId {
    request.derive(&[b"timeout"])
}
