//! `hl7!`: a path in an HL7 message becomes a constant that is looked up in a dictionary while the user's crate is compiled.
//!
//! Only its grammar is checked here. What segments and fields there are lies in constants, of this or another crate, and
//! is asked by the calls that come out: one for each token, with its span.

mod ast;
mod expand;
mod parse;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

/// The whole way of one `hl7!`.
pub(crate) fn compile(tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    match parse::path(tokens, &mut errors) {
        Some(path) => expand::path(&path),
        None => {
            let errors = errors.into_tokens();
            quote! { { #errors } }
        }
    }
}
