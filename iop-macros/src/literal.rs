//! What a literal measures, as far as the compiler of the user's crate can compare it: see `SettingDecl::misses`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprUnary, Lit, UnOp};

/// `Some(5)` of a whole number; of a text, what the runtime makes of it. `None` of anything else.
pub(crate) fn measure(value: &TokenStream) -> Option<TokenStream> {
    of(&syn::parse2(value.clone()).ok()?)
}

/// The same of an expression.
pub(crate) fn of(value: &Expr) -> Option<TokenStream> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            // Without the span of the text: what is compared with is said where it stands, once.
            let text = text.value();
            Some(quote!(::iop::__private::measure_of(#text)))
        }
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => whole(number, false),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match expr.as_ref() {
            Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => whole(number, true),
            _ => None,
        },
        _ => None,
    }
}

/// A text that is no reference of a secret: if it is for one, it is the secret itself.
pub(crate) fn may_be_secret(value: &TokenStream) -> bool {
    syn::parse2::<syn::LitStr>(value.clone()).is_ok_and(|text| {
        let text = text.value();
        !["env:", "file:"].iter().any(|with| text.len() > with.len() && text.starts_with(with))
    })
}

/// What is asked of a literal, and with what: that it lies in its range; of a text also what else it must be.
pub(crate) fn assert(value: &TokenStream, known: TokenStream) -> (syn::Ident, TokenStream) {
    let (name, asked) = match syn::parse2::<syn::LitStr>(value.clone()) {
        Ok(text) if may_be_secret(value) => ("assert_text", text.value().to_token_stream()),
        _ => ("assert_within", known),
    };
    (syn::Ident::new(name, proc_macro2::Span::mixed_site().located_at(value.span())), asked)
}

fn whole(number: &syn::LitInt, negative: bool) -> Option<TokenStream> {
    let number: i128 = number.base10_parse().ok()?;
    let number = if negative { -number } else { number };
    let number = proc_macro2::Literal::i128_suffixed(number).to_token_stream();
    Some(quote!(::core::option::Option::Some(#number)))
}
