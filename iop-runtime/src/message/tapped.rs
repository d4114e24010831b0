//! The copy that a wire tap gives to an item that takes copies of any type.

use std::sync::Arc;

use serde_json::Value;

use super::MessageId;

/// A copy of a message of any type, with what it was: for the item behind `#[item(tap = …)]` that has one handler for all.
///
/// An item that handles the types themselves gets the copies as they are.
#[iop_macros::message(name = "iop.tapped")]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Tapped {
    /// The message that was copied.
    #[key]
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub message: MessageId,
    /// The item that received it; for a response, the one that gave it.
    #[key]
    pub item: Arc<str>,
    /// Where it came from; for a response, where it goes. `None` is the outside.
    #[serde(default)]
    pub other: Option<Arc<str>>,
    /// Whether it is a response.
    pub response: bool,
    /// The name of its message type.
    #[serde(rename = "type")]
    pub type_name: Arc<str>,
    /// What it says.
    pub body: Value,
}

impl Tapped {
    /// Its name as a message type.
    pub(crate) const NAME: &'static str = "iop.tapped";
}
