//! A production, and an item of it, at a glance: what only a running one knows, beside what its store says.

use schemars::JsonSchema;
use serde::Serialize;

use super::event::EventView;
use super::message::MessageView;
use super::queue::QueueView;
use crate::clock::Timestamp;
use crate::director::{ItemStatus, status};
use crate::engine::{Core, Done, ItemState, RatesNow};
use crate::message::Kind;
use crate::settings::ShownSetting;
use crate::store::{MessageQuery, StoreError, Viewer};

/// The newest messages that a latency is taken of.
const SAMPLE: usize = 500;

/// A production at a glance.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ProductionOverview {
    /// Its name.
    pub production: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// When it was started.
    #[serde(with = "crate::clock::rfc3339")]
    #[schemars(with = "crate::clock::Rfc3339")]
    pub since: Timestamp,
    /// When this was seen.
    #[serde(with = "crate::clock::rfc3339")]
    #[schemars(with = "crate::clock::Rfc3339")]
    pub now: Timestamp,
    /// Some item does not do what it should.
    pub degraded: bool,
    /// Its items, in the order of declaration.
    pub items: Vec<ItemView>,
    /// Queues of items that are not in the production any more.
    pub orphans: Vec<QueueView>,
    /// The sum of all items.
    pub counts: CountsView,
    /// All items, minute by minute, the earliest first.
    pub series: Vec<Moment>,
    /// From the acceptance of an input to its end.
    pub latency: LatencyView,
    /// Messages that are suspended or will be tried again, the newest first.
    pub problems: Vec<MessageView>,
}

/// An item at a glance.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ItemView {
    /// Its state.
    #[serde(flatten)]
    pub status: ItemStatus,
    /// Its doc comment, or its component's.
    pub doc: &'static str,
    /// Its backlog in the store.
    pub backlog: QueueView,
    /// What it has done.
    pub counts: CountsView,
    /// Names of the message types that it handles.
    pub messages: Vec<&'static str>,
    /// Whether a message can be sent to it from outside.
    pub takes_messages: bool,
}

/// An item as it is at this moment, without anything of the store.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct LiveItem {
    /// Its state.
    #[serde(flatten)]
    pub status: ItemStatus,
    /// What it has done.
    pub counts: CountsView,
}

/// How much was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct CountsView {
    /// Turns completed since the start.
    pub completed: u64,
    /// Attempts failed since the start.
    pub failed: u64,
    /// Turns completed in the last hour, or since the start.
    pub completed_last_hour: u64,
    /// Attempts failed in the last hour, or since the start.
    pub failed_last_hour: u64,
    /// Turns completed in a second, over the last half minute.
    pub per_second: f64,
}

/// What was done in a minute, or in the part of one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Moment {
    /// Its end.
    #[serde(with = "crate::clock::rfc3339")]
    #[schemars(with = "crate::clock::Rfc3339")]
    pub time: Timestamp,
    /// How long it is.
    pub seconds: f64,
    /// Turns completed.
    pub completed: u64,
    /// Attempts failed.
    pub failed: u64,
}

/// How long it takes from acceptance to end, of the newest messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct LatencyView {
    /// Of so many messages.
    pub messages: usize,
    /// The median, in microseconds.
    pub p50_micros: Option<u64>,
    /// 95 of 100 are not slower, in microseconds.
    pub p95_micros: Option<u64>,
}

/// An item with everything that is known of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ItemDetail {
    /// The item at a glance.
    #[serde(flatten)]
    pub item: ItemView,
    /// Its settings.
    pub settings: Vec<ShownSetting>,
    /// Minute by minute, the earliest first.
    pub series: Vec<Moment>,
    /// From the acceptance of a message for it to its end.
    pub latency: LatencyView,
    /// Its routes: target and item.
    pub sends_to: Vec<RouteView>,
    /// The routes that lead to it: item and target there.
    pub receives_from: Vec<RouteView>,
    /// Its messages that are suspended or will be tried again, the newest first.
    pub problems: Vec<MessageView>,
    /// What was said in it last, the newest first.
    pub events: Vec<EventView>,
}

/// One end of a route as the other one sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RouteView {
    /// The item there.
    pub item: &'static str,
    /// The target of the sending item.
    pub target: &'static str,
}

impl CountsView {
    pub(crate) fn of(status: &ItemStatus, hour: Done, lately: Done) -> Self {
        Self {
            completed: status.completed,
            failed: status.failed,
            completed_last_hour: hour.counted.completed,
            failed_last_hour: hour.counted.failed,
            per_second: lately.rate(),
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.completed += other.completed;
        self.failed += other.failed;
        self.completed_last_hour += other.completed_last_hour;
        self.failed_last_hour += other.failed_last_hour;
        self.per_second += other.per_second;
    }
}

impl ItemView {
    pub(crate) fn of(core: &Core, item: &ItemState, rates: &RatesNow<'_>, backlog: QueueView) -> Self {
        let status = status::of_item(core, item);
        let (declared, component) = (item.declared, item.component());
        Self {
            counts: CountsView::of(&status, rates.last_hour(item.index), rates.lately(item.index)),
            status,
            doc: if declared.doc.is_empty() { component.doc } else { declared.doc },
            backlog,
            messages: (component.handles)().iter().map(|message| message.name).collect(),
            takes_messages: super::super::takes_messages(component.kind, &component.entrance),
        }
    }
}

/// Minute by minute, of some items together.
pub(crate) fn series(rates: &RatesNow<'_>, items: impl Iterator<Item = usize>) -> Vec<Moment> {
    let mut sum: Vec<Moment> = Vec::new();
    for item in items {
        for (at, done) in rates.minutes(item).into_iter().enumerate() {
            let Done { from, to, counted } = done;
            // The minutes of all items are the same.
            match sum.get_mut(at) {
                Some(moment) => {
                    moment.completed += counted.completed;
                    moment.failed += counted.failed;
                }
                None => sum.push(Moment {
                    time: to,
                    seconds: to.since(from).as_secs_f64(),
                    completed: counted.completed,
                    failed: counted.failed,
                }),
            }
        }
    }
    sum
}

/// How long the newest inputs took, or with an item the newest messages for it.
///
/// # Errors
/// Where the store cannot be read.
pub async fn latency(viewer: &dyn Viewer, item: Option<&str>) -> Result<LatencyView, StoreError> {
    let query = MessageQuery { item: item.map(Into::into), limit: SAMPLE, ..MessageQuery::default() };
    let found = viewer.query(query).await?;
    let wanted = found.iter().filter(|header| match item {
        Some(item) => header.kind == Kind::Request && header.target.as_deref() == Some(item),
        None => header.kind == Kind::Request && header.parent.is_none(),
    });
    let took = wanted.filter_map(|header| u64::try_from(header.ended?.since(header.created).as_micros()).ok());
    let mut took: Vec<u64> = took.collect();
    took.sort_unstable();
    // The smallest that so many of a hundred do not exceed.
    let at = |percent: usize| took.get((took.len() * percent).div_ceil(100).checked_sub(1)?).copied();
    Ok(LatencyView { messages: took.len(), p50_micros: at(50), p95_micros: at(95) })
}
