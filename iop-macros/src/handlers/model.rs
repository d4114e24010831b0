//! Hooks and handlers with signatures that can be called.

use syn::{Attribute, Ident, Type};

/// What is generated for a `#[handlers]` block.
pub(crate) struct Handlers {
    pub(crate) component: Type,
    pub(crate) calls: Vec<Call>,
    /// Every function of the block is among them. Otherwise one was refused, and what it would have been is not missed.
    pub(crate) complete: bool,
}

/// One hook or handler.
pub(crate) struct Call {
    pub(crate) role: Role,
    /// How the user's function is called. `None` where its signature has been refused: then only its place is filled.
    pub(crate) function: Option<Function>,
    /// What it returns.
    pub(crate) output: Type,
    /// Where rustc shall point for what is generated.
    pub(crate) name: Ident,
    pub(crate) cfgs: Vec<Attribute>,
}

/// A function that can be called.
pub(crate) struct Function {
    pub(crate) ident: Ident,
    /// Takes the context.
    pub(crate) context: bool,
}

/// When it is called.
pub(crate) enum Role {
    Init,
    Teardown,
    Check,
    /// What `on_process_input` takes.
    Input(Option<Type>),
    /// For a message type.
    Message(Type),
    /// `on_response`, with its argument.
    Response(Type),
    /// `on_complete`, for requests of a message type.
    Complete(Type),
    /// `on_timer`, with its argument.
    Timer(Type),
}
