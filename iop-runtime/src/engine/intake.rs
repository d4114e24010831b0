//! Services behind an adapter: what it has is taken, stored, and only then acknowledged.

use std::any::Any;
use std::sync::atomic::Ordering;

use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::activity::Busy;
use super::guard::Failed;
use super::item::ItemState;
use super::probe::CrashPoint;
use super::retry::backoff;
use super::service::{NO_SPACE, Room, input, pause, room};
use super::turn::Sends;
use super::worker::{Exit, Worker};
use super::{log, schedule};
use crate::adapter::{Committed, DynAdapter, Inbound, Inputs, Received};
use crate::component::{AdapterEntrance, Disposition, Error, Result};
use crate::message::{MessageId, SessionId};
use crate::store::{Outcome, Step, StoreError};

/// Takes what an adapter brings.
pub(crate) async fn adapter(worker: &mut Worker, entrance: AdapterEntrance, stop: &CancellationToken) -> Exit {
    let mut intake = Intake::new(entrance.inputs, worker.busy());
    while !stop.is_cancelled() {
        let renewed = if std::mem::take(&mut intake.panicked) { worker.renew().await } else { Ok(()) };
        let adapter = match renewed {
            Ok(()) => opened(worker, entrance).await,
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

async fn opened(worker: &mut Worker, entrance: AdapterEntrance) -> Result<Box<dyn DynAdapter>> {
    let mut adapter = (entrance.build)(&worker.item.config)?;
    let span = log::turn_span(&worker.core, &worker.item, None);
    adapter.open().instrument(span).await?;
    Ok(adapter)
}

type AnyInbound = Inbound<Box<dyn Any + Send>, Box<dyn Any + Send>>;

/// What is known between the inputs of an adapter.
#[derive(Debug)]
struct Intake {
    /// Somebody waits for the answer to each input.
    brought: bool,
    /// Held until the adapter has nothing more.
    busy: Option<Busy>,
    /// Failures in a row, for the backoff.
    failures: u32,
    /// The input that failed last, and how often.
    failing: Option<(String, u32)>,
    /// The component panicked: it may be in any state and is replaced before it gets another input.
    panicked: bool,
    /// The adapter lets nothing more in; what it has is finished.
    stopping: bool,
}

impl Intake {
    fn new(inputs: Inputs, busy: Busy) -> Self {
        let brought = inputs == Inputs::Brought;
        Self { brought, busy: Some(busy), failures: 0, failing: None, panicked: false, stopping: false }
    }

    /// Receives until stopped; an error means that the adapter has to be opened again. It then gives again what was
    /// not acknowledged.
    async fn receive(
        &mut self,
        worker: &mut Worker,
        adapter: &mut dyn DynAdapter,
        stop: &CancellationToken,
    ) -> Result<Exit> {
        loop {
            if !self.brought && room(&worker.core, &worker.item, stop).await == Room::Stopped {
                return Ok(Exit::Stopped);
            }
            let span = log::turn_span(&worker.core, &worker.item, None);
            let received = tokio::select! {
                biased;
                () = stop.cancelled(), if !self.stopping => None,
                received = adapter.receive().instrument(span.clone()) => Some(received?),
            };
            match received {
                None if self.brought => {
                    self.stopping = true;
                    adapter.stopping().instrument(span).await;
                    continue;
                }
                None => return Ok(Exit::Stopped),
                Some(Received::Input(inbound)) => {
                    self.busy.get_or_insert_with(|| worker.core.activity.begin(Some(worker.item.index)));
                    if let Some(exit) = self.take(worker, adapter, inbound, stop).await? {
                        return Ok(exit);
                    }
                    continue;
                }
                Some(Received::NotYet) => {
                    self.busy.get_or_insert_with(|| worker.core.activity.begin(Some(worker.item.index)));
                }
                Some(Received::Nothing) => {
                    self.busy.take();
                }
            }
            if self.stopping {
                return Ok(Exit::Stopped);
            }
            self.failures = 0;
            let is_full = self.brought && worker.core.store.is_short_of_space();
            worker.item.set_error(is_full.then(|| NO_SPACE.into()));
            let now = tokio::time::Instant::now();
            let stopped = tokio::select! {
                biased;
                stopped = schedule::pause(&worker.core, &worker.item, now, stop) => stopped,
                () = adapter.arrival() => false,
            };
            if stopped && !self.brought {
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
        stop: &CancellationToken,
    ) -> Result<Option<Exit>> {
        let Inbound { input: value, identity, label, ticket } = inbound;
        let origin = identity.unwrap_or_else(MessageId::random);
        let span = log::input_span(&worker.core, &worker.item, SessionId::of(origin));
        let taken = Taken { label, ticket };
        let unsettled = self.unsettled(worker, adapter, identity, taken).instrument(span.clone()).await?;
        let Some(taken) = unsettled else { return Ok(None) };
        worker.pulse.set_busy(true);
        // With an identity the same input may have been tried before a crash, so what it sent may be stored.
        let result = {
            let mut turn = std::pin::pin!(input(worker, origin, identity.is_some(), value).instrument(span.clone()));
            tokio::select! {
                biased;
                result = &mut turn => result,
                () = stop.cancelled(), if self.brought && !self.stopping => {
                    // Nobody is let in any more, however long this turn takes.
                    self.stopping = true;
                    adapter.stopping().instrument(span.clone()).await;
                    turn.await
                }
            }
        };
        worker.pulse.set_busy(false);
        let sends = match result {
            Ok(sends) => sends,
            Err(failed) => {
                worker.item.failed.fetch_add(1, Ordering::Relaxed);
                return self.failed(worker, adapter, taken, failed).instrument(span).await;
            }
        };
        let duplicate = match stored(worker, identity, sends).await {
            Ok(duplicate) => duplicate,
            Err(error) => return Err(self.not_stored(adapter, taken, error).instrument(span).await),
        };
        worker.item.noticed.active(worker.core.clock.now());
        worker.item.completed.fetch_add(1, Ordering::Relaxed);
        (self.failures, self.failing) = (0, None);
        let label = &taken.label;
        span.in_scope(|| if duplicate { log::input_known(label) } else { log::input_accepted(label) });
        adapter.accepted(taken.ticket, Committed::new(duplicate)).instrument(span).await?;
        Ok(None)
    }

    /// Looks whether an input needs a turn, and gives it back where it does: it may be stored already, or find no room.
    async fn unsettled(
        &self,
        worker: &mut Worker,
        adapter: &mut dyn DynAdapter,
        identity: Option<MessageId>,
        taken: Taken,
    ) -> Result<Option<Taken>> {
        if self.brought && worker.core.store.is_short_of_space() {
            // Without a line for each: that there is no space is said once.
            return adapter.refused(taken.ticket, NO_SPACE).await.map(|()| None);
        }
        let Some(mark) = identity else { return Ok(Some(taken)) };
        match worker.core.store.is_marked(mark).await {
            Ok(false) => Ok(Some(taken)),
            Ok(true) => {
                log::input_known(&taken.label);
                adapter.accepted(taken.ticket, Committed::new(true)).await.map(|()| None)
            }
            Err(error) => Err(self.not_stored(adapter, taken, error).await),
        }
    }

    /// The store has failed, and everything starts over. Who waits is told at once.
    async fn not_stored(&self, adapter: &mut dyn DynAdapter, input: Taken, error: StoreError) -> Error {
        // Where the store cannot say, nobody is told no: who hears nothing brings it again, and it is stored once.
        if self.brought
            && !matches!(error, StoreError::Unknown(_))
            && let Err(error) = turned_away(adapter, input, &error.to_string()).await
        {
            return error;
        }
        error.into()
    }

    /// The turn of an input failed: it is refused or set aside, or the adapter starts over and gives it again.
    async fn failed(
        &mut self,
        worker: &mut Worker,
        adapter: &mut dyn DynAdapter,
        input: Taken,
        failed: Failed,
    ) -> Result<Option<Exit>> {
        if self.brought {
            turned_away(adapter, input, &failed.error).await?;
            // The adapter stays: others are connected through it.
            if failed.panicked
                && let Err(failed) = worker.renew().await
            {
                self.panicked = true;
                return Err(Error::retry(failed.error));
            }
            return Ok(None);
        }
        let item: &ItemState = &worker.item;
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

/// Tells whoever has brought an input that it was not taken.
async fn turned_away(adapter: &mut dyn DynAdapter, input: Taken, why: &str) -> Result {
    log::input_turned_away(&input.label, why);
    adapter.refused(input.ticket, why).await
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
