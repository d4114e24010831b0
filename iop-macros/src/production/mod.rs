//! `production!`: items and routes become constant data and the code that wires them.

mod ast;
mod check;
mod expand;
mod model;
mod name;
mod parse;
mod policy;
mod proofs;
mod reach;
mod statement;
#[cfg(test)]
mod tests;
mod tokens;
mod wiring;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

/// The whole way of one `production!`. Whatever is wrong, what can be read comes out, so that editors complete in it.
pub(crate) fn compile(tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let generated = parse::production(tokens, &mut errors).map(|ast| {
        let model = check::production(&ast, &mut errors);
        expand::production(&model)
    });
    let errors = errors.into_tokens();
    quote! { #generated #errors }
}
