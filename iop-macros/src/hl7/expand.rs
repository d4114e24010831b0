//! From [`ast`](super::ast) to Rust: a constant, for a constant is evaluated by `cargo check` too.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::ast::{Number, Path, Step};

pub(super) fn path(path: &Path) -> TokenStream {
    let dictionary = match &path.dictionary {
        Some(dictionary) => quote!(#dictionary),
        None => quote!(::iop::hl7::V251),
    };
    let name = path.segment.to_string();
    let at = place(path.segment.span());
    let begin = quote_spanned!(at=> ::iop::__private::hl7::segment(&#dictionary, #name));
    let occurrence = path.occurrence.map(|number| numbered("occurrence", number));
    let steps = path.steps.iter().map(step);
    let (ty, end) = match path.steps.is_empty() {
        true => (quote!(SegmentName), quote!(segment_name)),
        false => (quote!(Path), quote!(path)),
    };
    let path = draft();
    quote! {
        {
            const PATH: ::iop::hl7::#ty = {
                let #path = #begin;
                #occurrence
                #(#steps)*
                ::iop::__private::hl7::#end(#path)
            };
            PATH
        }
    }
}

fn step(step: &Step) -> TokenStream {
    match step {
        Step::Numbered(number) => numbered("numbered", *number),
        Step::Repetition(number) => numbered("repetition", *number),
        Step::Named(name) => {
            let (at, name, path) = (place(name.span()), name.to_string(), draft());
            quote_spanned!(at=> let #path = ::iop::__private::hl7::named(#path, #name);)
        }
    }
}

fn numbered(function: &str, number: Number) -> TokenStream {
    let at = place(number.span);
    let (function, value, path) = (Ident::new(function, at), number.value, draft());
    quote_spanned!(at=> let #path = ::iop::__private::hl7::#function(#path, #value);)
}

/// What is looked up so far. The user's expressions see no such name, and there are none.
fn draft() -> Ident {
    Ident::new("path", Span::mixed_site())
}

/// Where the user wrote it, with names that the user does not see.
fn place(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}
