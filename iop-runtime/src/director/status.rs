//! The state of a running production, as one document.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use schemars::JsonSchema;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::component::ComponentKind;
use crate::engine::{BreakerState, Core, ItemPhase, ItemState, WorkerCount};
use crate::message::MessageId;
use crate::store::{Held, Parked};

/// The state of a production.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ProductionStatus {
    /// Its name.
    pub production: &'static str,
    /// Its items, in the order of declaration.
    pub items: Vec<ItemStatus>,
    /// The disk of the store is full: what is under way is stored as long as it goes, and nothing new is taken.
    pub short_of_space: bool,
    /// Of what its store is a copy, while its operations are held for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Arc<Held>>,
}

/// The state of an item.
#[derive(Debug, Clone, Serialize, JsonSchema)]
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
    /// It does not do what it should. What is down as its schedule says does.
    pub degraded: bool,
    /// What is wrong with it, for people, the gravest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trouble: Vec<String>,
}

impl ItemStatus {
    fn judged(mut self) -> Self {
        let down_as_scheduled = self.schedule.as_ref().is_some_and(|schedule| !schedule.up);
        self.degraded = (self.state != ItemPhase::Running && !down_as_scheduled) || self.error.is_some();
        self.trouble = self.troubles();
        self
    }

    fn troubles(&self) -> Vec<String> {
        let mut trouble = Vec::new();
        trouble.extend(self.error.clone());
        if self.state == ItemPhase::Paused {
            trouble.push("paused: its queue waits until it is resumed".to_owned());
        }
        match self.breaker {
            Some(BreakerState::Open) => trouble.push("circuit breaker open".to_owned()),
            Some(BreakerState::HalfOpen) => trouble.push("circuit breaker half open".to_owned()),
            _ => {}
        }
        if self.parked > 0 {
            trouble.push(format!("{} parked", self.parked));
        }
        let error = |failing: &FailingStatus| failing.error.as_deref().unwrap_or_default().to_owned();
        if let Some(blocks) = self.failing.iter().find(|failing| failing.blocks) {
            let FailingStatus { message, attempt, .. } = blocks;
            trouble.push(format!("blocked by {message} after {attempt} attempts: {}", error(blocks)));
        } else if let Some(first) = self.failing.first() {
            trouble.push(format!("{} retrying: {}", self.retrying, error(first)));
        }
        if let Some(ScheduleStatus { up: false, next }) = &self.schedule {
            let next = next.map_or_else(|| "further notice".to_owned(), |next| next.to_string());
            trouble.push(format!("down until {next}"));
        }
        trouble
    }
}

/// What a schedule says of an item now. A person may have started or stopped it since the last change.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ScheduleStatus {
    /// Whether it has the item up.
    pub up: bool,
    /// When that changes next.
    pub next: Option<Timestamp>,
}

/// A failed message that will be tried again.
#[derive(Debug, Clone, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, Serialize, JsonSchema)]
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

pub(super) fn of_item(core: &Core, item: &ItemState) -> ItemStatus {
    let (queued, more_in_store) = item.queue.depth();
    let (failing, retrying) = failing_of(item);
    let (parked_by, parked) = item.queue.parked(SHOWN);
    let parked_by = parked_by.into_iter().map(|Parked { message, order_key }| ParkedStatus { message, order_key });
    ItemStatus {
        name: item.name.to_string(),
        kind: item.kind(),
        component: item.component().name,
        state: match item.phase() {
            ItemPhase::Running if item.is_paused() => ItemPhase::Paused,
            phase => phase,
        },
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
        degraded: false,
        trouble: Vec::new(),
    }
    .judged()
}

pub(super) fn of(core: &Core) -> ProductionStatus {
    let items = core.items.iter().map(|item| of_item(core, item));
    ProductionStatus {
        production: core.graph.name,
        items: items.collect(),
        short_of_space: core.store.is_short_of_space(),
        held: core.held(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(state: ItemPhase) -> ItemStatus {
        ItemStatus {
            name: "lab".to_owned(),
            kind: ComponentKind::Operation,
            component: "Lab",
            state,
            queued: 0,
            more_in_store: false,
            workers: WorkerCount::default(),
            completed: 0,
            failed: 0,
            order: "fifo".to_owned(),
            category: Vec::new(),
            schedule: None,
            breaker: None,
            retrying: 0,
            failing: Vec::new(),
            parked: 0,
            parked_by: Vec::new(),
            error: None,
            degraded: false,
            trouble: Vec::new(),
        }
    }

    #[test]
    fn trouble_is_said_the_gravest_first() {
        let message = MessageId::random();
        let failing = FailingStatus {
            message,
            order_key: None,
            blocks: true,
            attempt: 17,
            since: None,
            due: Timestamp(0),
            error: Some("no route".into()),
        };
        let lab = ItemStatus {
            breaker: Some(BreakerState::Open),
            parked: 2,
            retrying: 3,
            failing: vec![failing],
            ..item(ItemPhase::Running)
        };
        let lab = lab.judged();
        assert!(!lab.degraded);
        let blocked = format!("blocked by {message} after 17 attempts: no route");
        assert_eq!(lab.trouble, ["circuit breaker open", "2 parked", &blocked]);
    }

    #[test]
    fn what_its_schedule_has_down_is_not_degraded_and_what_somebody_stopped_is() {
        let schedule = Some(ScheduleStatus { up: false, next: Some(Timestamp(0)) });
        let night = ItemStatus { schedule, ..item(ItemPhase::Stopped) }.judged();
        assert_eq!(
            (night.degraded, night.trouble.as_slice()),
            (false, ["down until 1970-01-01T00:00:00.000Z".to_owned()].as_slice())
        );
        assert!(item(ItemPhase::Stopped).judged().degraded);
        assert!(!item(ItemPhase::Running).judged().degraded);
    }
}
