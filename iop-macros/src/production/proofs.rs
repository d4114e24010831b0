//! What the compiler shall prove, each where the user would look for the mistake. The proofs themselves are constant
//! functions of the runtime.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::expand::plain;
use super::model::{Alerts, Failing, Item, Order, Production, Requirement};

pub(super) fn proofs(production: &Production) -> TokenStream {
    let circles = circles(production);
    let orders = orders(production);
    let counted = production.items.iter().filter(|item| item.policy.max_hops.is_some()).map(counted);
    let effects = production.items.iter().enumerate().filter_map(|(index, item)| effect(index, item));
    let keys = production.items.iter().filter_map(|item| match &item.policy.order {
        Some(Order::Key(field)) => Some(keyed(item, field)),
        _ => None,
    });
    let heard = matches!(production.alerts, Alerts::Unsaid).then(|| heard(&production.items));
    let names = names(production);
    quote! { #circles #orders #(#keys)* #(#counted)* #(#effects)* #names #heard }
}

/// One question for all of them: a name is wrong of two messages, wherever they are handled.
fn names(Production { ident, .. }: &Production) -> TokenStream {
    let span = at(ident);
    quote_spanned! {span=>
        #[allow(long_running_const_eval, reason = "a large production takes long, and ends")]
        const _: () = ::iop::__private::assert_names::<{ ::iop::__private::slots(&__IOP_GRAPH) }>(&__IOP_GRAPH);
    }
}

/// Nothing where no route lies on a circle.
fn circles(production: &Production) -> Option<TokenStream> {
    let Production { items, routes, .. } = production;
    let asked = routes.iter().enumerate().filter(|(_, route)| route.in_circle).map(|(index, route)| {
        let span = at(&route.written);
        quote_spanned! {span=> const _: () = ::iop::__private::assert_no_circle(&__IOP_GRAPH, &__IOP_CIRCLES, #index); }
    });
    let asked: TokenStream = asked.collect();
    let (items, routes) = (items.len(), ways(production));
    (!asked.is_empty()).then(|| {
        quote! {
            #[allow(long_running_const_eval, reason = "a large production takes long, and ends")]
            const __IOP_CIRCLES: ::iop::__private::Circles<#items> = ::iop::__private::Circles::of::<#routes>(&__IOP_GRAPH);
            #asked
        }
    })
}

fn orders(production: &Production) -> Option<TokenStream> {
    let Production { items, requirements, ask_order, .. } = production;
    if !ask_order || requirements.is_empty() {
        return None;
    }
    let (count, ways) = (items.len(), ways(production));
    let paths = requirements.iter().enumerate().map(|(index, requirement)| {
        let path = path(index);
        let span = at(&requirement.to.written);
        let way = quote_spanned! {span=> const _: () = ::iop::__private::assert_way(&__IOP_GRAPH, &#path); };
        let key = requirement_key(items, requirement);
        quote! {
            #[allow(long_running_const_eval, reason = "a large production takes long, and ends")]
            const #path: ::iop::__private::Path<#count> = ::iop::__private::Path::of::<#ways>(&__IOP_GRAPH, #index);
            #way
            #key
        }
    });
    let kept = items.iter().enumerate().filter(|(_, item)| !item.refused).filter_map(|(index, item)| {
        let asked = requirements.iter().enumerate().filter(|(_, requirement)| requirement.between.contains(&index));
        let paths: Vec<Ident> = asked.map(|(requirement, _)| path(requirement)).collect();
        let span = at(&item.ident);
        (!paths.is_empty()).then(|| {
            quote_spanned! {span=> const _: () = ::iop::__private::assert_order(&__IOP_GRAPH, &[#(&#paths),*], #index); }
        })
    });
    Some(quote! { #(#paths)* #(#kept)* })
}

/// An item that is ordered by a key itself is asked there.
fn requirement_key(items: &[Item], Requirement { order, to, between, .. }: &Requirement) -> Option<TokenStream> {
    let Order::Key(field) = order else { return None };
    let item = items.get(to.index).filter(|item| !matches!(item.policy.order, Some(Order::Key(_))))?;
    (!between.is_empty()).then(|| keyed(item, field))
}

/// An item that bounds how often a message may come must be able to count.
fn counted(Item { ident, ty, .. }: &Item) -> TokenStream {
    let (item, span) = (plain(ident), at(ident));
    let component = quote!(<#ty as ::iop::__private::Component>::This);
    quote_spanned! {span=> const _: () = ::iop::__private::assert_counted::<#component>(#item); }
}

/// Warnings where nobody hears of failures, of which it is known that they matter.
fn heard(items: &[Item]) -> TokenStream {
    let asked = items.iter().map(|Item { ident, ty, policy, .. }| match &policy.failing {
        Some(Failing::ParkKey(word) | Failing::Suspend(word)) => {
            let span = at(word);
            quote_spanned! {span=> let _ = ::iop::__private::Suspended::REACHES_NOBODY; }
        }
        Some(Failing::Block(_)) | None => {
            let span = at(ident);
            quote_spanned! {span=> let _ = ::iop::__private::Failures::<#ty>::REACH_NOBODY; }
        }
    });
    quote! {
        const _: () = {
            #[allow(unused_imports, reason = "generated")]
            use ::iop::__private::HeardOf as _;
            #(#asked)*
        };
    }
}

fn effect(index: usize, item: &Item) -> Option<TokenStream> {
    let Some(Failing::Block(word)) = &item.policy.failing else { return None };
    let span = at(word);
    Some(quote_spanned! {span=> const _: () = ::iop::__private::assert_effect(&__IOP_GRAPH, #index); })
}

/// Where the type is no component, `This` is unknown, and rustc keeps quiet about its handlers.
fn keyed(Item { ident, ty, .. }: &Item, field: &Ident) -> TokenStream {
    let (item, name) = (plain(ident), plain(field));
    let span = at(field);
    let component = quote!(<#ty as ::iop::__private::Component>::This);
    quote_spanned! {span=> const _: () = ::iop::__private::assert_keyed::<#component>(#item, #name); }
}

/// Routes and wire taps.
fn ways(Production { items, routes, .. }: &Production) -> usize {
    routes.len() + items.iter().map(|item| item.taps.len()).sum::<usize>()
}

fn path(requirement: usize) -> Ident {
    format_ident!("__IOP_PATH_{requirement}", span = Span::mixed_site())
}

fn at(ident: &Ident) -> Span {
    Span::mixed_site().located_at(ident.span())
}
