//! `#[business_service]`, `#[business_process]`, `#[business_operation]`: a struct becomes a component.

mod ast;
mod check;
mod expand;
mod model;
mod parse;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;

pub(crate) use ast::Kind;
pub(crate) use check::{RESERVED, owned};
pub(crate) use parse::{MARKS, ROLES};

use crate::errors::Errors;

/// The whole way of one component attribute.
pub(crate) fn compile(kind: Kind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let generated = match parse::component(kind, arguments, &item, &mut errors) {
        Some(ast) => {
            let model = check::component(&ast, &mut errors);
            expand::component(&ast, model.as_ref())
        }
        None => item,
    };
    let errors = errors.into_tokens();
    quote! { #generated #errors }
}
