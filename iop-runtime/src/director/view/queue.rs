//! The backlog of every item, as the store has it.

use std::collections::HashMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::production::Graph;
use crate::store::{QueueStatus, StoreError, Viewer};

/// The backlog of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct QueueView {
    /// The item.
    pub item: Arc<str>,
    /// Waiting.
    pub queued: u64,
    /// With a worker.
    pub in_flight: u64,
    /// Waiting for their next attempt.
    pub retrying: u64,
    /// Waiting for a person.
    pub suspended: u64,
    /// When the oldest of them that is not suspended was accepted.
    #[serde(with = "crate::clock::rfc3339_or_null")]
    #[schemars(with = "Option<crate::clock::Rfc3339>")]
    pub oldest: Option<Timestamp>,
    /// The item is not in the production any more.
    pub orphaned: bool,
}

impl QueueView {
    /// Everything that is unfinished.
    #[must_use]
    pub fn depth(&self) -> u64 {
        self.queued + self.in_flight + self.retrying + self.suspended
    }

    fn of(status: QueueStatus, orphaned: bool) -> Self {
        let QueueStatus { item, queued, in_flight, retrying, suspended, oldest } = status;
        Self { item, queued, in_flight, retrying, suspended, oldest, orphaned }
    }
}

/// The queues of all items in the order of the graph, empty ones included, then those of items that are no longer in the
/// production.
///
/// # Errors
/// Where the store cannot be read.
pub async fn queues(viewer: &dyn Viewer, graph: &Graph) -> Result<Vec<QueueView>, StoreError> {
    let found = viewer.queues().await?;
    let mut found: HashMap<Arc<str>, QueueStatus> =
        found.into_iter().map(|queue| (Arc::clone(&queue.item), queue)).collect();
    let of_item = |name: &str| found.remove(name).unwrap_or_else(|| QueueStatus::empty(Arc::from(name)));
    let mut queues: Vec<_> =
        graph.items.iter().map(|item| item.name).map(of_item).map(|status| QueueView::of(status, false)).collect();
    let mut others: Vec<_> = found.into_values().collect();
    others.sort_by(|one, other| one.item.cmp(&other.item));
    queues.extend(others.into_iter().map(|status| QueueView::of(status, true)));
    Ok(queues)
}
