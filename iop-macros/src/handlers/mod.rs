//! `#[handlers]`: the async functions of an impl become the hooks and handlers of a component.

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

/// The whole way of one `#[handlers]`. The impl comes out again as it is written. That its functions are `async` also where
/// they wait for nothing is what the engine wants, and no fault of who wrote them.
pub(crate) fn compile(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let generated = parse::handlers(arguments, item, &mut errors).map(|ast| {
        let model = check::handlers(&ast, &mut errors);
        expand::handlers(&model)
    });
    let errors = errors.into_tokens();
    let allowed = generated.is_some().then(|| quote!(#[allow(clippy::unused_async)]));
    quote! { #allowed #item #generated #errors }
}
