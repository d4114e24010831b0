//! A `#[handlers]` block as it is written.

use syn::{Attribute, Signature, Type};

/// The impl.
pub(crate) struct Handlers {
    pub(crate) component: Type,
    pub(crate) functions: Vec<Function>,
    /// A function of it was refused.
    pub(crate) incomplete: bool,
}

/// One function of it.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) signature: Signature,
}
