//! HL7 v2 over MLLP, in and out. With the feature `hl7`.
//!
//! [`MllpInbound`] is the inbound adapter of a service that others connect to: a message is acknowledged when it is stored,
//! and refused with the reason when it cannot be. [`MllpSender`] is what an operation sends with, over one connection for each
//! of its workers. Frames, messages and acknowledgements are those of [`hl7`](crate::hl7).

mod answers;
mod connection;
mod error;
mod events;
mod inbound;
mod line;
mod listener;
mod network;
mod received;
mod sender;
mod settings;
#[cfg(test)]
mod tests;

pub use error::MllpError;
pub use inbound::{MllpInbound, MllpInboundFields};
pub use network::Network;
pub use received::{MllpTicket, ReceivedHl7};
pub use sender::{MllpSender, Refusal};
pub use settings::{Acknowledge, Duplicates, ReadAs};
