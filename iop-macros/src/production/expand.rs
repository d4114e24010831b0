//! From [`model`](super::model) to Rust. Nothing is checked here, and nothing can fail.
//!
//! Two rules about spans: every name that the user wrote goes into the output with its own span, so that editors resolve
//! it; and what rustc asks about a route stands where the route is written, not where the item is declared.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::model::{Alerts, Destination, Failing, Item, Order, Policy, Production, Requirement, Route, Tap, Value};
use super::{proofs, wiring};

/// Settings of the engine that are durations: those of `iop::component::ItemOptions`.
const DURATIONS: [&str; 6] =
    ["timeout", "backoff", "backoff_cap", "failure_timeout", "breaker_pause", "request_timeout"];

pub(crate) fn production(model: &Production) -> TokenStream {
    let Production { docs, doc, visibility, ident, items, routes, .. } = model;
    let name = ident.to_string();
    let graph_items = items.iter().enumerate().map(|(index, item)| graph_item(index, item));
    let names_of_items = (0..items.len()).map(item_constant);
    let routes = routes.iter().map(|Route { from, target, to, .. }| {
        quote! { ::iop::__private::Route { from: #from, target: #target, to: #to } }
    });
    let statements = statements(model);
    let wiring = wiring::wiring(model);
    let proofs = proofs::proofs(model);
    let taps = taps(items);
    // With the span of the name, so that a second production of that name is refused there.
    let keyword = quote_spanned!(ident.span()=> struct);
    let questions = items.iter().enumerate().map(|(index, item)| questions(index, item, items));
    let end = quote_spanned!(ident.span()=> ;);
    quote! {
        #(#docs)*
        #[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::marker::Copy)]
        #visibility #keyword #ident #end

        const _: () = {
            #(#graph_items)*
            static __IOP_GRAPH: ::iop::__private::Graph = ::iop::__private::Graph::new(
                #name,
                #doc,
                ::iop::__private::SourceLocation { file: ::core::file!(), line: ::core::line!() },
                &[#(#names_of_items),*],
                &[#(#routes),*],
            )#statements #taps;

            #[automatically_derived]
            impl ::iop::__private::Production for #ident {
                const GRAPH: &'static ::iop::__private::Graph = &__IOP_GRAPH;

                fn wiring() -> ::std::vec::Vec<::iop::__private::Wiring> {
                    #wiring
                }
            }

            #(#questions)*
            #proofs
            ::iop::__private::inventory::submit! { ::iop::__private::RegisteredProduction(&__IOP_GRAPH) }
        };
    }
}

/// A constant for each item, for the same reason as a function for each (`wiring.rs`).
fn graph_item(index: usize, item: &Item) -> TokenStream {
    let constant = item_constant(index);
    let Item { ident, ty, doc, standalone, policy, .. } = item;
    let name = plain(ident);
    let policy = self::policy(policy);
    quote! {
        const #constant: ::iop::__private::Item =
            ::iop::__private::Item::new(#name, #doc, <#ty as ::iop::__private::Component>::TYPE, #standalone)#policy;
    }
}

fn item_constant(index: usize) -> Ident {
    format_ident!("__IOP_ITEM_{index}", span = Span::mixed_site())
}

/// Nothing where nothing is said.
fn policy(Policy { order, failing, pool_size, max_hops, renamed_from }: &Policy) -> Option<TokenStream> {
    let order = order.as_ref().map(self::order).map(|order| quote!(.order(#order)));
    let failing = failing.as_ref().map(|failing| match failing {
        Failing::Block(_) => quote!(.failing(::iop::__private::Failing::Block)),
        Failing::ParkKey(_) => quote!(.failing(::iop::__private::Failing::ParkKey)),
        Failing::Suspend(_) => quote!(.failing(::iop::__private::Failing::Suspend)),
    });
    let pool_size = pool_size.map(|size| quote!(.pool_size(#size)));
    let max_hops = max_hops.map(|count| quote!(.max_hops(#count)));
    let renamed_from = renamed_from.as_ref().map(|name| quote!(.renamed_from(#name)));
    let parts: TokenStream = [order, failing, pool_size, max_hops, renamed_from].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| quote!(.policy(::iop::__private::ItemPolicy::NONE #parts)))
}

fn order(order: &Order) -> TokenStream {
    match order {
        Order::None(_) => quote!(::iop::__private::Order::None),
        Order::Fifo(_) => quote!(::iop::__private::Order::Fifo),
        Order::Key(field) => {
            let field = plain(field);
            quote!(::iop::__private::Order::Key(#field))
        }
    }
}

/// Nothing where nothing is said.
fn statements(Production { requirements, alerts, .. }: &Production) -> Option<TokenStream> {
    let alerts = match alerts {
        Alerts::To(Destination { index, .. }) => Some(index),
        Alerts::Unsaid | Alerts::Nowhere => None,
    };
    if requirements.is_empty() && alerts.is_none() {
        return None;
    }
    let requirements = requirements.iter().map(|Requirement { order, from, to, .. }| {
        let (order, from, to) = (self::order(order), from.index, to.index);
        quote! { ::iop::__private::Requirement { order: #order, from: #from, to: #to } }
    });
    let alerts = match alerts {
        Some(index) => quote!(::core::option::Option::Some(#index)),
        None => quote!(::core::option::Option::None),
    };
    Some(quote! { .with(&[#(#requirements),*], #alerts) })
}

/// Nothing where nothing is tapped.
fn taps(items: &[Item]) -> Option<TokenStream> {
    let taps = items.iter().enumerate().flat_map(|(of, item)| item.taps.iter().map(move |tap| (of, tap)));
    let taps: Vec<_> = taps
        .map(|(of, Tap { to: Destination { index, .. }, responses })| {
            quote! { ::iop::__private::Tap { of: #of, to: #index, responses: #responses } }
        })
        .collect();
    (!taps.is_empty()).then(|| quote! { .taps(&[#(#taps),*]) })
}

/// Facts that lie in constants of the component, asked where the item is declared.
fn questions(index: usize, item: &Item, items: &[Item]) -> TokenStream {
    let Item { ident, ty, ask_wired, ask_reached, ask_entered, mentioned, fields, .. } = item;
    let span = Span::mixed_site().located_at(ident.span());
    let name = plain(ident);
    let set = fields.iter().map(|field| plain(&field.ident));
    let wired = ask_wired.then(|| {
        quote_spanned! {span=>
            const _: () =
                ::iop::__private::assert_wired(#name, <#ty as ::iop::__private::Component>::TYPE, &[#(#set),*]);
        }
    });
    let reached = ask_reached.then(|| {
        let meant = mentioned.iter().filter_map(|(of, field)| {
            let (ty, field) = (&items.get(*of)?.ty, plain(field));
            Some(quote! { ::iop::__private::has_target(<#ty as ::iop::__private::Component>::TYPE, #field) || })
        });
        let meant: TokenStream = meant.collect();
        let reached = quote_spanned! {span=>
            ::iop::__private::assert_reached(&__IOP_GRAPH, #index)
        };
        if meant.is_empty() {
            quote_spanned! {span=> const _: () = #reached; }
        } else {
            quote_spanned! {span=> const _: () = if !(#meant false) { #reached }; }
        }
    });
    let entered = (!ask_entered.is_empty()).then(|| {
        quote_spanned! {span=> const _: () = ::iop::__private::assert_entered(&__IOP_GRAPH, &[#(#ask_entered),*]); }
    });
    let within = fields.iter().filter_map(|field| {
        let Value::Setting(value) = &field.value else { return None };
        let (known, setting) = (crate::literal::of(value)?, plain(&field.ident));
        let span = Span::mixed_site().located_at(value.span());
        let (assert, known) = crate::literal::assert(&value.to_token_stream(), known);
        Some(quote_spanned! {span=>
            const _: () = ::iop::__private::#assert(
                #name,
                <#ty as ::iop::__private::Component>::TYPE,
                #setting,
                #known,
            );
        })
    });
    let durations = item.options.iter().filter_map(|(key, value)| {
        let (setting, text) = (plain(key), syn::parse2::<syn::LitStr>(value.clone()).ok()?);
        let (span, text) = (Span::mixed_site().located_at(text.span()), text.value());
        DURATIONS.contains(&setting.as_str()).then(|| {
            quote_spanned! {span=> const _: () = ::iop::__private::assert_duration(#name, #setting, #text); }
        })
    });
    let taps = item.taps.iter().filter_map(|Tap { to: Destination { index, written }, responses }| {
        let span = Span::mixed_site().located_at(written.span());
        let (tap, to) = (plain(written), &items.get(*index)?.ty);
        Some(quote_spanned! {span=>
            const _: () = ::iop::__private::assert_taps::<#ty, #to>(#name, #tap, #responses);
        })
    });
    quote! { #wired #reached #entered #(#within)* #(#durations)* #(#taps)* }
}

/// The name without `r#`.
pub(super) fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map_or(name.clone(), ToOwned::to_owned)
}
