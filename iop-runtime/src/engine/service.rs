//! Services that fetch their input: polls and adapters.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::activity::Busy;
use super::core::Core;
use super::guard::{Failed, guarded};
use super::item::ItemState;
use super::probe::CrashPoint;
use super::retry::backoff;
use super::turn::{EngineTurn, Sends, Start};
use super::worker::{Exit, Worker};
use super::{log, schedule};
use crate::adapter::{Committed, DynAdapter, Inbound, Received};
use crate::component::{Context, Disposition, Error, ItemConfig, Result, Turn};
use crate::message::{MessageId, SessionId};
use crate::settings::FirstCall;
use crate::store::{Outcome, Step, StoreError};

/// How often a service looks whether there is room again.
const ROOM_INTERVAL: Duration = Duration::from_millis(250);

/// Why nothing comes in.
pub(crate) const NO_SPACE: &str = "no space is left on the disk of the store: nothing new is taken until there is";

/// Calls `on_process_input` in intervals. A call never overlaps the one before.
pub(crate) async fn poll(worker: &mut Worker, stop: &CancellationToken) -> Exit {
    let interval = worker.item.options.call_interval;
    // Busy until the first call is over: a production that has not looked yet is not idle.
    let mut busy = Some(worker.busy());
    if worker.item.options.call_schedule.is_some() {
        // Nobody waits for tomorrow morning.
        busy.take();
    }
    let waits = busy.is_none() || worker.item.options.first_call == FirstCall::AfterInterval;
    if waits && schedule::pause(&worker.core, &worker.item, tokio::time::Instant::now(), stop).await {
        return Exit::Stopped;
    }
    loop {
        if room(&worker.core, &worker.item, stop).await == Room::Stopped {
            return Exit::Stopped;
        }
        let begun = tokio::time::Instant::now();
        let next = begun + interval;
        let origin = MessageId::random();
        worker.pulse.set_busy(true);
        let span = log::input_span(&worker.core, &worker.item, SessionId::of(origin));
        let result = input(worker, origin, false, Box::new(())).instrument(span.clone()).await;
        worker.pulse.set_busy(false);
        match result {
            Ok(sends) => {
                if sends.sent_something() {
                    worker.item.noticed.active(worker.core.clock.now());
                }
                let step = Step { abandon: sends.abandoned, ..Step::default() };
                worker.core.passes(CrashPoint::BeforeCommit, &worker.item, None);
                let commit = worker.core.submit(step, sends.pending);
                worker.core.passes(CrashPoint::AfterCommit, &worker.item, None);
                worker.item.completed.fetch_add(1, Ordering::Relaxed);
                // The next call waits for this one to be durable: a poll may have looked at the outside.
                if let Err(error) = commit.wait().await {
                    worker.core.failure.report(&error);
                }
            }
            Err(failed) => {
                worker.item.failed.fetch_add(1, Ordering::Relaxed);
                span.in_scope(|| log::poll_failed(&failed));
                if failed.panicked {
                    busy.take();
                    // A fresh component looks at once: no sooner than this one would have looked again.
                    let next = next.saturating_duration_since(tokio::time::Instant::now());
                    return if pause(stop, next).await { Exit::Stopped } else { Exit::Panicked };
                }
            }
        }
        busy.take();
        if schedule::pause(&worker.core, &worker.item, begun, stop).await {
            return Exit::Stopped;
        }
    }
}

/// Takes what an adapter brings.
pub(crate) async fn adapter(
    worker: &mut Worker,
    build: fn(&ItemConfig) -> Result<Box<dyn DynAdapter>>,
    stop: &CancellationToken,
) -> Exit {
    let mut intake = Intake { busy: Some(worker.busy()), ..Intake::default() };
    while !stop.is_cancelled() {
        let renewed = if std::mem::take(&mut intake.panicked) { worker.renew().await } else { Ok(()) };
        let adapter = match renewed {
            Ok(()) => opened(worker, build).await,
            Err(failed) => {
                intake.panicked = true;
                Err(Error::retry(failed.error))
            }
        };
        let result = match adapter {
            Ok(mut adapter) => intake.receive(worker, &mut *adapter, stop).await,
            Err(error) => Err(error),
        };
        let error = match result {
            Ok(exit) => return exit,
            Err(error) => error.chain(),
        };
        intake.failures += 1;
        if intake.failing.is_none() {
            // An outside that cannot be reached must not keep a production from ending.
            intake.busy.take();
        }
        let wait = backoff(worker.item.options.backoff, worker.item.options.backoff_cap, intake.failures);
        log::turn_span(&worker.core, &worker.item, None).in_scope(|| log::adapter_failed(&error, wait));
        worker.item.set_error(Some(error.into()));
        if pause(stop, wait).await {
            break;
        }
    }
    Exit::Stopped
}

async fn opened(
    worker: &mut Worker,
    build: fn(&ItemConfig) -> Result<Box<dyn DynAdapter>>,
) -> Result<Box<dyn DynAdapter>> {
    let mut adapter = build(&worker.item.config)?;
    let span = log::turn_span(&worker.core, &worker.item, None);
    adapter.open().instrument(span).await?;
    Ok(adapter)
}

type AnyInbound = Inbound<Box<dyn Any + Send>, Box<dyn Any + Send>>;

/// What is known between the inputs of an adapter.
#[derive(Debug, Default)]
struct Intake {
    /// Held until the adapter has nothing more.
    busy: Option<Busy>,
    /// Failures in a row, for the backoff.
    failures: u32,
    /// The input that failed last, and how often.
    failing: Option<(String, u32)>,
    /// The component panicked: it may be in any state and is replaced before it gets another input.
    panicked: bool,
}

impl Intake {
    /// Receives until stopped; an error means that the adapter has to be opened again. It then gives again what was
    /// not acknowledged.
    async fn receive(
        &mut self,
        worker: &mut Worker,
        adapter: &mut dyn DynAdapter,
        stop: &CancellationToken,
    ) -> Result<Exit> {
        loop {
            if room(&worker.core, &worker.item, stop).await == Room::Stopped {
                return Ok(Exit::Stopped);
            }
            let span = log::turn_span(&worker.core, &worker.item, None);
            let received = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(Exit::Stopped),
                received = adapter.receive().instrument(span) => received?,
            };
            match received {
                Received::Input(inbound) => {
                    self.busy.get_or_insert_with(|| worker.core.activity.begin(Some(worker.item.index)));
                    if let Some(exit) = self.take(worker, adapter, inbound).await? {
                        return Ok(exit);
                    }
                    continue;
                }
                Received::NotYet => {
                    self.busy.get_or_insert_with(|| worker.core.activity.begin(Some(worker.item.index)));
                }
                Received::Nothing => {
                    self.busy.take();
                }
            }
            self.failures = 0;
            worker.item.set_error(None);
            let now = tokio::time::Instant::now();
            if schedule::pause(&worker.core, &worker.item, now, stop).await {
                return Ok(Exit::Stopped);
            }
        }
    }

    /// One input: its turn, its commit, and only then its acknowledgement.
    async fn take(
        &mut self,
        worker: &mut Worker,
        adapter: &mut dyn DynAdapter,
        inbound: AnyInbound,
    ) -> Result<Option<Exit>> {
        let Inbound { input: value, identity, label, ticket } = inbound;
        let origin = identity.unwrap_or_else(MessageId::random);
        let span = log::input_span(&worker.core, &worker.item, SessionId::of(origin));
        if let Some(mark) = identity
            && worker.core.store.is_marked(mark).await?
        {
            span.in_scope(|| log::input_known(&label));
            adapter.accepted(ticket, Committed::new(true)).instrument(span).await?;
            return Ok(None);
        }
        worker.pulse.set_busy(true);
        // With an identity the same input may have been tried before a crash, so what it sent may be stored.
        let result = input(worker, origin, identity.is_some(), value).instrument(span.clone()).await;
        worker.pulse.set_busy(false);
        match result {
            Ok(sends) => {
                let duplicate = stored(worker, identity, sends).await?;
                worker.item.noticed.active(worker.core.clock.now());
                worker.item.completed.fetch_add(1, Ordering::Relaxed);
                (self.failures, self.failing) = (0, None);
                span.in_scope(|| if duplicate { log::input_known(&label) } else { log::input_accepted(&label) });
                adapter.accepted(ticket, Committed::new(duplicate)).instrument(span).await?;
                Ok(None)
            }
            Err(failed) => {
                worker.item.failed.fetch_add(1, Ordering::Relaxed);
                self.failed(&worker.item, adapter, Taken { label, ticket }, failed).instrument(span).await
            }
        }
    }

    /// The turn of an input failed: it is set aside, or the adapter starts over and gives it again.
    async fn failed(
        &mut self,
        item: &ItemState,
        adapter: &mut dyn DynAdapter,
        input: Taken,
        failed: Failed,
    ) -> Result<Option<Exit>> {
        let attempt = match &self.failing {
            Some((failing, times)) if *failing == input.label => times + 1,
            _ => 1,
        };
        let given_up = match failed.disposition {
            Disposition::Fatal => true,
            Disposition::Retry | Disposition::NotSent => attempt >= item.options.attempts,
            Disposition::Unavailable => false,
        };
        if given_up {
            self.failing = None;
            log::input_refused(&input.label, &failed.error);
            adapter.refused(input.ticket, &failed.error).await?;
            return Ok(failed.panicked.then_some(Exit::Panicked));
        }
        self.failing = Some((input.label, attempt));
        self.panicked = failed.panicked;
        // The value is spent: the adapter gives the input again when it is opened anew.
        Err(Error::retry(failed.error))
    }
}

/// An input that an adapter gave and that is not acknowledged yet.
struct Taken {
    label: String,
    ticket: Box<dyn Any + Send>,
}

/// Commits an input's turn; `true` where the same input was stored before.
async fn stored(worker: &mut Worker, mark: Option<MessageId>, sends: Sends) -> Result<bool, StoreError> {
    let step = Step { mark, abandon: sends.abandoned, ..Step::default() };
    worker.core.halts_at(CrashPoint::BeforeCommit, &worker.item, None).await;
    let commit = worker.core.submit(step, sends.pending);
    worker.core.halts_at(CrashPoint::AfterCommit, &worker.item, None).await;
    match commit.wait().await {
        Ok(outcome) => Ok(outcome == Outcome::AlreadyDone),
        Err(error) => {
            worker.core.failure.report(&error);
            Err(error)
        }
    }
}

/// What came of waiting for room on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    There,
    Stopped,
}

/// Waits until the store has room for something new: what is not fetched stays where it is.
async fn room(core: &Core, item: &ItemState, stop: &CancellationToken) -> Room {
    if !core.store.is_short_of_space() {
        return Room::There;
    }
    item.set_error(Some(NO_SPACE.into()));
    while core.store.is_short_of_space() {
        if pause(stop, ROOM_INTERVAL).await {
            return Room::Stopped;
        }
    }
    item.set_error(None);
    Room::There
}

/// The turn of one input.
async fn input(
    worker: &mut Worker,
    origin: MessageId,
    repeated: bool,
    value: Box<dyn Any + Send>,
) -> Result<Sends, Failed> {
    let start = Start {
        origin,
        session: SessionId::of(origin),
        header: None,
        instance: None,
        request_body: None,
        repeated,
        asked: None,
    };
    let turn = EngineTurn::new(Arc::clone(&worker.core), Arc::clone(&worker.item), start);
    let mut cx = Context::new(Arc::clone(&turn) as Arc<dyn Turn>);
    let Some(handler) = worker.instance.process_input(value, &mut cx) else {
        return Err(Failed::schema(format!("`{}` has no `on_process_input`", worker.item.name)));
    };
    worker.core.halts_at(CrashPoint::BeforeHandler, &worker.item, None).await;
    let result = guarded(handler, &turn, &worker.pulse, || ()).await;
    worker.core.halts_at(CrashPoint::AfterHandler, &worker.item, None).await;
    result?;
    Ok(turn.end())
}

/// Waits; `true` when stopped meanwhile.
pub(crate) async fn pause(stop: &CancellationToken, duration: Duration) -> bool {
    tokio::select! {
        biased;
        () = stop.cancelled() => true,
        () = tokio::time::sleep(duration) => false,
    }
}
