//! `Debug` of a type with a sensitive field: what `#[derive(Debug)]` makes, with `***` in place of the field.
//!
//! It is made in any case, so that a `#[derive(Debug)]` that stands above `#[message]`, and would show the field, is a
//! conflict and not a leak.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Ident, Index, Item, Meta, Path, Token, punctuated::Punctuated};

use super::ast::{Field, Message, Shape};
use super::model::{Model, Note};
use crate::attributes;

/// The impl, in place of the derive that is taken from `item`. Without one, it shows the name and no field.
pub(super) fn masked(ast: &Message, model: &Model, item: &mut Item) -> TokenStream {
    let attributes = match item {
        Item::Struct(item) => &mut item.attrs,
        Item::Enum(item) => &mut item.attrs,
        _ => return TokenStream::new(),
    };
    let derived = take_derive(attributes);
    let ident = &ast.ident;
    let body = if derived {
        let arms = ast.shapes.iter().zip(&model.notes).map(|(shape, notes)| arm(ident, shape, notes));
        quote! { match self { #(#arms)* } }
    } else {
        let name = ident.to_string();
        quote! { f.debug_struct(#name).finish_non_exhaustive() }
    };
    let mut generics = ast.generics.clone();
    if derived {
        let parameters: Vec<Ident> = generics.type_params().map(|parameter| parameter.ident.clone()).collect();
        for parameter in parameters {
            let bound = syn::parse_quote!(#parameter: ::core::fmt::Debug);
            generics.make_where_clause().predicates.push(bound);
        }
    }
    let (parameters, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #parameters ::core::fmt::Debug for #ident #arguments #bounds {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #body
            }
        }
    }
}

/// Takes `Debug` out of the derives; `false` where it is in none.
fn take_derive(attributes: &mut [Attribute]) -> bool {
    let mut found = false;
    for attribute in attributes.iter_mut().filter(|attribute| attribute.path().is_ident("derive")) {
        let Ok(paths) = attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated) else { continue };
        let is_debug = |path: &Path| path.segments.last().is_some_and(|segment| segment.ident == "Debug");
        if let (true, Meta::List(list)) = (paths.iter().any(is_debug), &mut attribute.meta) {
            let left: Punctuated<Path, Token![,]> = paths.into_iter().filter(|path| !is_debug(path)).collect();
            list.tokens = left.into_token_stream();
            found = true;
        }
    }
    found
}

fn arm(ident: &Ident, shape: &Shape, notes: &[Note]) -> TokenStream {
    let name = shape.variant.as_ref().unwrap_or(ident).to_string();
    let path = match &shape.variant {
        Some(variant) => quote!(Self::#variant),
        None => quote!(Self),
    };
    let named = shape.fields.iter().all(|field| field.ident.is_some());
    let builder = if named { quote!(debug_struct) } else { quote!(debug_tuple) };
    let bound = shape.fields.iter().zip(notes).enumerate().map(|(index, (field, note))| bind(index, field, note));
    let shown = shape.fields.iter().zip(notes).enumerate().map(|(index, (field, note))| show(index, field, note));
    quote! {
        #path { #(#bound)* } => {
            let mut shown = f.#builder(#name);
            #(#shown)*
            shown.finish()
        }
    }
}

fn local(index: usize) -> Ident {
    format_ident!("field_{index}", span = proc_macro2::Span::mixed_site())
}

fn bind(index: usize, field: &Field, note: &Note) -> TokenStream {
    let cfgs = attributes::cfgs(&field.attributes);
    let local = local(index);
    let name = field.ident.as_ref().map_or_else(|| Index::from(index).into_token_stream(), ToTokens::to_token_stream);
    if note.sensitive { quote!(#(#cfgs)* #name: _,) } else { quote!(#(#cfgs)* #name: #local,) }
}

fn show(index: usize, field: &Field, note: &Note) -> TokenStream {
    let cfgs = attributes::cfgs(&field.attributes);
    let local = local(index);
    let value = if note.sensitive { quote!(&::iop::__private::MASKED) } else { local.into_token_stream() };
    match &field.ident {
        Some(ident) => {
            let name = ident.to_string();
            let name = name.strip_prefix("r#").unwrap_or(&name);
            quote!(#(#cfgs)* shown.field(#name, #value);)
        }
        None => quote!(#(#cfgs)* shown.field(#value);),
    }
}
