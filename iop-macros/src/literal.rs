//! What a literal measures, as far as the compiler of the user's crate can compare it: see `SettingDecl::misses`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
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

fn whole(number: &syn::LitInt, negative: bool) -> Option<TokenStream> {
    let number: i128 = number.base10_parse().ok()?;
    let number = if negative { -number } else { number };
    let number = proc_macro2::Literal::i128_suffixed(number).to_token_stream();
    Some(quote!(::core::option::Option::Some(#number)))
}
