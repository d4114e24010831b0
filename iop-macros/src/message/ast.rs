//! `#[message]` as it is written.

use syn::{Attribute, Generics, Ident, Item, Type};

use crate::attributes::Argument;

/// A struct or enum with `#[message(…)]`.
pub(crate) struct Message {
    pub(crate) arguments: Vec<Argument>,
    /// Without `#[key]` and `#[sensitive]`: what comes out again.
    pub(crate) item: Item,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) shapes: Vec<Shape>,
}

/// The fields of the struct, or of one variant of the enum.
pub(crate) struct Shape {
    pub(crate) variant: Option<Ident>,
    /// Of the variant; those of a struct are the message's.
    pub(crate) attributes: Vec<Attribute>,
    /// All of them, in the order of declaration.
    pub(crate) fields: Vec<Field>,
}

/// A field.
pub(crate) struct Field {
    pub(crate) ident: Option<Ident>,
    pub(crate) ty: Type,
    /// Without those that are ours.
    pub(crate) attributes: Vec<Attribute>,
    /// `#[key]`, `#[sensitive]`.
    pub(crate) marks: Vec<Attribute>,
    /// Attributes that stand in components.
    pub(crate) foreign: Vec<Attribute>,
}
