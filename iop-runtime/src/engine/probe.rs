//! Named points in the way of a message, where a test may stop everything; and instances that stand in for an item's own.
//!
//! In a production that is not tested there is no probe, and each point costs one look at an empty option.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::core::Core;
use super::item::ItemState;
use crate::component::{Instance, ItemConfig, Result};
use crate::message::MessageId;

/// A point in the way of a message at which a crash makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CrashPoint {
    /// A message from outside is handed to the store; nobody works on it yet, and its sender knows nothing.
    AfterAccept,
    /// A worker has a message, and its handler has not begun.
    BeforeHandler,
    /// The intent of an operation that acts at most once is durable, and its handler has not begun.
    AfterIntent,
    /// A turn has handed a request to the store that it waits for, with what it sent before.
    AfterRequest,
    /// The response to such a request has come, and the turn has not gone on with it.
    AfterResponse,
    /// A handler has ended, well or not: what it does outside has happened, and nothing of it is stored.
    AfterHandler,
    /// The step of a turn is complete and not yet handed to the store.
    BeforeCommit,
    /// The step of a turn is stored; nobody has acted on that.
    AfterCommit,
    /// The response to a message from outside is durable; its sender does not have it.
    BeforeReply,
}

impl CrashPoint {
    /// Every point, in the order of a message's way.
    pub const ALL: [Self; 9] = [
        Self::AfterAccept,
        Self::BeforeHandler,
        Self::AfterIntent,
        Self::AfterRequest,
        Self::AfterResponse,
        Self::AfterHandler,
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::BeforeReply,
    ];

    /// The point in words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AfterAccept => "after accept",
            Self::BeforeHandler => "before handler",
            Self::AfterIntent => "after intent",
            Self::AfterRequest => "after request",
            Self::AfterResponse => "after response",
            Self::AfterHandler => "after handler",
            Self::BeforeCommit => "before commit",
            Self::AfterCommit => "after commit",
            Self::BeforeReply => "before reply",
        }
    }
}

impl fmt::Display for CrashPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Is told of every point that a message passes.
pub trait Probe: Send + Sync + fmt::Debug + 'static {
    /// A message, or with `None` an input that is none yet, is at `point` in `item`.
    fn passes(&self, point: CrashPoint, item: &str, message: Option<MessageId>) -> Passage;
}

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// On.
    Go,
    /// Never on, as if the process had ended there: whoever halts sees to it that nothing is stored from now on.
    Halt,
}

impl Core {
    /// A point that cannot be waited at: only the store is kept from going on.
    pub(crate) fn passes(&self, point: CrashPoint, item: &ItemState, message: Option<MessageId>) {
        if let Some(probe) = &self.probe {
            probe.passes(point, &item.name, message);
        }
    }

    /// A point at which a halted turn stays for ever.
    pub(crate) async fn halts_at(&self, point: CrashPoint, item: &ItemState, message: Option<MessageId>) {
        let Some(probe) = &self.probe else { return };
        if probe.passes(point, &item.name, message) == Passage::Halt {
            std::future::pending::<()>().await;
        }
    }
}

type Make = dyn Fn(&ItemConfig) -> Result<Box<dyn Instance>> + Send + Sync;

/// Makes the instances of an item in place of its component.
#[derive(Clone)]
pub struct StandIn(Arc<Make>);

impl StandIn {
    /// Calls `make` for each worker.
    pub fn new(make: impl Fn(&ItemConfig) -> Result<Box<dyn Instance>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    pub(crate) fn build(&self, config: &ItemConfig) -> Result<Box<dyn Instance>> {
        (self.0)(config)
    }
}

impl fmt::Debug for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StandIn")
    }
}
