//! What the parts of a running production share, and the one way by which messages enter the store and the queues.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::activity::{Activity, Busy};
use super::alerts::Alerts;
use super::deadlines::Deadlines;
use super::envelope::Envelope;
use super::instances::Instances;
use super::item::ItemState;
use super::probe::Probe;
use super::queue::{Admission, Source};
use super::rates::Rates;
use super::reload::Effective;
use super::streams::Streams;
use super::suspects::Suspects;
use super::taps::Taps;
use super::unseen::Unseen;
use super::waiters::{Delivered, Waiters};
use crate::clock::Clock;
use crate::component::{Incoming, RequestError};
use crate::lookup::TableStore;
use crate::message::{Decoded, MessageId};
use crate::production::Graph;
use crate::settings::Retention;
use crate::store::{Commit, Held, LeaseToken, NewMessage, NodeId, Outcome, Step, Store, StoreError};

/// A running production.
#[derive(Debug)]
pub(crate) struct Core {
    /// Tells the productions of one process apart in the event log.
    pub(crate) run: u64,
    pub(crate) graph: &'static Graph,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) node: NodeId,
    pub(crate) items: Vec<Arc<ItemState>>,
    pub(crate) by_name: HashMap<Arc<str>, usize>,
    pub(crate) waiters: Arc<Waiters>,
    pub(crate) instances: Instances,
    pub(crate) streams: Streams,
    pub(crate) activity: Arc<Activity>,
    pub(crate) deadlines: Arc<Deadlines>,
    /// The runtime that it runs on.
    runtime: Option<tokio::runtime::Id>,
    /// The store failed; the supervisor restarts the items.
    pub(crate) failure: Arc<Failure>,
    pub(super) unseen: Unseen,
    pub(crate) probe: Option<Arc<dyn Probe>>,
    /// Where workers run.
    pub(crate) handlers: Option<Handle>,
    /// Messages that may be what kills the process.
    pub(crate) suspects: Suspects,
    pub(crate) settings: Effective,
    pub(crate) tables: TableStore,
    taps: Taps,
    pub(crate) alerts: Alerts,
    pub(crate) rates: Rates,
    /// Of what the store is a copy, while its operations are held.
    pub(super) held: Mutex<Option<Arc<Held>>>,
    /// How long what is finished is kept.
    pub(crate) retention: Retention,
    /// Jobs that are worked on. Whoever changes one holds this meanwhile.
    pub(crate) jobs: tokio::sync::Mutex<HashSet<u64>>,
    /// Whoever changes the searches that are kept holds this meanwhile.
    pub(crate) searches: tokio::sync::Mutex<()>,
    /// Submission order is the order of the queues: both change under this lock.
    order: Mutex<()>,
    /// The sequence of the message that was submitted last; changed under the lock.
    last_sequence: AtomicU64,
}

/// A failure of the store, noticed by whoever noticed it first.
#[derive(Debug)]
pub(crate) struct Failure {
    noted: Mutex<Noted>,
    activity: Arc<Activity>,
    pub(crate) noticed: Notify,
}

#[derive(Debug, Default)]
struct Noted {
    error: Option<StoreError>,
    /// From the failure until the items have started over there is something under way.
    busy: Option<Busy>,
}

impl Failure {
    pub(super) fn of(activity: Arc<Activity>) -> Self {
        Self { noted: Mutex::default(), activity, noticed: Notify::new() }
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn report(&self, error: &StoreError) {
        // A store that was closed on purpose has not failed, and a row that is damaged is so after a start as well.
        if matches!(error, StoreError::Closed | StoreError::Damaged(_)) {
            return;
        }
        let mut noted = self.noted();
        noted.error.get_or_insert_with(|| error.clone());
        noted.busy.get_or_insert_with(|| self.activity.begin(None));
        drop(noted);
        self.noticed.notify_one();
    }

    /// A turn's commit was refused. Inside one process every lease and version is known, so this is a fault; what was
    /// speculated on the turn must not stand.
    pub(crate) fn refused(&self, outcome: &Outcome) {
        self.report(&StoreError::NotStored(format!("the store refused a turn: {outcome:?}").into()));
    }

    pub(crate) fn take(&self) -> Option<StoreError> {
        self.noted().error.take()
    }

    /// The items have started over.
    pub(crate) fn is_over(&self) {
        let mut noted = self.noted();
        if noted.error.is_none() {
            noted.busy = None;
        }
    }
}

/// A message that is about to be submitted.
#[derive(Debug)]
pub(crate) struct Emission {
    pub(crate) message: NewMessage,
    pub(crate) value: Option<Decoded>,
    pub(crate) to: Delivery,
    /// Kept in memory only.
    pub(crate) transient: bool,
    /// May be in the store already, from an earlier run of the same turn: the store must say so before it is delivered.
    pub(crate) maybe_stored: bool,
}

/// Where an emitted message goes when it is submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Into the queue of an item.
    Queue(usize),
    /// To whoever waits for the response to this request.
    Waiter(MessageId),
    /// Into the store alone.
    Store,
}

impl Core {
    pub(crate) fn new(parts: CoreParts) -> Self {
        let since = parts.clock.now();
        let by_name = parts.items.iter().map(|item| (Arc::clone(&item.name), item.index)).collect();
        Self {
            run: parts.run,
            graph: parts.graph,
            node: NodeId(parts.store.epoch()),
            store: parts.store,
            clock: parts.clock,
            items: parts.items,
            by_name,
            waiters: Arc::default(),
            instances: Instances::default(),
            streams: Streams::default(),
            deadlines: Arc::default(),
            runtime: parts.handlers.as_ref().map(Handle::id),
            failure: Arc::new(Failure::of(Arc::clone(&parts.activity))),
            activity: parts.activity,
            unseen: Unseen::default(),
            probe: parts.probe,
            handlers: parts.handlers,
            suspects: Suspects::default(),
            settings: parts.settings,
            tables: parts.tables,
            taps: Taps::of(parts.graph),
            alerts: Alerts::default(),
            rates: Rates::new(since),
            held: Mutex::default(),
            retention: parts.retention,
            jobs: tokio::sync::Mutex::default(),
            searches: tokio::sync::Mutex::default(),
            order: Mutex::default(),
            last_sequence: AtomicU64::new(0),
        }
    }

    pub(crate) fn source(&self) -> Source {
        Source {
            store: Arc::clone(&self.store),
            node: self.node,
            clock: Arc::clone(&self.clock),
            failure: Arc::clone(&self.failure),
        }
    }

    /// Submits a step with the messages that it emits, and delivers them: into queues and to waiters, before they are
    /// durable. What touches the outside waits for the [`Commit`].
    pub(crate) fn submit(&self, step: Step, emissions: Vec<Emission>) -> Commit {
        self.submit_after(step, emissions, |_| ())
    }

    /// The same, with something that must not be separated from it by another submission.
    pub(crate) fn submit_after(
        &self,
        mut step: Step,
        emissions: Vec<Emission>,
        before: impl FnOnce(&mut Step),
    ) -> Commit {
        let emissions = self.taps.copies(self, emissions);
        let _order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        before(&mut step);
        let mut deliveries = Vec::with_capacity(emissions.len());
        for mut emission in emissions {
            let admission = self.admit(&mut emission);
            if !emission.transient {
                emission.message.leased = matches!(admission, Admission::HandOver(_)).then_some(self.node);
                // The queue needs its own copy of the header; the body is shared.
                step.emit.push(emission.message.clone());
            }
            deliveries.push((emission, admission));
        }
        let nothing = is_empty(&step);
        let receipt = (!nothing).then(|| self.store.submit(step));
        let commit = match &receipt {
            Some(receipt) => receipt.commit.clone(),
            None => Commit::nothing(),
        };
        let mut stored = 0;
        for (emission, admission) in deliveries {
            let (sequence, lease) = match &receipt {
                Some(receipt) if !emission.transient => {
                    let sequence = receipt.first_sequence + stored;
                    let lease = usize::try_from(stored).ok().and_then(|at| receipt.leases.get(at).copied().flatten());
                    stored += 1;
                    self.last_sequence.store(sequence, Ordering::Relaxed);
                    (sequence, lease)
                }
                _ => (self.last_sequence(), None),
            };
            self.deliver(emission, admission, (sequence, lease), &commit);
        }
        commit
    }

    /// Whether the caller runs where the production does, so that a worker can run there too.
    pub(crate) fn is_at_home(&self) -> bool {
        self.runtime.is_some() && runtime() == self.runtime
    }

    /// The sequence of the message that was submitted last.
    pub(crate) fn last_sequence(&self) -> u64 {
        self.last_sequence.load(Ordering::Relaxed)
    }

    /// Gives a message for a queue its place in that queue's order, and asks whether there is room for it.
    fn admit(&self, emission: &mut Emission) -> Admission {
        let Delivery::Queue(index) = emission.to else { return Admission::OnlyStore };
        let Some(item) = self.items.get(index) else { return Admission::OnlyStore };
        let message = &mut emission.message;
        message.order_key = item.queue.order_key(message);
        message.parks = item.queue.parks(message.order_key.as_ref());
        if emission.transient {
            return Admission::OnlyStore;
        }
        let may_hand_over = !emission.maybe_stored && self.store.caps().hand_over;
        item.queue.admit(message, may_hand_over)
    }

    fn deliver(
        &self,
        emission: Emission,
        admission: Admission,
        (sequence, lease): (u64, Option<LeaseToken>),
        commit: &Commit,
    ) {
        match emission.to {
            Delivery::Queue(index) => {
                let Some(item) = self.items.get(index) else { return };
                if admission == Admission::OnlyStore && !emission.transient {
                    item.queue.only_stored(&emission.message);
                    return;
                }
                let group = item.queue.grouping().and_then(|grouping| grouping.of(&emission.message));
                let mut envelope = Envelope::handed_over(
                    emission.message,
                    sequence,
                    self.clock.now(),
                    emission.value,
                    lease,
                    commit.clone(),
                    self.activity.begin(Some(index)),
                );
                envelope.group = group;
                match admission {
                    Admission::HandOver(era) => item.queue.hand_over(envelope, era),
                    Admission::OnlyStore => item.queue.keep_transient(envelope),
                }
            }
            Delivery::Waiter(request) => {
                let NewMessage { type_version: version, body, .. } = emission.message;
                let incoming = Incoming { value: emission.value, version, body };
                self.waiters.answer(request, Delivered { response: Ok(incoming), commit: commit.clone() });
            }
            Delivery::Store => {}
        }
    }

    /// Answers a waiter without a message: an error, or a response that is not stored.
    pub(crate) fn answer(&self, request: MessageId, response: Result<Incoming, RequestError>, commit: &Commit) {
        self.waiters.answer(request, Delivered { response, commit: commit.clone() });
    }

    /// Whether what waits for an item will be done, as far as anybody knows.
    pub(crate) fn makes_progress(&self, item: usize) -> bool {
        self.items.get(item).is_some_and(|item| item.makes_progress())
    }

    /// Whether messages of the express way are at an item.
    pub(crate) fn has_express(&self, item: usize) -> bool {
        self.items.get(item).is_some_and(|item| item.queue.has_express())
    }

    /// Waits until everything submitted so far is durable.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        let receipt = self.store.submit(Step::default());
        self.durable(&receipt.commit).await.map(drop)
    }

    /// Waits until a step is durable, for somebody who does nothing else with it; a failure is noticed.
    pub(crate) async fn durable(&self, commit: &Commit) -> Result<Outcome, StoreError> {
        let outcome = commit.wait().await;
        if let Err(error) = &outcome {
            self.failure.report(error);
        }
        outcome
    }
}

fn runtime() -> Option<tokio::runtime::Id> {
    Handle::try_current().ok().map(|runtime| runtime.id())
}

/// `true` where a step changes nothing, so that the store need not hear of it.
fn is_empty(step: &Step) -> bool {
    let Step { fence: _, mark, start, end, state, emit, cancel, abandon, discard, record } = step;
    mark.is_none()
        && start.is_empty()
        && end.is_empty()
        && state.is_empty()
        && emit.is_empty()
        && cancel.is_empty()
        && abandon.is_empty()
        && discard.is_empty()
        && record.is_none()
}

/// What a [`Core`] is made of.
pub(crate) struct CoreParts {
    pub(crate) probe: Option<Arc<dyn Probe>>,
    pub(crate) handlers: Option<Handle>,
    pub(crate) run: u64,
    pub(crate) graph: &'static Graph,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) items: Vec<Arc<ItemState>>,
    pub(crate) activity: Arc<Activity>,
    pub(crate) settings: Effective,
    pub(crate) tables: TableStore,
    pub(crate) retention: Retention,
}
