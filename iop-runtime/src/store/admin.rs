//! What a person does to a message, as a store has it.

use std::sync::Arc;

use super::LeaseToken;
use crate::message::{MessageId, SuspendReason};

/// What a person does to a message.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Admin {
    /// Puts a suspended message back into its queue, with its attempts and crashes forgotten.
    Resume(MessageId),
    /// Suspends a message that waits and is not leased.
    Hold {
        /// The message.
        id: MessageId,
        /// Why.
        reason: SuspendReason,
        /// Why, for people.
        error: Arc<str>,
    },
    /// Puts an unfinished, unleased message into the queue of an item that was renamed, as it is.
    Move {
        /// The message.
        id: MessageId,
        /// The item.
        to: Arc<str>,
    },
    /// Gives an unfinished message to another item, which has it as a new one: with its attempts and crashes forgotten, at
    /// its place in the order of acceptance.
    Redirect(Redirect),
}

/// How a message comes into the queue of another item.
#[derive(Debug, Clone)]
pub struct Redirect {
    /// The message.
    pub id: MessageId,
    /// The item.
    pub to: Arc<str>,
    /// Its order there; see [`NewMessage::order_key`](super::NewMessage::order_key).
    pub order_key: Option<Arc<str>>,
    /// See [`NewMessage::parks`](super::NewMessage::parks).
    pub parks: bool,
    /// The right to it of whoever has it in memory; it ends. Otherwise nobody may have it.
    pub lease: Option<LeaseToken>,
}
