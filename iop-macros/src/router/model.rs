//! A router whose arms are understood.

use proc_macro2::TokenStream;
use syn::{Attribute, Expr, Ident, Pat, Type, Visibility};

/// What is generated.
pub(crate) struct Router {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
    pub(crate) message: Ident,
    pub(crate) ty: Type,
    /// Where it waits for what its targets answer.
    pub(crate) response: Option<Type>,
    /// In the order in which they are named first.
    pub(crate) targets: Vec<Target>,
    /// `None` where it could not be read.
    pub(crate) choice: Option<Choice>,
}

/// A target, and which messages go there, in the words of the arms.
pub(crate) struct Target {
    pub(crate) ident: Ident,
    pub(crate) when: Vec<String>,
}

/// `match of { arms }`
pub(crate) struct Choice {
    pub(crate) keyword: TokenStream,
    pub(crate) of: Expr,
    pub(crate) arms: Vec<Arm>,
}

/// `pattern if guard => to`
pub(crate) struct Arm {
    pub(crate) attributes: Vec<Attribute>,
    /// `None` stands for `otherwise`.
    pub(crate) pattern: Option<Pat>,
    pub(crate) guard: Option<TokenStream>,
    pub(crate) to: To,
}

/// Where a message goes.
pub(crate) enum To {
    /// To these; several only where no response is wanted.
    Targets(Vec<Ident>),
    /// It waits for a person. With the words of the arm.
    Suspend(String),
    /// Nowhere, and the log says so. With the words of the arm.
    Discard(String),
    /// Refused.
    Nowhere,
}
