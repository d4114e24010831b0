//! What a harness writes down of a turn, and the script that answers its requests.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::handled::Sent;
use super::streams::{self, Flow, Scripted};
use crate::component::{
    Answered, Channel, ComponentKind, ComponentType, EmitError, Error, Incoming, Outgoing, RequestError, RespondError,
    Result, Turn,
};
use crate::message::{
    BlobStore, Decoded, Generates, Header, Invocation, Message, MessageId, MessageType, Respond, SessionId,
    SuspendReason, decode,
};
use crate::settings::ItemSettings;
use crate::store::blobs::Blobs;

/// Why a scripted request gets no response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoResponse {
    /// None within the timeout.
    TimedOut,
    /// The request failed for good, with this error, and waits for a person.
    Suspended(String),
    /// The item is stopped.
    Stopped,
    /// A person took the request out.
    Removed,
}

impl NoResponse {
    /// What the sender gets.
    pub(super) fn error(self, target: &Arc<str>, timeout: Option<Duration>) -> RequestError {
        let target = Arc::clone(target);
        match self {
            Self::TimedOut => {
                let timeout = timeout.unwrap_or_else(|| ItemSettings::default().request_timeout);
                RequestError::TimedOut { target, timeout }
            }
            Self::Suspended(error) => {
                RequestError::Suspended { target, reason: SuspendReason::Poison, error: error.into() }
            }
            Self::Stopped => RequestError::Stopped { target },
            Self::Removed => RequestError::Removed { target },
        }
    }
}

/// A response as its sender gets it.
pub(super) fn incoming<R: Respond>(response: R) -> Incoming {
    let body = serde_json::to_vec(&response);
    let body = body.unwrap_or_else(|error| panic!("a response of the script is not JSON: {error}"));
    let version = R::RESPONSE.map_or(1, |message| message.version);
    Incoming { value: Some(Box::new(response)), version, body: body.into() }
}

/// Answers a request, whose type it knows, from its body.
type Answer = Box<dyn FnMut(&[u8]) -> Scripted + Send>;

struct Script {
    message: &'static str,
    item: Option<Arc<str>>,
    answer: Answer,
}

/// A call whose response the process waits for.
#[derive(Debug, Clone)]
pub(super) struct OpenCall {
    pub(super) id: MessageId,
    pub(super) type_name: &'static str,
    pub(super) type_version: u32,
    pub(super) target: Arc<str>,
    pub(super) body: Bytes,
    pub(super) completion_key: Arc<str>,
    pub(super) timeout: Option<Duration>,
}

impl fmt::Display for OpenCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` to `{}`, key `{}`", self.type_name, self.target, self.completion_key)
    }
}

/// A timer that a process has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OpenTimer {
    pub(super) name: Arc<str>,
    pub(super) delay: Duration,
    /// The process is not complete before it has gone off.
    holds: bool,
}

/// What a harness and its turns share.
pub(super) struct Book {
    entries: Mutex<Entries>,
    flow: Mutex<Flow>,
    blobs: Blobs,
}

impl Default for Book {
    fn default() -> Self {
        Self { entries: Mutex::default(), flow: Mutex::default(), blobs: Blobs::in_memory() }
    }
}

#[derive(Default)]
struct Entries {
    scripts: Vec<Script>,
    sent: Vec<Sent>,
    calls: Vec<OpenCall>,
    group_ended: bool,
    timers: Vec<OpenTimer>,
    /// The timers as they were before the turn.
    timers_before: Vec<OpenTimer>,
    /// What the request of the process was answered before its end.
    reply: Option<Bytes>,
    /// Responses to requests that were deferred.
    answers: Vec<(MessageId, Bytes)>,
    /// How many of what was sent is committed.
    committed: usize,
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book").finish_non_exhaustive()
    }
}

impl Book {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        // A script that panics has failed its test; what was written down is whole.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes past the store.
    pub(super) fn flow(&self) -> MutexGuard<'_, Flow> {
        self.flow.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Contents that messages refer to.
    pub(super) fn blobs(&self) -> Arc<dyn BlobStore> {
        Arc::new(self.blobs.clone())
    }

    pub(super) fn script_chunks<M: Generates>(
        &self,
        mut answer: impl FnMut(M) -> (Vec<M::Chunk>, Result<M::Response, NoResponse>) + Send + 'static,
    ) {
        self.add(M::TYPE.name, None, move |message| {
            let (chunks, end) = answer(message);
            let chunks = chunks.into_iter().map(|chunk| Box::new(chunk) as Decoded).collect();
            Scripted { chunks, end: end.map(incoming) }
        });
    }

    pub(super) fn script<M: Message>(
        &self,
        item: Option<Arc<str>>,
        mut answer: impl FnMut(M) -> Result<M::Response, NoResponse> + Send + 'static,
    ) {
        self.add(M::TYPE.name, item, move |message| Scripted {
            chunks: Vec::new(),
            end: answer(message).map(incoming),
        });
    }

    fn add<M: Message>(
        &self,
        message: &'static str,
        item: Option<Arc<str>>,
        mut answer: impl FnMut(M) -> Scripted + Send + 'static,
    ) {
        let answer: Answer = Box::new(move |body| match decode::<M>(body) {
            Ok(message) => answer(message),
            Err(error) => Scripted { chunks: Vec::new(), end: Err(NoResponse::Suspended(error.to_string())) },
        });
        self.entries().scripts.push(Script { message, item, answer });
    }

    /// Answers by the latest script that fits; one for the item goes before one for all.
    pub(super) fn answer(&self, asking: &str, message: &str, to: &Arc<str>, body: &[u8]) -> Scripted {
        let mut entries = self.entries();
        let fits =
            |script: &&mut Script| script.message == message && script.item.as_ref().is_none_or(|item| item == to);
        let found = entries.scripts.iter_mut().rev().filter(fits).max_by_key(|script| script.item.is_some());
        let Some(script) = found else {
            drop(entries);
            panic!(
                "`{asking}` waits for `{to}` to answer a `{message}`, and nothing was said of that; \
                 write `.answer(|message: {message}| Ok(…))`"
            );
        };
        (script.answer)(body)
    }

    /// What was sent so far counts, even if the turn fails later.
    fn commit(&self) {
        let mut entries = self.entries();
        entries.committed = entries.sent.len();
    }

    /// What was sent since. Of a failed attempt only what was committed on the way counts.
    pub(super) fn take_sent(&self, succeeded: bool) -> Vec<Sent> {
        let mut entries = self.entries();
        let committed = std::mem::take(&mut entries.committed);
        let mut sent = std::mem::take(&mut entries.sent);
        if !succeeded {
            sent.truncate(committed);
            entries.calls.clear();
            entries.group_ended = false;
            entries.answers.clear();
            entries.timers = std::mem::take(&mut entries.timers_before);
        }
        sent
    }

    /// Whether a turn has ended its group since.
    pub(super) fn take_group_end(&self) -> bool {
        std::mem::take(&mut self.entries().group_ended)
    }

    /// A new request: nothing is left of the one before.
    pub(super) fn begin_request(&self) {
        let mut entries = self.entries();
        entries.timers.clear();
        entries.reply = None;
    }

    /// What the request was answered before its end.
    pub(super) fn reply(&self) -> Option<Bytes> {
        self.entries().reply.clone()
    }

    pub(super) fn take_answers(&self) -> Vec<(MessageId, Bytes)> {
        std::mem::take(&mut self.entries().answers)
    }

    pub(super) fn timers(&self) -> Vec<OpenTimer> {
        self.entries().timers.clone()
    }

    /// Whether the process waits for a timer.
    pub(super) fn is_held(&self) -> bool {
        self.entries().timers.iter().any(|timer| timer.holds)
    }

    /// The timer that goes off next among those that the process waits for.
    pub(super) fn next_timer(&self) -> Option<Arc<str>> {
        let entries = self.entries();
        let holding = entries.timers.iter().filter(|timer| timer.holds);
        holding.min_by_key(|timer| timer.delay).map(|timer| Arc::clone(&timer.name))
    }

    /// Takes a timer that goes off now.
    pub(super) fn take_timer(&self, name: &str) -> Option<OpenTimer> {
        let mut entries = self.entries();
        let at = entries.timers.iter().position(|timer| &*timer.name == name)?;
        Some(entries.timers.remove(at))
    }

    /// A timer whose turn failed is still to go off.
    pub(super) fn put_back(&self, timer: OpenTimer) {
        self.entries().timers.push(timer);
    }

    pub(super) fn take_calls(&self) -> Vec<OpenCall> {
        std::mem::take(&mut self.entries().calls)
    }
}

/// A turn of a harness.
#[derive(Debug)]
pub(super) struct HarnessTurn {
    item: Arc<str>,
    kind: ComponentKind,
    gathers: bool,
    header: Option<Header>,
    request: Option<Bytes>,
    /// The request that the turn may answer.
    answers: Option<MessageId>,
    origin: MessageId,
    session: SessionId,
    position: AtomicU32,
    book: Arc<Book>,
}

impl HarnessTurn {
    pub(super) fn new(
        item: Arc<str>,
        component: &ComponentType,
        header: Option<&Header>,
        request: Option<(MessageId, &Bytes)>,
        book: Arc<Book>,
    ) -> Self {
        let origin = header.map_or_else(MessageId::random, |header| header.id);
        let session = header.map_or_else(|| SessionId::of(origin), |header| header.session);
        let answers = request.map(|(id, _)| id);
        let (header, request) = (header.cloned(), request.map(|(_, body)| body.clone()));
        let mut entries = book.entries();
        entries.timers_before = entries.timers.clone();
        drop(entries);
        Self {
            item,
            kind: component.kind,
            gathers: component.correlate.is_some(),
            header,
            request,
            answers,
            origin,
            session,
            position: AtomicU32::new(0),
            book,
        }
    }

    fn note(&self, outgoing: &Outgoing) {
        let awaited = outgoing.invocation == Invocation::Sync;
        let key = outgoing.completion_key.clone();
        let mut entries = self.book.entries();
        entries.sent.push(Sent {
            target: outgoing.to.item.to_string(),
            type_name: outgoing.message.name,
            body: outgoing.body.clone(),
            invocation: outgoing.invocation,
            completion_key: key.as_deref().map(str::to_owned),
            timeout: outgoing.timeout,
        });
        if !awaited && outgoing.invocation == Invocation::Async && self.kind == ComponentKind::Process {
            entries.calls.push(OpenCall {
                id: self.origin.derive(&[&outgoing.position.to_le_bytes()]),
                type_name: outgoing.message.name,
                type_version: outgoing.message.version,
                target: Arc::clone(&outgoing.to.item),
                body: outgoing.body.clone(),
                completion_key: key.unwrap_or_else(|| Arc::from("")),
                timeout: outgoing.timeout,
            });
        }
    }
}

impl HarnessTurn {
    /// The type of the message of the turn.
    fn type_name(&self) -> Option<&str> {
        self.header.as_ref().map(|header| &*header.type_name)
    }

    fn needs_an_instance(&self) -> Result {
        if self.kind == ComponentKind::Process {
            Ok(())
        } else {
            Err(Error::fatal(format!("`{}` has no timers", self.item)))
        }
    }

    fn reply_now(&self, answered: Answered) -> Result<(), RespondError> {
        let Some(request) = self.answers else {
            return Err(RespondError::NoRequest { item: Arc::clone(&self.item) });
        };
        let mut entries = self.book.entries();
        if entries.reply.is_some() {
            return Err(RespondError::AlreadyAnswered { request });
        }
        entries.reply = Some(body_of(answered));
        drop(entries);
        // The response is durable together with what was sent before it.
        self.book.commit();
        Ok(())
    }
}

/// A response as JSON; `null` where there is none.
fn body_of(answered: Answered) -> Bytes {
    match answered {
        Answered::Response { body, .. } => body,
        _ => Bytes::from_static(b"null"),
    }
}

impl Turn for HarnessTurn {
    fn item(&self) -> &str {
        &self.item
    }

    fn session(&self) -> SessionId {
        self.session
    }

    fn message(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    fn origin(&self) -> MessageId {
        self.origin
    }

    fn request_body(&self) -> Option<Bytes> {
        self.request.clone()
    }

    fn end_group(&self) -> Result<(), RequestError> {
        if !self.gathers {
            return Err(RequestError::NotStored(format!("`{}` does not gather", self.item).into()));
        }
        self.book.entries().group_ended = true;
        Ok(())
    }

    fn commit_sends(self: Arc<Self>) -> BoxFuture<'static, Result<(), RequestError>> {
        self.book.commit();
        Box::pin(std::future::ready(Ok(())))
    }

    fn set_timer(&self, name: Arc<str>, delay: Duration, holds: bool) -> Result {
        self.needs_an_instance()?;
        let mut entries = self.book.entries();
        entries.timers.retain(|timer| timer.name != name);
        entries.timers.push(OpenTimer { name, delay, holds });
        Ok(())
    }

    fn cancel_timer(&self, name: Arc<str>) -> Result {
        self.needs_an_instance()?;
        self.book.entries().timers.retain(|timer| timer.name != name);
        Ok(())
    }

    fn sleep(self: Arc<Self>, _: u32, duration: Duration) -> BoxFuture<'static, Result<(), RequestError>> {
        self.book.commit();
        Box::pin(async move {
            tokio::time::sleep(duration).await;
            Ok(())
        })
    }

    fn reply(self: Arc<Self>, answered: Answered) -> BoxFuture<'static, Result<(), RespondError>> {
        Box::pin(std::future::ready(self.reply_now(answered)))
    }

    fn defer(&self, _: &'static MessageType) -> Result<MessageId, RespondError> {
        let item = Arc::clone(&self.item);
        self.answers.ok_or(RespondError::NoRequest { item })
    }

    fn respond_to(
        self: Arc<Self>,
        request: MessageId,
        answered: Answered,
    ) -> BoxFuture<'static, Result<(), RespondError>> {
        self.book.entries().answers.push((request, body_of(answered)));
        Box::pin(std::future::ready(Ok(())))
    }

    fn blobs(&self) -> Option<Arc<dyn BlobStore>> {
        Some(self.book.blobs())
    }

    fn open(self: Arc<Self>, outgoing: Outgoing) -> Result<Channel, RequestError> {
        self.note(&outgoing);
        self.book.commit();
        Ok(streams::opened(&self.book, &self.item, &outgoing))
    }

    fn emit(self: Arc<Self>, request: &'static str, chunk: Decoded) -> BoxFuture<'static, Result<(), EmitError>> {
        let asked = streams::asked(self.type_name(), request);
        let emitted = asked.map(|()| self.book.flow().emitted.push((request, chunk)));
        Box::pin(std::future::ready(emitted))
    }

    fn receive(self: Arc<Self>, request: &'static str) -> BoxFuture<'static, Result<Option<Decoded>, EmitError>> {
        let asked = streams::asked(self.type_name(), request);
        Box::pin(std::future::ready(asked.map(|()| self.book.flow().next(request))))
    }

    fn next_position(&self) -> u32 {
        self.position.fetch_add(1, Ordering::Relaxed)
    }

    fn send(&self, outgoing: Outgoing) -> Result<(), RequestError> {
        self.note(&outgoing);
        Ok(())
    }

    fn request(self: Arc<Self>, outgoing: Outgoing) -> BoxFuture<'static, Result<Incoming, RequestError>> {
        self.note(&outgoing);
        // What was sent before an awaited request is committed with it.
        self.book.commit();
        let answer = self.book.answer(&self.item, outgoing.message.name, &outgoing.to.item, &outgoing.body);
        Box::pin(std::future::ready(answer.end.map_err(|none| none.error(&outgoing.to.item, outgoing.timeout))))
    }
}
