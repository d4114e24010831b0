//! A message without mistakes in it; where there were some, what can be kept.

use syn::{Attribute, Ident, LitInt, LitStr, Path, Type};

/// What stands on the item.
pub(crate) struct Model {
    pub(crate) role: Role,
    /// What the JSON Schema says of the fields, for each shape and field of the item.
    pub(crate) notes: Vec<Vec<Note>>,
    /// The same of the variants of an enum: their other names.
    pub(crate) aliases: Vec<Vec<String>>,
}

/// What the item is.
pub(crate) enum Role {
    /// `#[message(part)]`: a type that stands inside messages.
    Part,
    /// A message type.
    Message(Box<Message>),
    /// Cannot be a message, and has been told so; its uses shall not be told again.
    Broken,
}

/// What is known of a field and not of its type.
#[derive(Default)]
pub(crate) struct Note {
    pub(crate) key: bool,
    pub(crate) sensitive: bool,
    /// Its other names in the JSON, `#[serde(alias = "…")]`.
    pub(crate) aliases: Vec<String>,
    /// Types in it of which rustc is asked whether they can be stored.
    pub(crate) asked: Vec<Type>,
}

impl Model {
    /// Whether rustc is asked about a field.
    pub(crate) fn asks(&self) -> bool {
        self.notes.iter().flatten().any(|note| !note.asked.is_empty())
    }

    /// Whether a field of the item is masked.
    pub(crate) fn is_sensitive(&self) -> bool {
        self.notes.iter().flatten().any(|note| note.sensitive)
    }
}

/// What is registered.
pub(crate) struct Message {
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<LitInt>,
    /// From older versions, each to the next; the last one makes this type.
    pub(crate) upgrades: Vec<Path>,
    pub(crate) transient: bool,
    pub(crate) response: Option<Type>,
    /// What its handler gives before the response.
    pub(crate) chunk: Option<Type>,
    /// What its handler takes meanwhile.
    pub(crate) input: Option<Type>,
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
    /// `#[key(hashed)]`
    pub(crate) hashed: bool,
    pub(crate) cfgs: Vec<Attribute>,
}
