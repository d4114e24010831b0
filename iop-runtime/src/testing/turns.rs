//! The turns of a harness: what the engine would call, in the order in which it would.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};
use tracing::Instrument;

use super::book::{Book, HarnessTurn, NoResponse, OpenCall, incoming};
use super::handled::{Given, Handled, Later, Outcome};
use super::harness::Harness;
use crate::clock::{Clock, SystemClock};
use crate::component::{
    Answered, ComponentKind, Context, ErasedResponse, Error, Handlers, Handles, Hook, Incoming, ProcessInput, Result,
    Timer,
};
use crate::message::{Header, Invocation, Kind, Message, MessageId, Priority, SessionId, Status};

/// A request that a process works on, between two turns.
#[derive(Debug)]
pub(super) struct Request {
    header: Header,
    body: Bytes,
    open: Vec<OpenCall>,
    /// What the handler answered, where it did; `on_complete` may answer otherwise.
    answer: Given,
    completed: bool,
    state: Bytes,
}

impl<C: Handlers> Harness<C> {
    /// `on_init`, where there is one.
    pub async fn init(&mut self) -> Handled<()> {
        self.hook(C::TABLE.init).await
    }

    /// `on_check`; `None` where there is none. It is called on a component that was not initialised.
    pub async fn check(&mut self) -> Option<Result> {
        let hook = C::TABLE.check?;
        Some(hook(self.component()).await)
    }

    /// `on_teardown`, where there is one.
    pub async fn teardown(&mut self) -> Handled<()> {
        self.hook(C::TABLE.teardown).await
    }

    async fn hook(&mut self, hook: Option<Hook<C>>) -> Handled<()> {
        let turn = self.turn(None, None, move |component, cx| match hook {
            Some(hook) => Box::pin(async move { hook(component, cx).await.map(|()| Answered::Nothing) }),
            None => Box::pin(ready(Ok(Answered::Nothing))),
        });
        turn.await.into()
    }

    /// `on_process_input` of a service, with a message or with what its adapter brings; `()` in a service that polls.
    pub async fn input(&mut self, input: C::Input) -> Handled<Later>
    where
        C: ProcessInput,
    {
        let handler = C::TABLE.input.as_ref().map(|handler| handler.call);
        let turn = self.turn(None, None, move |component, cx| match handler {
            Some(call) => call(component, Box::new(input), cx),
            None => Box::pin(ready(Err(Error::fatal("it has no `on_process_input`")))),
        });
        turn.await.into()
    }

    /// One turn of the handler of `M`. A process that makes calls has its next turns in [`respond`](Self::respond);
    /// [`run`](Self::run) has all of them at once.
    pub async fn handle<M: Message>(&mut self, message: M) -> Handled<M::Response>
    where
        C: Handles<M>,
    {
        self.handled(message).await.into()
    }

    /// Every turn of a request: the handler's, and in a process that makes calls, `on_response` for each of them in the
    /// order in which they were made, `on_timer` for each timer that it waits for, and `on_complete`. The script answers the
    /// calls.
    pub async fn run<M: Message>(&mut self, message: M) -> Handled<M::Response>
    where
        C: Handles<M>,
    {
        let mut outcome = self.handled(message).await;
        while outcome.result.is_ok()
            && let Some(request) = &self.request
        {
            let next = match (request.open.first(), self.book.next_timer()) {
                (Some(call), _) => {
                    let response = self.book.answer(&self.item, call.type_name, &call.target, &call.body).end;
                    self.responded(0, response).await
                }
                (None, Some(timer)) => self.timed(&timer).await,
                (None, None) => break,
            };
            outcome.then(next);
        }
        outcome.into()
    }

    /// The response to a call that the process waits for, named by its completion key (`""` where it has none): one turn
    /// of `on_response`, and with the last response `on_complete`.
    ///
    /// # Panics
    /// Where the process waits for no such call.
    pub async fn respond<M: Message>(
        &mut self,
        completion_key: &str,
        response: Result<M::Response, NoResponse>,
    ) -> Handled<Later> {
        let open = self.request.as_ref().map_or(&[][..], |request| &request.open);
        let wanted = |call: &OpenCall| call.type_name == M::TYPE.name && &*call.completion_key == completion_key;
        let Some(at) = open.iter().position(wanted) else {
            let open: Vec<_> = open.iter().map(ToString::to_string).collect();
            let (item, wanted) = (&self.item, M::TYPE.name);
            panic!("`{item}` waits for no `{wanted}` with the key `{completion_key}`, but for: {}", open.join(", "));
        };
        self.responded(at, response.map(incoming)).await.into()
    }

    /// A timer of the process goes off, whenever it was due: one turn of `on_timer`.
    ///
    /// # Panics
    /// Where no such timer is set.
    pub async fn fire(&mut self, timer: &str) -> Handled<Later> {
        self.timed(timer).await.into()
    }

    async fn timed(&mut self, name: &str) -> Outcome {
        let set: Vec<_> = self.book.timers().iter().map(|timer| format!("`{}`", timer.name)).collect();
        let item = Arc::clone(&self.item);
        let Some(timer) = self.book.take_timer(name) else {
            panic!("`{item}` has set no timer `{name}`; it has set: {}", set.join(", "));
        };
        let Some(request) = &self.request else { return Outcome::default() };
        let (state, body, of) = (request.state.clone(), request.body.clone(), request.header.clone());
        let header =
            Header { session: of.session, parent: Some(of.id), kind: Kind::Timer, ..entering("iop.timer", 1, &item) };
        let gone_off = Timer::new(Arc::clone(&timer.name), SystemClock.now());
        let component = self.component();
        component.reset_state();
        let loaded = component.load_state(&state);
        let turn = self.turn(Some(&header), Some((of.id, &body)), |component, cx| match (loaded, C::TABLE.timer) {
            (Err(error), _) => Box::pin(ready(Err(error))),
            (Ok(()), None) => Box::pin(ready(Ok(Answered::Nothing))),
            (Ok(()), Some(hook)) => {
                Box::pin(async move { hook(component, gone_off, cx).await.map(|()| Answered::Nothing) })
            }
        });
        let outcome = turn.await;
        let more = self.book.take_calls();
        let Some(request) = self.request.as_mut() else { return outcome };
        if outcome.result.is_err() {
            self.book.put_back(timer);
            return outcome;
        }
        request.open.extend(more);
        self.finish(outcome).await
    }

    async fn handled<M: Message>(&mut self, message: M) -> Outcome {
        let body = serde_json::to_vec(&message).map(Bytes::from);
        let body = body.unwrap_or_else(|error| panic!("the message `{}` is not JSON: {error}", M::TYPE.name));
        let header = entering(M::TYPE.name, M::TYPE.version, &self.item);
        let group = self.group_of(&message);
        self.component().reset_state();
        if let Some(state) = group.as_ref().and_then(|group| self.groups.get(group).cloned()) {
            let loaded = self.component().load_state(&state);
            loaded.unwrap_or_else(|error| panic!("the state of the group: {}", error.chain()));
        }
        self.request = None;
        self.book.begin_request();
        let handler = C::TABLE.messages.iter().find(|handler| handler.message.name == M::TYPE.name);
        let turn = self.turn(Some(&header), Some((header.id, &body)), |component, cx| match handler {
            Some(handler) => (handler.call)(component, Box::new(message), cx),
            None => Box::pin(ready(Err(Error::fatal("it has no such handler")))),
        });
        let outcome = turn.await;
        let open = self.book.take_calls();
        if let Some(group) = group {
            self.keep_group(group, outcome.result.is_ok());
            return outcome;
        }
        match &outcome.result {
            Ok(given) if C::TYPE.kind == ComponentKind::Process => {
                if open.is_empty() && !self.book.is_held() && *given != Given::Pending {
                    return outcome;
                }
                let answer = given.clone();
                self.request = Some(Request { header, body, open, answer, completed: false, state: Bytes::new() });
                self.finish(outcome).await
            }
            _ => outcome,
        }
    }

    /// The value of the key by which the process gathers.
    fn group_of<M: Message>(&self, message: &M) -> Option<String> {
        let key = C::TYPE.correlate?;
        let value = message.keys().into_iter().find(|(name, _)| *name == key).map(|(_, value)| value);
        Some(value.unwrap_or_else(|| panic!("the `{}` has no value for the key `{key}`", M::TYPE.name)))
    }

    fn keep_group(&mut self, group: String, succeeded: bool) {
        if self.book.take_group_end() {
            self.groups.remove(&group);
        } else if succeeded {
            let state = self.component().save_state();
            let state = state.unwrap_or_else(|error| panic!("the state of the group: {}", error.chain()));
            self.groups.insert(group, state);
        }
    }

    async fn responded(&mut self, at: usize, response: Result<Incoming, NoResponse>) -> Outcome {
        let Some(request) = self.request.as_mut() else { return Outcome::default() };
        let call = request.open.remove(at);
        let (state, body, of) = (request.state.clone(), request.body.clone(), request.header.id);
        let header = response_to(&call, &request.header);
        let erased = ErasedResponse {
            completion_key: Arc::clone(&call.completion_key),
            request: call.body.clone(),
            request_version: call.type_version,
            target: Arc::clone(&call.target),
            result: response.map_err(|none| none.error(&call.target, call.timeout)),
        };
        let component = self.component();
        component.reset_state();
        let loaded = component.load_state(&state);
        let handler = C::TABLE.responses.iter().find(|handler| handler.message.name == call.type_name);
        let turn = self.turn(Some(&header), Some((of, &body)), |component, cx| match (loaded, handler) {
            (Err(error), _) => Box::pin(ready(Err(error))),
            (Ok(()), None) => Box::pin(ready(Ok(Answered::Nothing))),
            (Ok(()), Some(handler)) => {
                Box::pin(async move { (handler.call)(component, erased, cx).await.map(|()| Answered::Nothing) })
            }
        });
        let outcome = turn.await;
        let more = self.book.take_calls();
        let Some(request) = self.request.as_mut() else { return outcome };
        if outcome.result.is_err() {
            // A failed attempt leaves everything as it was: the call is still waited for.
            request.open.insert(at, call);
            return outcome;
        }
        request.open.extend(more);
        self.finish(outcome).await
    }

    /// After a turn: `on_complete` where nothing is waited for any more, or the state is kept.
    async fn finish(&mut self, mut outcome: Outcome) -> Outcome {
        let Some(mut request) = self.request.take() else { return outcome };
        let waits = |request: &Request, book: &Book| !request.open.is_empty() || book.is_held();
        if !waits(&request, &self.book) && !request.completed {
            let handler =
                C::TABLE.completions.iter().find(|handler| *handler.message.name == *request.header.type_name);
            if let Some(handler) = handler {
                let (header, body) = (request.header.clone(), request.body.clone());
                let turn = self.turn(Some(&header), Some((header.id, &body)), |component, cx| {
                    (handler.call)(component, request.body.clone(), cx)
                });
                let completion = turn.await;
                if let Ok(given) = &completion.result {
                    request.answer = given.clone();
                    request.completed = true;
                    request.open = self.book.take_calls();
                }
                outcome.then(completion);
                if outcome.result.is_err() {
                    return outcome;
                }
            }
        }
        if !waits(&request, &self.book) {
            self.book.begin_request();
            outcome.timers.clear();
            outcome.result = Ok(request.answer);
            return outcome;
        }
        match self.component().save_state() {
            Ok(state) => {
                request.state = state;
                self.request = Some(request);
                outcome.result = Ok(Given::Pending);
            }
            Err(error) => outcome.result = Err(error),
        }
        outcome
    }

    /// One turn: what was sent and said in it, and how it ended.
    async fn turn<F>(&mut self, header: Option<&Header>, request: Option<(MessageId, &Bytes)>, call: F) -> Outcome
    where
        F: for<'a> FnOnce(&'a mut C, &'a mut Context) -> BoxFuture<'a, Result<Answered>>,
    {
        let turn = HarnessTurn::new(Arc::clone(&self.item), C::TYPE, header, request, Arc::clone(&self.book));
        let span = self.log.span(&self.item, &turn);
        let mut cx = Context::new(Arc::new(turn));
        let result = call(self.component(), &mut cx).instrument(span).await;
        let result = result.map(Given::from).map_err(|error| error.classified(C::TYPE.errors));
        let sent = self.book.take_sent(result.is_ok());
        let timers = self.book.timers().into_iter().map(|timer| (timer.name.to_string(), timer.delay)).collect();
        let (reply, answers) = (request.and_then(|_| self.book.reply()), self.book.take_answers());
        let (chunks, input) = self.book.flow().take();
        let log = self.log.take().await;
        Outcome { item: Arc::clone(&self.item), result, sent, log, reply, answers, timers, chunks, input }
    }
}

/// The header of a request that comes from outside.
fn entering(type_name: &str, type_version: u32, item: &Arc<str>) -> Header {
    let id = MessageId::random();
    let now = SystemClock.now();
    Header {
        id,
        sequence: 1,
        session: SessionId::of(id),
        parent: None,
        position: 0,
        source: None,
        target: Some(Arc::clone(item)),
        type_name: type_name.into(),
        type_version,
        kind: Kind::Request,
        invocation: Invocation::Sync,
        status: Status::InFlight,
        reason: None,
        priority: Priority::NORMAL,
        created: now,
        started: Some(now),
        ended: None,
        due: None,
        attempt: 0,
        crashes: 0,
        error: None,
        late: false,
        completion_key: None,
        description: None,
        order_key: None,
        failing: None,
    }
}

/// The header of the response to a call of the request `of`.
fn response_to(call: &OpenCall, of: &Header) -> Header {
    Header {
        session: of.session,
        parent: Some(call.id),
        source: Some(Arc::clone(&call.target)),
        kind: Kind::Response,
        invocation: Invocation::Async,
        completion_key: Some(Arc::clone(&call.completion_key)).filter(|key| !key.is_empty()),
        ..entering("", 1, of.target.as_ref().unwrap_or(&call.target))
    }
}
