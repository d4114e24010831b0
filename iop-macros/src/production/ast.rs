//! A production as it is written; half-written things included.

use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, Expr};

/// `pub Name { items and statements }`
pub(crate) struct Production {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: TokenStream,
    pub(crate) ident: Ident,
    pub(crate) items: Vec<Item>,
    pub(crate) statements: Vec<Statement>,
    /// No statement is half-written.
    pub(crate) complete: bool,
}

/// What ends with `;`. Where it is half-written, what is missing is `None`.
pub(crate) enum Statement {
    /// `require order key(mrn) from admit to lab;`
    Require { order: Option<TokenStream>, from: Option<Ident>, to: Option<Ident> },
    /// `alerts to item;`, or `alerts none;` where there is no item.
    Alerts { word: Ident, to: Option<Ident> },
}

/// `name: Type { fields }`
pub(crate) struct Item {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) ident: Ident,
    /// `None` where it is not written yet.
    pub(crate) ty: Option<TokenStream>,
    pub(crate) fields: Vec<Field>,
    /// Nothing in it is half-written.
    pub(crate) complete: bool,
}

/// `name: value`
pub(crate) struct Field {
    pub(crate) ident: Ident,
    /// `None` where it is not written yet.
    pub(crate) value: Option<Value>,
}

/// What a field is set to.
pub(crate) enum Value {
    /// A bare lower-case name: an item.
    Item(Ident),
    /// `[a, b]`, where all are such names.
    Items(Vec<Ident>),
    /// `[]`, which is a list of items as well as of values.
    Nothing,
    /// Anything else: the value of a setting.
    Setting(Expr),
}
