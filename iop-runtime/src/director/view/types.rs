//! Message types with what a form for one is made of.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::body::{message_type as find, registry};
use super::example::example;
use crate::message::MessageType;

/// A message type.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct TypeView {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: u32,
    /// Its doc comment.
    pub doc: &'static str,
    /// Names of the `#[key]` fields.
    pub keys: &'static [&'static str],
    /// The name of its response's type.
    pub response: Option<&'static str>,
    /// It is kept in memory only.
    pub transient: bool,
    /// Some of its values are not shown to everybody.
    pub sensitive: bool,
    /// The JSON Schema of its body (draft 2020-12).
    pub schema: Value,
    /// A body that has every field.
    pub example: Value,
}

impl From<&MessageType> for TypeView {
    fn from(message: &MessageType) -> Self {
        let schema = message.schema();
        Self {
            name: message.name,
            version: message.version,
            doc: message.doc,
            keys: message.keys,
            response: (message.response)().map(|response| response.name),
            transient: message.transient,
            sensitive: message.is_sensitive(),
            example: example(&schema),
            schema,
        }
    }
}

/// Every message type of the program, by name.
#[must_use]
pub fn message_types() -> Vec<TypeView> {
    registry().messages.values().map(|message| TypeView::from(*message)).collect()
}

/// The message type of that name.
#[must_use]
pub fn message_type(name: &str) -> Option<TypeView> {
    find(name).map(TypeView::from)
}
