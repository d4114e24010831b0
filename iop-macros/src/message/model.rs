//! A message without mistakes in it; where there were some, what can be kept.

use syn::{Attribute, Ident, LitInt, LitStr, Type};

/// What stands on the item.
pub(crate) enum Model {
    /// `#[message(part)]`: a type that stands inside messages.
    Part,
    /// A message type.
    Message(Box<Message>),
    /// Cannot be a message, and has been told so; its uses shall not be told again.
    Broken,
}

/// What is registered.
pub(crate) struct Message {
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<LitInt>,
    pub(crate) transient: bool,
    pub(crate) response: Option<Type>,
    pub(crate) doc: String,
    pub(crate) arms: Vec<Arm>,
    /// Names in the JSON, each once.
    pub(crate) keys: Vec<String>,
    /// Names in the JSON, each once.
    pub(crate) sensitive: Vec<String>,
}

/// The keys of the struct, or of one variant of the enum.
pub(crate) struct Arm {
    pub(crate) variant: Option<Ident>,
    pub(crate) keys: Vec<Key>,
}

/// A `#[key]` field.
pub(crate) struct Key {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) name: String,
    pub(crate) cfgs: Vec<Attribute>,
}
