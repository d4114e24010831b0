//! Generator requests: a bounded channel in memory between the turn that asks and the turn that works.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream;
use tokio::sync::mpsc;

use super::guard::Failed;
use super::turn::{EngineTurn, Waiting};
use super::waiters::{Caller, Delivered, Wait};
use crate::component::{Channel, Disposition, EmitError, Outgoing, Part, RequestError};
use crate::message::{Decoded, Invocation, MessageId};

/// Chunks that a consumer has not taken yet, at most; the same for input.
const AHEAD: usize = 16;

/// The open channels, by the request.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    open: Mutex<HashMap<MessageId, Arc<Producer>>>,
    /// How many, so that those who have none need not look.
    count: AtomicUsize,
}

/// The end of a channel at which chunks are made.
#[derive(Debug)]
pub(crate) struct Producer {
    chunks: mpsc::Sender<Decoded>,
    input: tokio::sync::Mutex<mpsc::Receiver<Decoded>>,
    emitted: AtomicBool,
}

impl Producer {
    /// Ready when nobody takes chunks any more.
    pub(crate) async fn consumer_gone(&self) {
        self.chunks.closed().await;
    }

    /// Whether a consumer may have seen chunks: then the work is not repeated.
    pub(crate) fn has_emitted(&self) -> bool {
        self.emitted.load(Ordering::Relaxed)
    }
}

/// Runs the handler of a generator request: no longer than somebody takes chunks, and once, if somebody may have.
pub(crate) async fn produced<T>(
    producer: &Producer,
    handler: impl Future<Output = Result<T, Failed>>,
) -> Result<T, Failed> {
    let result = tokio::select! {
        biased;
        result = handler => result,
        () = producer.consumer_gone() => return Err(Failed::unwanted()),
    };
    result.map_err(|failed| match failed.disposition {
        _ if failed.unwanted || !producer.has_emitted() => failed,
        _ => Failed { disposition: Disposition::Fatal, ..failed },
    })
}

impl Streams {
    fn lock(&self) -> MutexGuard<'_, HashMap<MessageId, Arc<Producer>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, request: MessageId) -> (mpsc::Receiver<Decoded>, mpsc::Sender<Decoded>) {
        let (chunks, taken) = mpsc::channel(AHEAD);
        let (input, given) = mpsc::channel(AHEAD);
        let producer = Producer { chunks, input: tokio::sync::Mutex::new(given), emitted: AtomicBool::new(false) };
        self.change(|open| drop(open.insert(request, Arc::new(producer))));
        (taken, input)
    }

    /// The channel of a request that somebody still takes chunks of.
    pub(crate) fn producer(&self, request: MessageId) -> Option<Arc<Producer>> {
        self.lock().get(&request).filter(|producer| !producer.chunks.is_closed()).map(Arc::clone)
    }

    /// The request is finished.
    pub(crate) fn close(&self, request: MessageId) {
        if self.count.load(Ordering::Relaxed) > 0 {
            self.change(|open| drop(open.remove(&request)));
        }
    }

    /// Forgets everything: after a failure of the store everybody starts over.
    pub(crate) fn clear(&self) {
        self.change(HashMap::clear);
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<MessageId, Arc<Producer>>)) {
        let mut open = self.lock();
        change(&mut open);
        self.count.store(open.len(), Ordering::Relaxed);
    }
}

/// The end of a channel at which chunks are taken.
struct Consumer {
    turn: Arc<EngineTurn>,
    request: MessageId,
    target: Arc<str>,
    timeout: Duration,
    chunks: mpsc::Receiver<Decoded>,
    wait: Wait,
    /// The answer has come; what is in the channel was sent before it.
    answer: Option<Option<Delivered>>,
    over: bool,
}

impl Consumer {
    async fn next(&mut self) -> Option<Part> {
        if self.over {
            return None;
        }
        if self.answer.is_none() {
            // The time that is waited is the producer's.
            let _waiting = Waiting::begin(&self.turn.waiting);
            tokio::select! {
                biased;
                Some(chunk) = self.chunks.recv() => return Some(Part::Chunk(chunk)),
                answer = tokio::time::timeout(self.timeout, self.wait.response()) => match answer {
                    Ok(answer) => self.answer = Some(answer),
                    Err(_) => {
                        self.over = true;
                        self.turn.abandon(self.request);
                        let error = RequestError::TimedOut { target: Arc::clone(&self.target), timeout: self.timeout };
                        return Some(Part::End(Err(error)));
                    }
                },
            }
        }
        if let Ok(chunk) = self.chunks.try_recv() {
            return Some(Part::Chunk(chunk));
        }
        self.over = true;
        let delivered = self.answer.take().flatten();
        Some(Part::End(self.turn.taken(delivered, &self.target).await))
    }
}

impl EngineTurn {
    /// See [`Turn::open`](crate::component::Turn::open).
    pub(crate) fn open(self: &Arc<Self>, outgoing: Outgoing) -> Result<Channel, RequestError> {
        let (index, target) = (outgoing.to.index, Arc::clone(&outgoing.to.item));
        let timeout = outgoing.timeout.unwrap_or(self.item.options.request_timeout);
        // Chunks are not on record, so a repeated turn asks anew.
        let request = MessageId::random();
        let mut emission = self.emission(outgoing, request)?;
        self.has_room_for(&emission)?;
        emission.maybe_stored = false;
        let wait = self.core.waiters.wait(request, index, Caller::Turn);
        let (chunks, input) = self.core.streams.open(request);
        if let Err(error) = self.send_now(emission, index, &target) {
            wait.cancel();
            self.core.streams.close(request);
            return Err(error);
        }
        let turn = Arc::clone(self);
        let consumer = Consumer { turn, request, target, timeout, chunks, wait, answer: None, over: false };
        let parts = stream::unfold(consumer, |mut consumer| async move {
            let part = consumer.next().await?;
            Some((part, consumer))
        });
        Ok(Channel { parts: Box::pin(parts), input })
    }

    /// The channel of the request that this turn works on; `None` where nobody takes chunks of it.
    fn channel(&self, request: &'static str) -> Result<Option<Arc<Producer>>, EmitError> {
        let asked = self.asked().filter(|asked| &*asked.header.type_name == request);
        let header = &asked.ok_or(EmitError::OtherRequest { request })?.header;
        if header.invocation != Invocation::Generator {
            return Ok(None);
        }
        self.core.streams.producer(header.id).map(Some).ok_or(EmitError::ConsumerGone)
    }

    /// See [`Turn::emit`](crate::component::Turn::emit).
    pub(crate) async fn emit(self: Arc<Self>, request: &'static str, chunk: Decoded) -> Result<(), EmitError> {
        let Some(producer) = self.channel(request)? else { return Ok(()) };
        producer.emitted.store(true, Ordering::Relaxed);
        // The time that is waited is the consumer's.
        let _waiting = Waiting::begin(&self.waiting);
        producer.chunks.send(chunk).await.map_err(|_| EmitError::ConsumerGone)
    }

    /// See [`Turn::receive`](crate::component::Turn::receive).
    pub(crate) async fn receive(self: Arc<Self>, request: &'static str) -> Result<Option<Decoded>, EmitError> {
        let Some(producer) = self.channel(request)? else { return Ok(None) };
        // What was taken in cannot be taken in again.
        producer.emitted.store(true, Ordering::Relaxed);
        let _waiting = Waiting::begin(&self.waiting);
        Ok(producer.input.lock().await.recv().await)
    }
}
