//! A router as it is written.

use syn::{Attribute, ExprMatch, Ident, Type, Visibility};

/// `pub Name(message: &Type) -> Response { match … { … } }`
pub(crate) struct Router {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
    pub(crate) message: Ident,
    pub(crate) ty: Type,
    pub(crate) response: Option<Type>,
    /// `None` where it could not be read.
    pub(crate) choice: Option<ExprMatch>,
}
