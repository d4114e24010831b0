//! Names of items and fields. Any will do that Rust has a form for, also a keyword, and each has one form.

use proc_macro2::Ident;
use syn::ext::IdentExt;

use crate::errors::{Code, Errors};

/// What names nothing, also with `r#` in front.
pub(super) const NO_NAMES: [&str; 7] = ["self", "Self", "super", "crate", "_", "true", "false"];

/// The name of an item or a field, in its one form.
pub(super) fn named(ident: &Ident, errors: &mut Errors) -> Ident {
    let name = ident.unraw().to_string();
    if !NO_NAMES.contains(&name.as_str()) {
        return one_form(ident);
    }
    errors.report(ident, Code::E01, format!("`{name}` cannot be a name"), "write another one");
    Ident::new(&format!("{name}_"), ident.span())
}

/// `in` may be written for `r#in`, and `r#clock` is `clock`: otherwise two names would look alike and be none.
pub(super) fn one_form(ident: &Ident) -> Ident {
    let plain = ident.unraw();
    let name = plain.to_string();
    if NO_NAMES.contains(&name.as_str()) {
        ident.clone()
    } else if is_keyword(&name) {
        Ident::new_raw(&name, ident.span())
    } else {
        plain
    }
}

/// `syn` does not know that of the last edition.
pub(super) fn is_keyword(name: &str) -> bool {
    name == "gen" || syn::parse_str::<Ident>(name).is_err()
}
