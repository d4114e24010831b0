//! From tokens to [`ast`](super::ast). Takes the field attributes that are ours out of the item.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Fields, Generics, Ident, Item, Type};

use super::ast::{Field, Message, Shape};
use crate::attributes;
use crate::component::{self, MARKS, ROLES};
use crate::errors::{Code, Errors};

pub(crate) fn message(arguments: TokenStream, item: &TokenStream, errors: &mut Errors) -> Option<Message> {
    let arguments = attributes::arguments(arguments, errors);
    let item = match syn::parse2::<Item>(item.clone()) {
        Ok(item) => item,
        Err(error) => {
            errors.syntax(error);
            return None;
        }
    };
    match item {
        Item::Struct(mut item) => Some(Message {
            arguments,
            shapes: vec![shape(None, &[], &mut item.fields, &item.generics, errors)],
            attributes: item.attrs.clone(),
            ident: item.ident.clone(),
            generics: item.generics.clone(),
            item: Item::Struct(item),
        }),
        Item::Enum(mut item) => Some(Message {
            arguments,
            shapes: item
                .variants
                .iter_mut()
                .map(|variant| {
                    let (ident, attributes) = (variant.ident.clone(), &variant.attrs);
                    shape(Some(ident), attributes, &mut variant.fields, &item.generics, errors)
                })
                .collect(),
            attributes: item.attrs.clone(),
            ident: item.ident.clone(),
            generics: item.generics.clone(),
            item: Item::Enum(item),
        }),
        _ => {
            errors.report(
                item,
                Code::E12,
                "`#[message]` stands on what is neither a struct nor an enum",
                "put it on the struct or enum that is sent",
            );
            None
        }
    }
}

fn shape(
    variant: Option<Ident>,
    attributes: &[Attribute],
    fields: &mut Fields,
    generics: &Generics,
    errors: &mut Errors,
) -> Shape {
    let fields = fields.iter_mut().map(|field| {
        if generics.params.is_empty() {
            own(&mut field.ty, errors);
        }
        let marks = attributes::take(&mut field.attrs, &MARKS);
        let foreign = attributes::take(&mut field.attrs, &ROLES);
        Field { ident: field.ident.clone(), ty: field.ty.clone(), attributes: field.attrs.clone(), marks, foreign }
    });
    Shape { variant, attributes: attributes.to_vec(), fields: fields.collect() }
}

/// A reference is taken for what it refers to, so that what rustc would say of it is not said too.
fn own(ty: &mut Type, errors: &mut Errors) {
    let Type::Reference(reference) = &*ty else { return };
    let owned = component::owned(&reference.elem);
    errors.report(
        reference,
        Code::E12,
        "a field of a message is a reference, and a stored message owns what it says",
        format!("write `{}`", owned.to_token_stream()),
    );
    *ty = owned;
}
