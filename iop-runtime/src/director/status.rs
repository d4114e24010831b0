//! The state of a running production, as one document.

use std::sync::atomic::Ordering;

use serde::Serialize;

use crate::component::ComponentKind;
use crate::engine::{Core, ItemPhase, WorkerCount};

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
    /// Why it does not come up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

pub(super) fn of(core: &Core) -> ProductionStatus {
    let items = core.items.iter().map(|item| {
        let (queued, more_in_store) = item.queue.depth();
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
            error: item.error().map(|error| error.to_string()),
        }
    });
    ProductionStatus { production: core.graph.name, items: items.collect() }
}
