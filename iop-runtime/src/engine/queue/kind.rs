//! How a queue is worked on: what of its item matters to it.

use super::super::gate::GateKind;
use super::super::lanes::QueueOrder;
use crate::component::{ComponentKind, Entrance};
use crate::production::{Failing, Item, Order};
use crate::settings::ItemSettings;

/// How a queue is worked on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueKind {
    pub(crate) order: QueueOrder,
    /// A suspended message holds back its order key, or the whole of an ordered queue.
    pub(crate) parks: bool,
    /// One message of a process instance at a time.
    pub(crate) by_instance: bool,
    /// Its item's workers take from it: not so where they fetch their input.
    pub(crate) served: bool,
    pub(crate) workers: usize,
    pub(crate) gate: GateKind,
}

impl QueueKind {
    /// What was declared of the item, and what the settings say.
    pub(super) fn of(item: &Item, options: &ItemSettings) -> Self {
        let order = match item.policy.order {
            Order::Key(name) => QueueOrder::Key(name),
            Order::Fifo => QueueOrder::Whole,
            Order::Unsaid if options.pool_size == 1 => QueueOrder::Whole,
            Order::Unsaid | Order::None => QueueOrder::Free,
        };
        Self {
            order,
            // What blocks and cannot be tried again, such as a body that was damaged, waits for a person too.
            parks: matches!(item.policy.failing, Some(Failing::ParkKey | Failing::Block)) && order != QueueOrder::Free,
            by_instance: item.component.kind == ComponentKind::Process,
            served: matches!(item.component.entrance, Entrance::Queue | Entrance::Director { .. }),
            workers: options.pool_size,
            gate: GateKind::of(options),
        }
    }
}
