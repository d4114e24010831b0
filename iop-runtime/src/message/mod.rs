//! What travels: message types, their identity, and the header that the store keeps beside a body.
//!
//! Nothing here knows components, routes or the engine.

mod alert;
mod header;
mod id;
mod key;
mod types;

pub use alert::{Alert, AlertKind, AlertPhase};
pub use header::{Header, Invocation, Kind, Priority, Status, SuspendReason};
pub use id::{MessageId, SessionId};
pub use key::{KeyValue, keys};
pub(crate) use types::decode;
pub use types::{
    Accepted, Decoded, InvalidMessage, Keyed, Message, MessageType, REFUSED_MESSAGE, Respond, SourceLocation,
};
