//! From tokens to [`ast`](super::ast). Takes the field attributes that are ours out of the item.

use proc_macro2::TokenStream;
use syn::{Attribute, Fields, Ident, Item};

use super::ast::{Field, Message, Shape};
use crate::attributes;
use crate::component::{MARKS, ROLES};
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
            shapes: vec![shape(None, &[], &mut item.fields)],
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
                .map(|variant| shape(Some(variant.ident.clone()), &variant.attrs, &mut variant.fields))
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

fn shape(variant: Option<Ident>, attributes: &[Attribute], fields: &mut Fields) -> Shape {
    let fields = fields.iter_mut().map(|field| {
        let marks = attributes::take(&mut field.attrs, &MARKS);
        let foreign = attributes::take(&mut field.attrs, &ROLES);
        Field { ident: field.ident.clone(), ty: field.ty.clone(), attributes: field.attrs.clone(), marks, foreign }
    });
    Shape { variant, attributes: attributes.to_vec(), fields: fields.collect() }
}
