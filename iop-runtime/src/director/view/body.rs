//! Bodies as somebody sees them: withheld, with sensitive values masked, or open.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::message::{MASK, MessageType};
use crate::production::Registry;

/// How much of a body somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Sight {
    /// Nothing of it.
    #[default]
    Withheld,
    /// Without its `#[sensitive]` values.
    Masked,
    /// All of it. Who gives this notes in the audit log who has seen it.
    Open,
}

/// How much of a body is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Nothing: the caller's role does not include it.
    Withheld,
    /// What is sensitive stands as `***`.
    Masked,
    /// All of it.
    Open,
}

/// A body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct BodyView {
    /// How much of it is in `value`.
    pub shown: Shown,
    /// As JSON; what is no JSON as text; null where it is withheld.
    pub value: Value,
    /// The length of what is stored.
    pub bytes: usize,
}

impl BodyView {
    pub(super) fn of(type_name: &str, version: u32, body: &[u8], sight: Sight) -> Self {
        let (shown, value) = match sight {
            Sight::Withheld => (Shown::Withheld, Value::Null),
            Sight::Masked if hides(type_name) => (Shown::Masked, masked(type_name, version, body, false)),
            Sight::Masked | Sight::Open => (Shown::Open, masked(type_name, version, body, true)),
        };
        Self { shown, value, bytes: body.len() }
    }
}

/// What the engine stores for itself has names that begin so, and nothing of a user's message in it.
const OF_THE_ENGINE: &str = "iop.";

/// Everything that is linked; a program in which a name is taken twice knows nothing, and then nothing is shown.
pub(crate) fn registry() -> &'static Registry {
    static LINKED: LazyLock<Registry> = LazyLock::new(|| Registry::linked().unwrap_or_default());
    &LINKED
}

pub(super) fn message_type(name: &str) -> Option<&'static MessageType> {
    registry().messages.get(name).copied()
}

fn hides(type_name: &str) -> bool {
    message_type(type_name).map_or(!type_name.starts_with(OF_THE_ENGINE), MessageType::is_sensitive)
}

/// A body as JSON. Its type's `#[sensitive]` fields are masked unless `reveal`, and so is the whole body of a type that this
/// program does not know: nobody can say what in it is sensitive.
pub(crate) fn masked(type_name: &str, version: u32, body: &[u8], reveal: bool) -> Value {
    let value = serde_json::from_slice::<Value>(body);
    match message_type(type_name) {
        Some(message) if !reveal && message.is_sensitive() => {
            value.map_or_else(|_| Value::from(MASK), |value| message.masked(version, value))
        }
        None if !reveal && hides(type_name) => Value::from(MASK),
        // What is no JSON is shown as text.
        _ => value.unwrap_or_else(|_| Value::from(String::from_utf8_lossy(body))),
    }
}
