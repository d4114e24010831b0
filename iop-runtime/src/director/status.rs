//! The state of a running production, as one document.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::component::ComponentKind;
use crate::engine::{BreakerState, Core, ItemPhase, ItemState, WorkerCount};
use crate::message::MessageId;
use crate::store::Parked;

/// The state of a production.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ProductionStatus {
    /// Its name.
    pub production: &'static str,
    /// Its items, in the order of declaration.
    pub items: Vec<ItemStatus>,
}

/// The state of an item.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ItemStatus {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: ComponentKind,
    /// Its component.
    pub component: &'static str,
    /// Whether it is up.
    pub state: ItemPhase,
    /// Messages of its queue in memory.
    pub queued: usize,
    /// More messages of its queue are in the store alone.
    pub more_in_store: bool,
    /// What its workers do.
    pub workers: WorkerCount,
    /// Turns completed since the start.
    pub completed: u64,
    /// Attempts failed since the start.
    pub failed: u64,
    /// The order in which its queue is worked on: `fifo`, `key(name)` or `none`.
    pub order: String,
    /// What it is counted to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub category: Vec<String>,
    /// Whether its schedule (`active`) has it up, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleStatus>,
    /// Its circuit breaker, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerState>,
    /// Failed messages in memory that will be tried again.
    pub retrying: usize,
    /// The next of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<FailingStatus>,
    /// Suspended messages that hold their order key, or the whole queue, back.
    pub parked: usize,
    /// Some of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parked_by: Vec<ParkedStatus>,
    /// Why it does not come up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a schedule says of an item now. A person may have started or stopped it since the last change.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ScheduleStatus {
    /// Whether it has the item up.
    pub up: bool,
    /// When that changes next.
    pub next: Option<Timestamp>,
}

/// A failed message that will be tried again.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct FailingStatus {
    /// The message.
    pub message: MessageId,
    /// The value by which its queue is ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_key: Option<Arc<str>>,
    /// Its attempts are used up, and it is tried for ever: what is behind it is blocked (`failing = block`).
    pub blocks: bool,
    /// Attempts that have failed.
    pub attempt: u32,
    /// When the first of them failed.
    pub since: Option<Timestamp>,
    /// When the next one begins.
    pub due: Timestamp,
    /// The error chain of the last one.
    pub error: Option<Arc<str>>,
}

/// A suspended message that holds others back.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ParkedStatus {
    /// The message.
    pub message: MessageId,
    /// The value by which its queue is ordered, of which everything waits; `None`: the whole queue waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_key: Option<Arc<str>>,
}

/// Of failing and parked messages, at most so many are shown one by one.
const SHOWN: usize = 10;

fn failing_of(item: &ItemState) -> (Vec<FailingStatus>, usize) {
    let (failing, count) = item.queue.failing(SHOWN);
    let policy = item.retry();
    let shown = failing.into_iter().map(|failing| FailingStatus {
        message: failing.message,
        order_key: failing.order_key,
        blocks: policy.blocks && failing.attempt >= policy.attempts,
        attempt: failing.attempt,
        since: failing.since,
        due: failing.due,
        error: failing.error,
    });
    (shown.collect(), count)
}

pub(super) fn of(core: &Core) -> ProductionStatus {
    let items = core.items.iter().map(|item| {
        let (queued, more_in_store) = item.queue.depth();
        let (failing, retrying) = failing_of(item);
        let (parked_by, parked) = item.queue.parked(SHOWN);
        let parked_by = parked_by.into_iter().map(|Parked { message, order_key }| ParkedStatus { message, order_key });
        ItemStatus {
            name: item.name.to_string(),
            kind: item.kind(),
            component: item.component().name,
            state: item.phase(),
            queued,
            more_in_store,
            workers: item.workers(),
            completed: item.completed.load(Ordering::Relaxed),
            failed: item.failed.load(Ordering::Relaxed),
            order: item.queue.order().to_string(),
            category: item.options.category.clone(),
            schedule: item.options.active.as_ref().map(|active| ScheduleStatus {
                up: crate::engine::is_scheduled_up(active, core.clock.now()),
                next: crate::engine::next_change(active, core.clock.now()),
            }),
            breaker: item.queue.gate(|gate| gate.breaker()),
            retrying,
            failing,
            parked,
            parked_by: parked_by.collect(),
            error: item.error().map(|error| error.to_string()),
        }
    });
    ProductionStatus { production: core.graph.name, items: items.collect() }
}
