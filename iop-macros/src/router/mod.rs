//! `router!`: a `match` becomes a process that sends each message where its arm says.
//!
//! That every case has an arm is asked by rustc, of the `match` itself, which comes out as it was written but for what stands
//! behind the arrows.

mod ast;
mod check;
mod expand;
mod model;
mod parse;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

/// The whole way of one `router!`.
pub(crate) fn compile(tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let generated = parse::router(tokens, &mut errors).map(|ast| expand::router(&check::router(ast, &mut errors)));
    let errors = errors.into_tokens();
    quote! { #generated #errors }
}
