//! A worker: claim, decode, handle; how the turn ends is in `ending`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::activity::Busy;
use super::answers::Asked;
use super::core::Core;
use super::ending::{Attempt, Done};
use super::envelope::Envelope;
use super::express::Then;
use super::guard::{Failed, guarded};
use super::intent::{self, Intent};
use super::item::{ItemState, Pulse, Serving};
use super::lanes::instance_of;
use super::probe::CrashPoint;
use super::queue::{Queue, Source, Work};
use super::retry::backoff;
use super::streams::{self, Producer};
use super::suspects::Suspects;
use super::turn::{EngineTurn, Start};
use super::{groups, hops, intake, log, process, service};
use crate::clock::Timestamp;
use crate::component::{ComponentKind, Context, Entrance, Instance, Result, Turn};
use crate::message::{Header, Invocation, Kind, MessageId, SessionId};
use crate::store::{Outcome, Step};

/// A worker of an item, with its own instance of the component.
pub(crate) struct Worker {
    pub(crate) core: Arc<Core>,
    pub(crate) item: Arc<ItemState>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) instance: Box<dyn Instance>,
    /// After a turn: others may wait.
    pub(super) more: bool,
    /// After a turn: what it does next.
    pub(super) then: Then,
    /// So many messages of the express way it had one after the other.
    pub(super) in_a_row: u32,
    /// Held while it serves.
    serving: Option<Serving>,
    /// From before the start is known to be over until the worker serves: in between the item is not idle.
    starting: Option<Busy>,
}

/// So many messages of the express way one after the other, before others on the thread have a turn.
pub(super) const EXPRESS_IN_A_ROW: u32 = 32;

/// Why a worker stopped serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Stopped,
    /// Its component instance may be in any state.
    Panicked,
}

/// Runs a worker until it is stopped. `ready` is told when its component is initialised, or failed to.
pub(crate) async fn run(
    core: Arc<Core>,
    item: Arc<ItemState>,
    pulse: Arc<Pulse>,
    stop: CancellationToken,
    ready: oneshot::Sender<()>,
) {
    let mut ready = Some(ready);
    loop {
        let Some(mut worker) = Worker::start(&core, &item, &pulse, &stop, &mut ready).await else { return };
        let exit = match AssertUnwindSafe(worker.work(&stop)).catch_unwind().await {
            Ok(exit) => exit,
            Err(panic) => {
                pulse.set_busy(false);
                let failed = Failed::panicked(&*panic);
                log::turn_span(&core, &item, None).in_scope(|| log::worker_failed(&item, &failed));
                item.set_error(Some(failed.error.into()));
                drop(worker);
                if service::pause(&stop, item.options.backoff).await {
                    return;
                }
                continue;
            }
        };
        if exit == Exit::Stopped {
            worker
                .hook(HookName::Teardown)
                .await
                .unwrap_or_else(|failed| log::hook_failed(&item, "on_teardown", &failed));
            return;
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum HookName {
    Init,
    Teardown,
}

impl Worker {
    /// Builds and initialises the component, again and again until it works; `None` when stopped before that.
    async fn start(
        core: &Arc<Core>,
        item: &Arc<ItemState>,
        pulse: &Arc<Pulse>,
        stop: &CancellationToken,
        ready: &mut Option<oneshot::Sender<()>>,
    ) -> Option<Self> {
        let mut attempt = 0;
        loop {
            let built = catch_unwind(AssertUnwindSafe(|| item.build()));
            let failed = match built {
                Err(panic) => Failed::panicked(&*panic),
                Ok(Ok(instance)) => {
                    let mut worker = Self {
                        core: Arc::clone(core),
                        item: Arc::clone(item),
                        pulse: Arc::clone(pulse),
                        instance,
                        more: true,
                        then: Then::Look,
                        in_a_row: 0,
                        serving: None,
                        starting: None,
                    };
                    match worker.hook(HookName::Init).await {
                        Ok(()) => {
                            item.set_error(None);
                            worker.serving = Some(item.begin_serving());
                            worker.starting = Some(core.activity.begin(Some(item.index)));
                            // The starter may have stopped waiting.
                            ready.take().map(|ready| ready.send(()));
                            return Some(worker);
                        }
                        Err(failed) => failed,
                    }
                }
                Ok(Err(error)) => Failed::from(error),
            };
            log::hook_failed(item, "on_init", &failed);
            item.failed_to_start(failed.error.into());
            // What waits here will not be done soon: nobody waits for that.
            core.activity.less();
            ready.take().map(|ready| ready.send(()));
            attempt += 1;
            let pause = backoff(item.options.backoff, item.options.backoff_cap, attempt);
            tokio::select! {
                () = stop.cancelled() => return None,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Held by a service that fetches while it has not looked yet.
    pub(crate) fn busy(&mut self) -> Busy {
        self.starting.take().unwrap_or_else(|| self.core.activity.begin(Some(self.item.index)))
    }

    /// Replaces the component by a fresh instance.
    pub(crate) async fn renew(&mut self) -> Result<(), Failed> {
        self.instance = self.item.build()?;
        self.hook(HookName::Init).await
    }

    async fn hook(&mut self, hook: HookName) -> Result<(), Failed> {
        let origin = MessageId::random();
        let start = Start {
            origin,
            session: SessionId::of(origin),
            header: None,
            instance: None,
            request_body: None,
            repeated: false,
            asked: None,
        };
        let turn = EngineTurn::new(Arc::clone(&self.core), Arc::clone(&self.item), start);
        let mut cx = Context::new(Arc::clone(&turn) as Arc<dyn Turn>);
        let handler = match hook {
            HookName::Init => self.instance.init(&mut cx),
            HookName::Teardown => self.instance.teardown(&mut cx),
        };
        let span = log::turn_span(&self.core, &self.item, None);
        guarded(handler, &turn, &self.pulse, || ()).instrument(span).await?;
        let sends = turn.end();
        let commit = self.core.submit(Step { abandon: sends.abandoned, ..Step::default() }, sends.pending);
        self.core.not_awaited(commit);
        Ok(())
    }

    /// What its item is for, until it is stopped.
    async fn work(&mut self, stop: &CancellationToken) -> Exit {
        match self.item.component().entrance {
            Entrance::Poll => service::poll(self, stop).await,
            Entrance::Adapter(entrance) => intake::adapter(self, entrance, stop).await,
            Entrance::Queue | Entrance::Director { .. } => {
                // What waits in its queue says itself that it is there.
                self.starting.take();
                self.serve().await
            }
        }
    }

    /// Serves the queue.
    async fn serve(&mut self) -> Exit {
        let source = self.core.source();
        loop {
            let work = match std::mem::take(&mut self.then) {
                Then::Work(work) => work,
                then => match self.claim(then, &source).await {
                    Some(work) => work,
                    None => return Exit::Stopped,
                },
            };
            self.pulse.set_busy(true);
            self.more = true;
            let panicked = match work {
                Work::Message(envelope) => {
                    // Where nothing waits, asking for more lets others run as well; what came on the express way is mostly
                    // short.
                    self.in_a_row = EXPRESS_IN_A_ROW;
                    self.turn(*envelope).await
                }
                Work::Express(express, era) => {
                    self.in_a_row += 1;
                    self.express_turn(express, era).await
                }
            };
            self.pulse.set_busy(false);
            if panicked {
                return Exit::Panicked;
            }
            // A task that this turn woke may sit in this thread's slot: let it run before a handler that may block.
            if self.more && self.in_a_row >= EXPRESS_IN_A_ROW {
                step_aside().await;
            }
        }
    }

    /// The next message; `None` when stopped.
    async fn claim(&mut self, then: Then, source: &Source) -> Option<Work> {
        // Who had to wait, or to look, let others run.
        self.in_a_row = 0;
        if let Then::Wait = then {
            self.item.queue.waits(&self.pulse).await;
            if let Some(work) = self.item.queue.take_express(&self.pulse) {
                return Some(work);
            }
        }
        // Boxed: nothing is in a hurry that comes on this way, and it would make the rest large.
        Box::pin(self.item.queue.take(source, &self.pulse)).await
    }

    /// One turn; `true` when it panicked.
    async fn turn(&mut self, envelope: Envelope) -> bool {
        let (alone, is_stored) = (Suspects::is_one(&envelope), envelope.lease.is_some());
        let hand = InHand { queue: Arc::clone(&self.item.queue), envelope: Some(envelope) };
        // Not on the way of what is not stored, which is made to be short.
        if is_stored && self.item.options.pool_size > 1 {
            // The next worker was woken when this message was taken, and sits in the slot of this thread, from which no other
            // thread takes it: it must have run before a handler that may block.
            step_aside().await;
        }
        if !alone {
            return self.turn_in_hand(hand).await;
        }
        let core = Arc::clone(&self.core);
        let _alone = core.suspects.alone().await;
        let panicked = self.turn_in_hand(hand).await;
        // What it did is stored before the next one begins, which may be the one that ends the process.
        core.flush().await.unwrap_or_default();
        panicked
    }

    async fn turn_in_hand(&mut self, mut hand: InHand) -> bool {
        let Some(envelope) = hand.envelope.as_mut() else { return false };
        if !self.may_begin(envelope).await {
            hand.forget();
            return false;
        }
        let span = log::turn_span(&self.core, &self.item, Some(&envelope.header));
        let begun = self.core.clock.now();
        let id = envelope.header.id;
        self.core.halts_at(CrashPoint::BeforeHandler, &self.item, Some(id)).await;
        let outcome = match intent::declare(&self.core, &self.item, envelope, begun).await {
            Err(error) => {
                self.core.failure.report(&error);
                hand.forget();
                return false;
            }
            Ok(Intent::InDoubt) => Err(intent::in_doubt().into()),
            Ok(Intent::MayRun) => {
                // Should the process die of it, the next one knows.
                let flight = envelope.lease.map(|lease| self.core.store.attempting(lease.message));
                let outcome = self.attempt(envelope, begun).instrument(span.clone()).await;
                if let (Some(flight), Ok(_)) = (flight, &outcome) {
                    flight.succeeded();
                }
                outcome
            }
        };
        self.core.halts_at(CrashPoint::AfterHandler, &self.item, Some(id)).await;
        let Some(envelope) = hand.take() else { return false };
        let _entered = span.enter();
        self.settle(envelope, begun, outcome)
    }

    /// Stores how the turn on a message ended; `true` where the component panicked.
    pub(super) fn settle(&mut self, mut envelope: Envelope, begun: Timestamp, outcome: Result<Done, Attempt>) -> bool {
        match outcome {
            Ok(done) => {
                // What the store was recovered under is void: it is delivered again, and what it sent with it.
                if self.item.queue.is_current(&envelope) {
                    self.complete(&mut envelope, begun, done);
                    self.reached();
                }
                self.item.queue.done(&envelope);
                false
            }
            Err(attempt) => {
                let panicked = attempt.failed.panicked;
                if self.item.queue.is_current(&envelope) {
                    self.fail(envelope, begun, attempt);
                }
                panicked
            }
        }
    }

    /// What the message is for.
    async fn attempt(&mut self, envelope: &mut Envelope, begun: Timestamp) -> Result<Done, Attempt> {
        match envelope.header.kind {
            Kind::Request => caught(self.request(envelope, begun)).await,
            // Boxed, as whatever is long and rare in a turn: a future is as large as the largest that it awaits, and is moved.
            Kind::Response | Kind::Timer => Box::pin(caught(process::callback(self, envelope, begun))).await,
        }
    }

    /// Waits for what must be durable before the handler runs; `false` where the message turns out not to be stored.
    async fn may_begin(&mut self, envelope: &mut Envelope) -> bool {
        // An operation touches the outside: its message must be durable first.
        if self.item.kind() != ComponentKind::Operation {
            return true;
        }
        match envelope.commit.wait().await {
            // The store had it already and delivers it itself.
            Ok(Outcome::Committed { duplicates }) if duplicates.contains(&envelope.header.id) => false,
            Ok(outcome) => outcome.is_stored(),
            Err(error) => {
                self.core.failure.report(&error);
                false
            }
        }
    }

    /// Where the chunks of a generator request go; `None` for any other request.
    fn producer(&self, header: &Header) -> Result<Option<Arc<Producer>>, Failed> {
        if header.invocation != Invocation::Generator {
            return Ok(None);
        }
        // After a restart nobody takes them: the consumer's turn asks anew.
        self.core.streams.producer(header.id).map(Some).ok_or_else(Failed::unwanted)
    }

    /// The turn of a request.
    async fn request(&mut self, envelope: &mut Envelope, begun: Timestamp) -> Result<Done, Attempt> {
        hops::check(&self.core, &self.item, envelope).await?;
        let header = &envelope.header;
        let Some(message) = self.instance.message_type(&header.type_name) else {
            return Err(
                Failed::schema(format!("`{}` has no handler for `{}`", self.item.name, header.type_name)).into()
            );
        };
        let value = match envelope.value.take() {
            Some(value) => value,
            None => message.read(header.type_version, &envelope.body).map_err(Failed::schema)?.0,
        };
        let group = groups::of(self, envelope).await?;
        let header = &envelope.header;
        let of_turn = Arc::new(header.clone());
        let turn = EngineTurn::new(
            Arc::clone(&self.core),
            Arc::clone(&self.item),
            Start {
                origin: header.id,
                session: header.session,
                header: Some(Arc::clone(&of_turn)),
                instance: Some(instance_of(envelope)),
                request_body: Some(envelope.body.clone()),
                repeated: envelope.repeated,
                asked: (self.item.kind() != ComponentKind::Service).then(|| Asked {
                    header: of_turn,
                    caller: envelope.instance,
                    response: (message.response)(),
                    transient: envelope.lease.is_none(),
                    answered: false,
                }),
            },
        );
        let producer = self.producer(header)?;
        let mut cx = Context::new(Arc::clone(&turn) as Arc<dyn Turn>);
        let slow = mark_in_flight(&self.core, envelope, begun);
        self.instance.reset_state();
        if let Some(group) = &group {
            self.enter(group)?;
        }
        let answered = {
            let handler = match self.item.component().entrance {
                Entrance::Director { .. } => self.instance.process_input(value, &mut cx),
                _ => self.instance.handle(message, value, &mut cx),
            };
            let Some(handler) = handler else {
                let error = format!("`{}` has no handler for `{}`", self.item.name, message.name);
                return Err(Failed::schema(error).into());
            };
            let answered = match producer.as_deref() {
                None => guarded(handler, &turn, &self.pulse, slow).await,
                Some(producer) => {
                    Box::pin(streams::produced(producer, guarded(handler, &turn, &self.pulse, slow))).await
                }
            };
            answered.map_err(|failed| Attempt::of(&turn, failed))?
        };
        if let Some(group) = group {
            return Box::pin(groups::after_request(self, envelope, &turn, answered, group)).await;
        }
        if self.item.kind() == ComponentKind::Process {
            return process::after_request(self, envelope, &turn, &mut cx, answered).await;
        }
        let reply = self.reply_to(&turn, envelope, answered)?;
        Ok(Done { sends: turn.end(), reply, ..Done::default() })
    }
}

/// Lets run first what is next on this thread. Other than after `yield_now`, the worker waits where another thread can take it:
/// what is next may block this one.
async fn step_aside() {
    let mut has_stepped = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut has_stepped, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// Handlers are guarded, but a component has code elsewhere too: its state and its messages are read and written.
fn caught(turn: impl Future<Output = Result<Done, Attempt>>) -> impl Future<Output = Result<Done, Attempt>> {
    // No `async fn`, which would keep the turn twice: as what it was given, and as what it awaits.
    let caught = AssertUnwindSafe(turn).catch_unwind();
    caught.map(|caught| caught.unwrap_or_else(|panic| Err(Failed::panicked(&*panic).into())))
}

/// Marks a message as in flight; called when its handler takes its time.
pub(crate) fn mark_in_flight(core: &Arc<Core>, envelope: &Envelope, begun: Timestamp) -> impl FnOnce() + use<> {
    let core = Arc::clone(core);
    let lease = envelope.lease;
    move || {
        if let Some(lease) = lease {
            // Informs only: the turn's own commit says whether it took effect.
            let _commit = core.submit(Step { start: vec![(lease, begun)], ..Step::default() }, Vec::new());
        }
    }
}

/// A message in the hands of a worker. When the worker is dropped in the middle, it goes back to the queue.
pub(super) struct InHand {
    pub(super) queue: Arc<Queue>,
    pub(super) envelope: Option<Envelope>,
}

impl InHand {
    pub(super) fn take(&mut self) -> Option<Envelope> {
        self.envelope.take()
    }

    /// The message is not in the store after all.
    fn forget(&mut self) {
        if let Some(envelope) = self.envelope.take() {
            self.queue.done(&envelope);
        }
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        if let Some(mut envelope) = self.envelope.take() {
            envelope.repeated = true;
            self.queue.put_back(envelope);
        }
    }
}
