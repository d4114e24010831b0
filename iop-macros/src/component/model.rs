//! A component without mistakes in it; where there were some, what can be kept.

use proc_macro2::TokenStream;
use syn::{Attribute, Ident, LitStr, Type};

/// What is generated for a component.
pub(crate) struct Component {
    pub(crate) name: Option<LitStr>,
    pub(crate) entrance: Entrance,
    pub(crate) doc: String,
    pub(crate) fields: Vec<Field>,
    /// Settings of the engine that the struct does not declare itself.
    pub(crate) implied: Vec<Implied>,
}

/// How input reaches it.
pub(crate) enum Entrance {
    Plain,
    Poll,
    Adapter(Type),
    Process,
    Operation,
}

/// A field of the struct.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) doc: String,
    pub(crate) role: Role,
    /// Its value must be a `Duration`, because the engine reads the setting.
    pub(crate) duration: bool,
}

/// What a field is for.
pub(crate) enum Role {
    Setting {
        default: Option<TokenStream>,
    },
    Target,
    State,
    /// Its type has been refused; no program that contains it compiles.
    Refused,
    /// Starts as `Default` in each worker.
    Plain,
}

/// A setting without a field.
pub(crate) struct Implied {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) ty: TokenStream,
    pub(crate) default: &'static str,
}

impl Component {
    /// Where an adapter brings the input.
    pub(crate) fn adapter(&self) -> Option<&Type> {
        match &self.entrance {
            Entrance::Adapter(adapter) => Some(adapter),
            Entrance::Plain | Entrance::Poll | Entrance::Process | Entrance::Operation => None,
        }
    }

    /// Whether `production!` has anything to set.
    pub(crate) fn wires_something(&self) -> bool {
        !self.implied.is_empty()
            || self.fields.iter().any(|field| matches!(field.role, Role::Setting { .. } | Role::Target))
    }
}
