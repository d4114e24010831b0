//! From tokens to [`ast`](super::ast). Takes the field attributes that are ours out of the struct.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Item, ItemStruct};

use super::ast::{Component, Field, Kind};
use crate::attributes;
use crate::errors::{Code, Errors};

pub(crate) const ROLES: [&str; 3] = ["setting", "target", "state"];

/// What marks fields of messages.
pub(crate) const MARKS: [&str; 2] = ["key", "sensitive"];

pub(crate) fn component(
    kind: Kind,
    arguments: TokenStream,
    item: &TokenStream,
    errors: &mut Errors,
) -> Option<Component> {
    let arguments = attributes::arguments(arguments, errors);
    match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Struct(mut item)) => {
            let fields = fields(&mut item);
            Some(Component { kind, arguments, item, fields })
        }
        Ok(item) => {
            misplaced(kind, &item, errors);
            None
        }
        Err(error) => {
            errors.syntax(error);
            None
        }
    }
}

fn fields(item: &mut ItemStruct) -> Vec<Field> {
    let mut fields = Vec::new();
    for field in &mut item.fields {
        let roles = attributes::take(&mut field.attrs, &ROLES);
        let foreign = attributes::take(&mut field.attrs, &MARKS);
        let (ident, ty) = (field.ident.clone(), field.ty.clone());
        fields.push(Field { ident, ty, attributes: field.attrs.clone(), roles, foreign });
    }
    fields
}

fn misplaced(kind: Kind, item: &Item, errors: &mut Errors) {
    let attribute = kind.attribute();
    let (at, what) = match item {
        Item::Enum(item) => (item.enum_token.into_token_stream(), "an enum"),
        Item::Union(item) => (item.union_token.into_token_stream(), "a union"),
        Item::Fn(item) => (item.sig.fn_token.into_token_stream(), "a function"),
        Item::Impl(item) => (item.impl_token.into_token_stream(), "an impl"),
        Item::Trait(item) => (item.trait_token.into_token_stream(), "a trait"),
        other => (other.into_token_stream(), "what is not a struct"),
    };
    let help = match item {
        Item::Impl(_) => format!("write `#[handlers]` on the impl, and `#[{attribute}]` on the struct"),
        _ => "a component is a struct; put the attribute on it".to_owned(),
    };
    errors.report(at, Code::E12, format!("`#[{attribute}]` stands on {what}"), help);
}
