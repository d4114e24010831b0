//! A production whose names are resolved.

use proc_macro2::{Ident, TokenStream};
use syn::Expr;

/// What is generated.
pub(crate) struct Production {
    pub(crate) docs: Vec<syn::Attribute>,
    pub(crate) doc: String,
    pub(crate) visibility: TokenStream,
    pub(crate) ident: Ident,
    pub(crate) items: Vec<Item>,
    /// In the order of declaration.
    pub(crate) routes: Vec<Route>,
}

/// A route of the graph.
pub(crate) struct Route {
    pub(crate) from: usize,
    pub(crate) target: String,
    pub(crate) to: usize,
}

/// An item whose component is written.
pub(crate) struct Item {
    pub(crate) ident: Ident,
    pub(crate) ty: TokenStream,
    pub(crate) doc: String,
    pub(crate) standalone: bool,
    pub(crate) options: Vec<(Ident, TokenStream)>,
    pub(crate) fields: Vec<Field>,
    /// Rustc shall ask whether every target is wired.
    pub(crate) ask_wired: bool,
    /// Rustc shall ask whether it needs a route, for there is none.
    pub(crate) ask_reached: bool,
}

/// A field of an item.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) value: Value,
}

/// What it is set to.
pub(crate) enum Value {
    /// An item, and the name as it is written here.
    Item(Destination),
    /// Several.
    Items(Vec<Destination>),
    /// An empty list.
    Nothing,
    /// A setting.
    Setting(Expr),
    /// Nothing that could be used; the name is still resolved.
    Unknown,
}

/// Where a route ends.
pub(crate) struct Destination {
    pub(crate) index: usize,
    /// The name as it is written in the route.
    pub(crate) written: Ident,
}
