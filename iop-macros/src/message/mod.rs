//! `#[message]`: a struct or enum becomes a typed value that is stored and sent.

mod asked;
mod ast;
mod check;
mod debug;
mod expand;
mod json_name;
mod model;
mod parse;
mod stored;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

/// The whole way of one `#[message]`.
pub(crate) fn compile(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let generated = match parse::message(arguments, &item, &mut errors) {
        Some(ast) => {
            let model = check::message(&ast, &mut errors);
            expand::message(&ast, &model)
        }
        None => item,
    };
    let errors = errors.into_tokens();
    quote! { #generated #errors }
}
