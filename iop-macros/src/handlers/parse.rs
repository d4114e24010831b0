//! From tokens to [`ast`](super::ast). Bodies are not looked at.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{ImplItem, ImplItemFn, Item, Safety};

use super::ast::{Function, Handlers};
use crate::attributes;
use crate::errors::{Code, Errors};

const PLAIN_IMPL: &str = "put it in an `impl` without `#[handlers]`";

pub(crate) fn handlers(arguments: TokenStream, item: &TokenStream, errors: &mut Errors) -> Option<Handlers> {
    for argument in attributes::arguments(arguments, errors) {
        argument.unknown("handlers", &[], errors);
    }
    let item = match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Impl(item)) => item,
        Ok(item) => {
            misplaced(&item, errors);
            return None;
        }
        Err(error) => {
            errors.syntax(error);
            return None;
        }
    };
    if let Some((path, _)) = &item.trait_ {
        errors.report(
            path,
            Code::E12,
            "`#[handlers]` stands on the impl of a trait",
            "put it on the component's own impl, `impl Name { … }`",
        );
        return None;
    }
    if !item.generics.params.is_empty() {
        errors.report(
            &item.generics.params,
            Code::E12,
            "`#[handlers]` stands on a generic impl, and no component is generic",
            "write the impl for one component",
        );
        return None;
    }
    let written = item.items.iter().filter(|item| matches!(item, ImplItem::Fn(_))).count();
    let functions: Vec<Function> = item.items.into_iter().filter_map(|item| function(item, errors)).collect();
    Some(Handlers { component: *item.self_ty, incomplete: functions.len() < written, functions })
}

fn misplaced(item: &Item, errors: &mut Errors) {
    let (at, what) = match item {
        Item::Struct(item) => (item.struct_token.to_token_stream(), "a struct"),
        Item::Enum(item) => (item.enum_token.to_token_stream(), "an enum"),
        Item::Fn(item) => (item.sig.fn_token.to_token_stream(), "a function"),
        Item::Trait(item) => (item.trait_token.to_token_stream(), "a trait"),
        other => (other.to_token_stream(), "what is not an impl"),
    };
    errors.report(
        at,
        Code::E12,
        format!("`#[handlers]` stands on {what}"),
        "put it on the component's impl, `impl Name { … }`",
    );
}

fn function(item: ImplItem, errors: &mut Errors) -> Option<Function> {
    if let ImplItem::Fn(ImplItemFn { sig, .. }) = &item
        && let Safety::Unsafe(word) = &sig.safety
    {
        let fact = format!("`{}` is unsafe, and who would keep its conditions? The engine calls it", sig.ident);
        errors.report(word, Code::E12, fact, "remove `unsafe`; what needs it stands in a block inside");
        return None;
    }
    match item {
        ImplItem::Fn(item) if item.sig.asyncness.is_some() => {
            Some(Function { attributes: item.attrs, signature: item.sig })
        }
        ImplItem::Fn(item) => {
            let name = item.sig.ident.to_string();
            let help = if super::check::HOOKS.contains(&name.as_str()) {
                format!("write `async fn {name}`")
            } else {
                format!("write `async fn {name}` for a handler; a helper goes in an `impl` without `#[handlers]`")
            };
            errors.report(
                &item.sig.ident,
                Code::E12,
                format!("`{name}` in `#[handlers]` is not async, so it is neither a hook nor a handler"),
                help,
            );
            None
        }
        ImplItem::Const(item) => {
            errors.report(item.ident, Code::E12, "a constant in `#[handlers]` is not a handler", PLAIN_IMPL);
            None
        }
        ImplItem::Type(item) => {
            errors.report(item.ident, Code::E12, "a type in `#[handlers]` is not a handler", PLAIN_IMPL);
            None
        }
        other => {
            errors.report(other, Code::E12, "in `#[handlers]` stand hooks and handlers only", PLAIN_IMPL);
            None
        }
    }
}
