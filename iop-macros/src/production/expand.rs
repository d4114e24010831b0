//! From [`model`](super::model) to Rust. Nothing is checked here, and nothing can fail.
//!
//! Two rules about spans: every name that the user wrote goes into the output with its own span, so that editors resolve
//! it; and what rustc asks about a route stands where the route is written, not where the item is declared.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::model::{Destination, Field, Item, Production, Route, Value};

pub(crate) fn production(model: &Production) -> TokenStream {
    let Production { docs, doc, visibility, ident, items, routes } = model;
    let name = ident.to_string();
    let graph_items = items.iter().map(graph_item);
    let routes = routes.iter().map(|Route { from, target, to }| {
        quote! { ::iop::__private::Route { from: #from, target: #target, to: #to } }
    });
    let wiring = wiring(items);
    let questions = items.iter().map(questions);
    quote! {
        #(#docs)*
        #[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::marker::Copy)]
        #visibility struct #ident;

        const _: () = {
            static GRAPH: ::iop::__private::Graph = ::iop::__private::Graph::new(
                #name,
                #doc,
                ::iop::__private::SourceLocation { file: ::core::file!(), line: ::core::line!() },
                &[#(#graph_items),*],
                &[#(#routes),*],
            );

            #[automatically_derived]
            impl ::iop::__private::Production for #ident {
                const GRAPH: &'static ::iop::__private::Graph = &GRAPH;

                fn wiring() -> ::std::vec::Vec<::iop::__private::Wiring> {
                    #wiring
                }
            }

            #(#questions)*
            ::iop::__private::inventory::submit! { ::iop::__private::RegisteredProduction(&GRAPH) }
        };
    }
}

fn graph_item(item: &Item) -> TokenStream {
    let Item { ident, ty, doc, standalone, .. } = item;
    let name = ident.to_string();
    quote! {
        ::iop::__private::Item::new(#name, #doc, <#ty as ::iop::__private::Component>::TYPE, #standalone)
    }
}

fn wiring(items: &[Item]) -> TokenStream {
    let types = items.iter().enumerate().filter(|(index, _)| is_routed_to(items, *index)).map(|(index, item)| {
        let (alias, ty) = (alias(index), &item.ty);
        quote! { type #alias = #ty; }
    });
    let starts = items.iter().enumerate().map(|(index, item)| {
        let (fields, options, ty) = (local("fields", index), local("options", index), &item.ty);
        let fields_mut = (!item.fields.is_empty()).then(|| quote!(mut));
        let options_mut = (!item.options.is_empty()).then(|| quote!(mut));
        quote! {
            let #fields_mut #fields = <<#ty as ::iop::__private::Component>::Fields as ::core::default::Default>::default();
            let #options_mut #options = ::iop::__private::ItemOptions::default();
        }
    });
    let settings = items.iter().enumerate().map(|(index, item)| {
        let fields = local("fields", index);
        let options = local("options", index);
        let item_options = item.options.iter().map(|(key, value)| set(&options, key, value));
        let item_fields = item.fields.iter().map(|field| assign(items, &fields, field));
        quote! { #(#item_options)* #(#item_fields)* }
    });
    let wirings = (0..items.len()).map(|index| {
        let (fields, options) = (local("fields", index), local("options", index));
        quote! { ::iop::__private::wiring(#fields, #options) }
    });
    quote! {
        #(#types)*
        #(#starts)*
        #(#settings)*
        ::std::vec![#(#wirings),*]
    }
}

fn is_routed_to(items: &[Item], index: usize) -> bool {
    items.iter().flat_map(|item| &item.fields).any(|field| match &field.value {
        Value::Item(destination) => destination.index == index,
        Value::Items(destinations) => destinations.iter().any(|destination| destination.index == index),
        Value::Nothing | Value::Setting(_) | Value::Unknown => false,
    })
}

fn set(of: &Ident, key: &Ident, value: impl quote::ToTokens) -> TokenStream {
    let span = Span::mixed_site().located_at(key.span());
    quote_spanned! {span=> ::iop::__private::set(&mut #of.#key, #value); }
}

fn assign(items: &[Item], fields: &Ident, field: &Field) -> TokenStream {
    let Field { ident: key, value } = field;
    let span = Span::mixed_site().located_at(key.span());
    match value {
        Value::Setting(value) => set(fields, key, value),
        Value::Nothing => quote_spanned! {span=> ::iop::__private::set_nothing(&mut #fields.#key); },
        Value::Item(destination) => {
            let route = route(items, destination);
            quote_spanned! {span=> ::iop::__private::wire(&mut #fields.#key, #route); }
        }
        Value::Items(destinations) => {
            let routes = destinations.iter().map(|destination| route(items, destination));
            quote_spanned! {span=>
                ::iop::__private::wire_all(
                    &mut #fields.#key,
                    ::iop::__private::routes() #(.and(#routes))*,
                );
            }
        }
        Value::Unknown => quote_spanned! {span=> let _ = &mut #fields.#key; },
    }
}

/// A route to an item. The type stands, under an alias, where the route is written.
fn route(items: &[Item], destination: &Destination) -> TokenStream {
    let Destination { index, written } = destination;
    let span = Span::mixed_site().located_at(written.span());
    let alias = Ident::new(&alias(*index).to_string(), span);
    let name = items.get(*index).map(|item| item.ident.to_string());
    quote_spanned! {span=> ::iop::__private::route::<#alias, _>(#name) }
}

/// Facts that lie in constants of the component, asked where the item is declared.
fn questions(item: &Item) -> TokenStream {
    let Item { ident, ty, ask_wired, ask_reached, fields, .. } = item;
    let span = Span::mixed_site().located_at(ident.span());
    let name = ident.to_string();
    let set = fields.iter().map(|field| field.ident.to_string());
    let wired = ask_wired.then(|| {
        quote_spanned! {span=>
            const _: () =
                ::iop::__private::assert_wired(#name, <#ty as ::iop::__private::Component>::TYPE, &[#(#set),*]);
        }
    });
    let reached = ask_reached.then(|| {
        quote_spanned! {span=>
            const _: () = ::iop::__private::assert_reached(#name, <#ty as ::iop::__private::Component>::TYPE);
        }
    });
    quote! { #wired #reached }
}

fn local(name: &str, index: usize) -> Ident {
    format_ident!("{name}_{index}", span = Span::mixed_site())
}

fn alias(index: usize) -> Ident {
    format_ident!("Item{index}", span = Span::mixed_site())
}
