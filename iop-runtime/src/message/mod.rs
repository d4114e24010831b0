//! What travels: message types, their identity, and the header that the store keeps beside a body.
//!
//! Nothing here knows components, routes or the engine.

mod alert;
mod blob;
mod digest;
mod header;
mod id;
mod key;
mod read;
mod sensitive;
mod tapped;
mod types;
mod upgrade;
mod written;

pub use alert::{Alert, AlertKind, AlertPhase};
pub use blob::{Blob, BlobError, BlobId, BlobReader, BlobStore};
pub(crate) use blob::{CHUNK, blobs_in};
pub use header::{Header, Invocation, Kind, Priority, Status, SuspendReason};
pub use id::{MessageId, SessionId};
pub(crate) use key::hashed;
pub use key::{KeyValue, hashed_key, keys};
pub use read::{Accepted, InvalidMessage, Unfit};
pub(crate) use read::{decode, read};
pub use sensitive::{MASK, MASKED, Masked};
pub use tapped::Tapped;
pub use types::{
    CannotCopy, Converses, Copies, CopyValue, Decoded, Generates, Keyed, Message, MessageType, REFUSED_MESSAGE,
    Respond, SourceLocation,
};
pub use upgrade::{
    Always, Perhaps, Refused, Upgrade, Upgraded, assert_upgrades_next, assert_upgrades_to, upgrade, upgraded_schema,
};
pub(crate) use written::written;
