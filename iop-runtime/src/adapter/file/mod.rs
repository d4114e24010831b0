//! Files in, files out.
//!
//! [`FileInbound`] is the inbound adapter of a service that polls a folder: a file is claimed when it is quiet, read,
//! and archived after its message is stored. [`FileOutbound`], [`KeyedLines`] and [`KeyedCsv`] are what an operation
//! writes files with, so that a repeated turn writes nothing twice.

mod csv;
mod disk;
mod events;
mod inbound;
mod inbox;
mod layout;
mod lines;
mod outbound;
mod pattern;
mod reach;
#[cfg(test)]
mod tests;

pub use csv::KeyedCsv;
pub use inbound::{FileInbound, FileInboundFields, FileTicket, ReceivedFile};
pub use lines::{Appended, Flush, KeyedLines};
pub use outbound::{FileOutbound, Written};
