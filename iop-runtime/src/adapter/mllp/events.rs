//! What listeners and senders say, in one place, so that one thing is always said the same way.
//!
//! What comes from outside is written escaped, and nothing of a message but its control id.

use std::fmt::Display;
use std::net::SocketAddr;

use tracing::{debug, info, warn};

/// The item takes connections.
pub(super) fn listening(address: SocketAddr) {
    info!("listens for HL7 on {address}");
}

/// The item takes none any more.
pub(super) fn closing(address: SocketAddr) {
    info!("listens no more on {address}");
}

/// A connection came.
pub(super) fn connected(peer: SocketAddr) {
    debug!("{peer} has connected");
}

/// A connection ended as it should.
pub(super) fn disconnected(peer: SocketAddr) {
    debug!("{peer} is disconnected");
}

/// More connections came than are allowed. Said once, until there is room again.
pub(super) fn full(peer: SocketAddr, limit: usize) {
    warn!(
        "{peer} is turned away, and others are until one of the {limit} connections ends: `max_connections` allows no more"
    );
}

/// Somebody connects who may not. Said once, until it is somebody else.
pub(super) fn stranger(peer: SocketAddr) {
    warn!("{peer} is turned away: `peers` does not name its address");
}

/// The system gives no connection. Said once, until it does again.
pub(super) fn not_accepted(error: impl Display) {
    warn!("no connection can be taken for now: {error}");
}

/// A connection is closed, because its next message cannot be found or does not come.
pub(super) fn closed(peer: SocketAddr, why: impl Display) {
    warn!("the connection of {peer} is closed: {why}");
}

/// Nothing came for long.
pub(super) fn idle(peer: SocketAddr) {
    info!("the connection of {peer} is closed: nothing has come within `idle_timeout`");
}

/// A frame has something in it that is no message.
pub(super) fn unreadable(peer: SocketAddr, why: impl Display) {
    warn!("what {peer} has sent is rejected: {why}");
}

/// The sender went before it had its answer. It will send again.
pub(super) fn unanswered(label: &str, why: impl Display) {
    warn!("the acknowledgement of {label} does not reach its sender: {why}");
}

/// A sender has its connection.
pub(super) fn reached(address: &str) {
    debug!("connected to {address}");
}

/// An answer came that nobody waits for.
pub(super) fn stray(address: &str, answered: &str) {
    warn!("{address} has acknowledged the message \"{}\", which nobody waits for any more", answered.escape_debug());
}
