//! Services that are called in intervals, and what they have in common with those behind an [adapter](super::intake).

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::core::Core;
use super::guard::{Failed, guarded};
use super::item::ItemState;
use super::probe::CrashPoint;
use super::turn::{EngineTurn, Sends, Start};
use super::worker::{Exit, Worker};
use super::{log, schedule};
use crate::component::{Context, Turn};
use crate::message::{MessageId, SessionId};
use crate::settings::FirstCall;
use crate::store::Step;

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

/// What came of waiting for room on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    There,
    Stopped,
}

/// Waits until the store has room for something new: what is not fetched stays where it is.
pub(super) async fn room(core: &Core, item: &ItemState, stop: &CancellationToken) -> Room {
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
pub(super) async fn input(
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
