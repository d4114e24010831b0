//! A component as it is written.

use syn::{Attribute, Ident, ItemStruct, Type};

use crate::attributes::Argument;

/// Which attribute it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Service,
    Process,
    Operation,
}

impl Kind {
    /// As it stands in the source.
    pub(crate) const fn attribute(self) -> &'static str {
        match self {
            Self::Service => "business_service",
            Self::Process => "business_process",
            Self::Operation => "business_operation",
        }
    }
}

/// A struct with a component attribute.
pub(crate) struct Component {
    pub(crate) kind: Kind,
    pub(crate) arguments: Vec<Argument>,
    /// Without the attributes of fields that are ours: what comes out again.
    pub(crate) item: ItemStruct,
    pub(crate) fields: Vec<Field>,
}

/// A field and what is written on it.
pub(crate) struct Field {
    /// `None` in a tuple struct.
    pub(crate) ident: Option<Ident>,
    pub(crate) ty: Type,
    pub(crate) attributes: Vec<Attribute>,
    /// `#[setting]`, `#[target]`, `#[state]`.
    pub(crate) roles: Vec<Attribute>,
    /// Attributes that stand in messages.
    pub(crate) foreign: Vec<Attribute>,
}
