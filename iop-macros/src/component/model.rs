//! A component without mistakes in it; where there were some, what can be kept.

use proc_macro2::TokenStream;
use syn::{Attribute, Ident, LitStr, Type};

/// What is generated for a component.
pub(crate) struct Component {
    pub(crate) name: Option<LitStr>,
    pub(crate) effect: Option<Effect>,
    /// The type whose errors have a table.
    pub(crate) errors: Option<Type>,
    /// The `#[key]` by which a process gathers.
    pub(crate) correlate: Option<Ident>,
    pub(crate) entrance: Entrance,
    pub(crate) doc: String,
    pub(crate) fields: Vec<Field>,
    /// Settings of the engine that the struct does not declare itself.
    pub(crate) implied: Vec<Implied>,
}

/// `effect = "…"`
#[derive(Clone, Copy)]
pub(crate) enum Effect {
    Idempotent,
    Keyed,
    AtMostOnce,
}

/// How input reaches it.
pub(crate) enum Entrance {
    Plain,
    Poll,
    Adapter(Box<Type>),
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
    Setting(Box<Setting>),
    Target(Box<Target>),
    State,
    /// Starts as `Default` in each worker.
    Plain,
    /// Meant to be a target, and refused. What `production!` gives it is let pass.
    RefusedTarget,
    /// Refused.
    Refused,
}

/// What a `#[setting(…)]` says.
#[derive(Default)]
pub(crate) struct Setting {
    pub(crate) default: Option<TokenStream>,
    pub(crate) min: Option<TokenStream>,
    pub(crate) max: Option<TokenStream>,
    pub(crate) unit: Option<LitStr>,
}

/// What a `#[target]` field carries.
pub(crate) struct Target {
    /// `Targets<…>`.
    pub(crate) many: bool,
    /// `#[target(async)]`
    pub(crate) never_awaited: bool,
    /// `#[target(when = "…")]`
    pub(crate) when: Option<LitStr>,
    /// What stands between the angle brackets.
    pub(crate) set: Type,
    /// The members of a tuple, each looked at by itself; otherwise empty.
    pub(crate) members: Vec<Type>,
}

/// A setting without a field, which the engine knows itself.
pub(crate) struct Implied {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) ty: TokenStream,
}

impl Component {
    /// Where an adapter brings the input.
    pub(crate) fn adapter(&self) -> Option<&Type> {
        match &self.entrance {
            Entrance::Adapter(adapter) => Some(adapter.as_ref()),
            Entrance::Plain | Entrance::Poll | Entrance::Process | Entrance::Operation => None,
        }
    }

    /// Whether `production!` has anything to set.
    pub(crate) fn wires_something(&self) -> bool {
        !self.implied.is_empty()
            || self.fields.iter().any(|field| matches!(field.role, Role::Setting(_) | Role::Target(_)))
    }
}
