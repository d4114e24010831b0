//! The read model: what people and programs see of a production, as values that are JSON as well.
//!
//! Everything that only shows something is made here, once, for console, API and command line. What a store holds is read
//! through a [`Viewer`](crate::store::Viewer), so it can be seen of a store at rest too; the functions of
//! [`Director`](super::Director) ask those here of its own store, and add what only a running production knows. Nothing here
//! decides who may see what: a caller's role becomes a [`Sight`] before.

mod body;
mod event;
mod example;
mod export;
mod message;
mod overview;
mod queue;
mod session;
mod table;
mod types;

pub use body::{BodyView, Shown, Sight};
pub use event::{EventPage, EventView, events};
pub use export::{ExportPage, ExportedMessage, export};
pub use message::{
    AnswerView, KeyView, MessageDetail, MessagePage, MessageView, message, messages, resent_as, trace_of,
};
pub(crate) use overview::series;
pub use overview::{
    CountsView, ItemDetail, ItemView, LatencyView, LiveItem, Moment, ProductionOverview, RouteView, latency,
};
pub use queue::{QueueView, queues};
pub use session::{SessionTrace, TraceExtent, TracedMessage, trace};
pub use table::TableView;
pub use types::{TypeView, message_type, message_types};

pub(crate) use body::{masked, registry};
