//! From tokens to [`ast`](super::ast).

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, ExprMatch, Ident, Token, Type, Visibility, braced, parenthesized};

use super::ast::Router;
use crate::errors::Errors;

/// `None` where not even its first line can be read.
pub(crate) fn router(tokens: TokenStream, errors: &mut Errors) -> Option<Router> {
    let mut router = None;
    let parser = |input: ParseStream| {
        router = Some(head(input)?);
        let content;
        braced!(content in input);
        let choice = content.parse::<ExprMatch>()?;
        if !content.is_empty() {
            return Err(content.error("expected one `match`, and nothing behind it"));
        }
        router = router.take().map(|router| Router { choice: Some(choice), ..router });
        if input.is_empty() { Ok(()) } else { Err(input.error("expected one router")) }
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.syntax(error);
    }
    router
}

fn head(input: ParseStream) -> syn::Result<Router> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility: Visibility = input.parse()?;
    let ident = input.parse()?;
    let arguments;
    parenthesized!(arguments in input);
    let message: Ident = arguments.parse()?;
    arguments.parse::<Token![:]>()?;
    arguments.parse::<Token![&]>()?;
    let ty: Type = arguments.parse()?;
    arguments.parse::<Option<Token![,]>>()?;
    if !arguments.is_empty() {
        return Err(arguments.error("expected one message, `(message: &Type)`"));
    }
    let response = match input.parse::<Option<Token![->]>>()? {
        Some(_) => Some(input.parse()?),
        None => None,
    };
    Ok(Router { attributes, visibility, ident, message, ty, response, choice: None })
}
