//! How items are wired: what `production!` sets of each, and where its routes end.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use super::expand::plain;
use super::model::{Alerts, Destination, Field, Item, Production, Value};

/// A function for each item: what rustc does with a function grows faster than the function.
pub(super) fn wiring(production: &Production) -> TokenStream {
    let items = production.items.as_slice();
    let functions = items.iter().enumerate().map(|(index, item)| item_wiring(index, item, items));
    let taps = items.iter().flat_map(|item| &item.taps).map(|tap| &tap.to);
    let alerts = match &production.alerts {
        Alerts::To(item) => Some(item),
        Alerts::Unsaid | Alerts::Nowhere => None,
    };
    let mentions: Vec<&Destination> = mentions(production).chain(taps).collect();
    let places = places(items, mentions.iter().copied().chain(alerts));
    // So that editors know the names in statements.
    let names = mentions.iter().map(|Destination { written, .. }| quote! { let _ = #written; });
    let alerts = alerts.map(|item| {
        let (span, end) = (Span::mixed_site().located_at(item.written.span()), end(item));
        quote_spanned! {span=> ::iop::__private::alerts_to(#end); }
    });
    let for_editors = for_editors(production);
    let wirings = (0..items.len()).map(|index| local("__iop_wiring", index));
    quote! {
        #(#functions)*
        #places
        #(#names)*
        #alerts
        #for_editors
        ::iop::__private::wirings(&[#(#wirings),*])
    }
}

/// The settings stand before the names of items: an expression of the user's never sees those.
fn item_wiring(index: usize, item: &Item, items: &[Item]) -> TokenStream {
    let (function, fields, options) = (local("__iop_wiring", index), local("fields", index), local("options", index));
    let start = start(index, item);
    let set_options = item.options.iter().map(|(key, value)| set(&options, key, value));
    let set_fields = item.fields.iter().filter_map(|field| setting(&fields, field));
    let ends = item.fields.iter().flat_map(|field| match &field.value {
        Value::Item(destination) => std::slice::from_ref(destination),
        Value::Items(destinations) => destinations.as_slice(),
        Value::Nothing | Value::Setting(_) | Value::Unknown => &[],
    });
    // The same for one more field: an editor finds the fields in front of it, whether it has a name yet or not.
    let more_fields = quote! { let _ = &mut #fields; };
    let places = places(items, ends);
    let routes = item.fields.iter().filter_map(|field| route(&fields, field));
    let half_written = item.half_written.iter().map(|key| {
        let span = Span::mixed_site().located_at(key.span());
        let options = Ident::new(&options.to_string(), span);
        quote_spanned! {span=> let _ = #options.#key; }
    });
    // An editor asks what may stand where nothing stands yet.
    let room = item.room.then(|| quote! { let _ = #options; });
    let half_written = only_in_editors(&half_written.chain(room).collect());
    quote! {
        fn #function() -> ::iop::__private::Wiring {
            #start
            #(#set_options)*
            #(#set_fields)*
            #more_fields
            #places
            #(#routes)*
            #half_written
            ::iop::__private::wiring(#fields, #options)
        }
    }
}

/// The names of items as what routes end at, each once, in the order of the items.
fn places<'a>(items: &[Item], named: impl Iterator<Item = &'a Destination>) -> TokenStream {
    let named: BTreeSet<usize> = named.map(|destination| destination.index).collect();
    let places = named.into_iter().filter_map(|index| items.get(index)).map(|Item { ident, ty, .. }| {
        // Where it is no component, this is word for word what is said of the graph, so that rustc says it once.
        quote! { let #ident = ::iop::__private::placed::<<#ty as ::iop::__private::Component>::This>(); }
    });
    places.collect()
}

/// What rustc is told of in our own words, and an editor completes: names that are the beginning of another, perhaps.
fn for_editors(Production { items, no_items, .. }: &Production) -> Option<TokenStream> {
    if no_items.is_empty() {
        return None;
    }
    let places = items.iter().map(|Item { ident, ty, .. }| quote! { let #ident = ::iop::__private::placed::<#ty>(); });
    only_in_editors(&quote! { #(#places)* #(let _ = #no_items;)* })
}

/// Nothing of nothing.
fn only_in_editors(statements: &TokenStream) -> Option<TokenStream> {
    (!statements.is_empty()).then(|| {
        quote! {
            #[allow(unexpected_cfgs, reason = "rustc does not know the name under which an editor compiles")]
            {
                #[cfg(rust_analyzer)]
                {
                #statements
                }
            }
        }
    })
}

/// The items that requirements name.
fn mentions(Production { requirements, .. }: &Production) -> impl Iterator<Item = &Destination> {
    requirements.iter().flat_map(|requirement| [&requirement.from, &requirement.to])
}

fn start(index: usize, item: &Item) -> TokenStream {
    let (fields, options, ty) = (local("fields", index), local("options", index), &item.ty);
    let options_mut = (!item.options.is_empty()).then(|| quote!(mut));
    quote! {
        let mut #fields: <#ty as ::iop::__private::Component>::Fields = ::core::default::Default::default();
        let #options_mut #options: ::iop::__private::ItemOptions = ::core::default::Default::default();
    }
}

fn set(of: &Ident, key: &Ident, value: impl ToTokens) -> TokenStream {
    let span = Span::mixed_site().located_at(key.span());
    let of = Ident::new(&of.to_string(), span);
    quote_spanned! {span=> ::iop::__private::set(&mut #of.#key, #value); }
}

fn setting(fields: &Ident, field: &Field) -> Option<TokenStream> {
    let Field { ident: key, value } = field;
    let span = Span::mixed_site().located_at(key.span());
    let of = Ident::new(&fields.to_string(), span);
    Some(match value {
        Value::Setting(value) => set(fields, key, value),
        Value::Nothing => quote_spanned! {span=> ::iop::__private::set_nothing(&mut #of.#key); },
        Value::Unknown => quote_spanned! {span=> let _ = &mut #of.#key; },
        Value::Item(_) | Value::Items(_) => return None,
    })
}

fn route(fields: &Ident, field: &Field) -> Option<TokenStream> {
    let Field { ident: key, value } = field;
    let span = Span::mixed_site().located_at(key.span());
    let of = Ident::new(&fields.to_string(), span);
    Some(match value {
        Value::Item(destination) => {
            let end = end(destination);
            quote_spanned! {span=> ::iop::__private::wire(&mut #of.#key, #end); }
        }
        Value::Items(destinations) => {
            let ends = destinations.iter().map(end);
            quote_spanned! {span=>
                ::iop::__private::wire_all(&mut #of.#key, ::iop::__private::routes() #(.and(#ends))*);
            }
        }
        Value::Setting(_) | Value::Nothing | Value::Unknown => return None,
    })
}

/// Where a route ends. Everything in it has the span of the name in the route.
fn end(Destination { written, .. }: &Destination) -> TokenStream {
    let span = Span::mixed_site().located_at(written.span());
    let name = plain(written);
    quote_spanned! {span=> ::iop::__private::route(#written, #name) }
}

fn local(name: &str, index: usize) -> Ident {
    format_ident!("{name}_{index}", span = Span::mixed_site())
}
