//! Serde and JSON Schema of a type, of whose fields it is asked whether they can be stored.
//!
//! The derives alone would say of one such field five times, in words of theirs, what the type of the field is not. So none of
//! what they make may be wrong where a field is: serde's becomes functions of the type itself (`remote = "Self"`), with bounds
//! that rustc only looks at where they are called, and the schema is that of a copy. The traits are there in any case; they
//! call by name, and where the functions are not for this type, the name means the function of the trait, which is never run.
//! What is left is the one question that is asked in our words. Why so: `docs/decisions/0023-one-question-about-a-part.md`.

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Fields, Ident, Item, LitStr, Type, Visibility, parse_quote};

use super::ast;
use super::model::{Model, Note};
use crate::attributes;

/// What the derive of a schema reads of a field or variant.
const READ: [&str; 6] = ["doc", "serde", "schemars", "validate", "garde", "deprecated"];

/// What stands in front of the item, and what behind it. `item` is what comes out again, `noted` the same with what its schema
/// says besides.
pub(super) fn implementations(
    ast: &ast::Message,
    model: &Model,
    item: &mut Item,
    noted: Item,
) -> (TokenStream, TokenStream) {
    let whole = whole(ast, model);
    let stored = bounds(&whole, "::iop::__private::Stored<'x>");
    let read = bounds(&whole, "::iop::__private::serde::Deserialize<'x>");
    each_field(item, model, |field, asked| {
        field.attrs.retain(|attribute| !attribute.path().is_ident("schemars"));
        if asked {
            field.attrs.push(parse_quote!(#[serde(serialize_with = "::iop::__private::write_stored")]));
        }
    });
    let derives = quote! {
        #[derive(::iop::__private::serde::Serialize, ::iop::__private::serde::Deserialize)]
        #[serde(
            crate = "::iop::__private::serde",
            remote = "Self",
            bound(serialize = #stored, deserialize = #read)
        )]
    };
    let serde = serde(&ast.ident);
    let schema = schema(ast, model, noted, &stored);
    let questions = questions(ast, model);
    let behind = quote! {
        const _: () = {
            #[allow(unused_imports)]
            use ::iop::__private::Otherwise as _;
            #serde
            #schema
            #questions
        };
    };
    (derives, behind)
}

/// The types of the fields that are asked about, as texts, each once.
fn whole(ast: &ast::Message, model: &Model) -> BTreeSet<String> {
    asked(ast, model).map(|(ty, _)| text(ty)).collect()
}

fn text(ty: &Type) -> String {
    ty.to_token_stream().to_string()
}

fn asked<'a>(ast: &'a ast::Message, model: &'a Model) -> impl Iterator<Item = (&'a Type, &'a [Type])> {
    let fields = ast.shapes.iter().flat_map(|shape| &shape.fields).zip(model.notes.iter().flatten());
    fields.filter(|(_, note)| !note.asked.is_empty()).map(|(field, note)| (&field.ty, note.asked.as_slice()))
}

/// With a lifetime in it that is bound, a bound is looked at by who needs it and not where it stands.
fn bounds(types: &BTreeSet<String>, needed: &str) -> LitStr {
    let bounds: Vec<String> = types.iter().map(|ty| format!("for<'x> {ty}: {needed}")).collect();
    LitStr::new(&bounds.join(", "), Span::call_site())
}

fn serde(ident: &Ident) -> TokenStream {
    quote! {
        #[automatically_derived]
        #[allow(unconditional_recursion)]
        impl ::iop::__private::serde::Serialize for #ident {
            fn serialize<__S: ::iop::__private::serde::Serializer>(
                &self,
                serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                Self::serialize(self, serializer)
            }
        }

        #[automatically_derived]
        #[allow(unconditional_recursion)]
        impl<'de> ::iop::__private::serde::Deserialize<'de> for #ident {
            fn deserialize<__D: ::iop::__private::serde::Deserializer<'de>>(
                deserializer: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                Self::deserialize(deserializer)
            }
        }
    }
}

/// The copy that has the schema. Its constant parameter is there because the derive reads bounds only where there are any.
fn schema(ast: &ast::Message, model: &Model, mut copy: Item, bounds: &LitStr) -> TokenStream {
    let ident = &ast.ident;
    let name = ident.unraw().to_string();
    let copied = format_ident!("__Schema", span = Span::mixed_site());
    each_field(&mut copy, model, |field, asked| {
        field.attrs.retain(read_by_schemars);
        if asked {
            let ty =
                LitStr::new(&format!("::iop::__private::SchemaOf<{}>", field.ty.to_token_stream()), Span::call_site());
            field.attrs.push(parse_quote!(#[schemars(with = #ty)]));
        }
    });
    let parameter = parse_quote!(<const BOUND: bool>);
    match &mut copy {
        Item::Struct(copy) => {
            (copy.vis, copy.ident, copy.generics) = (Visibility::Inherited, copied.clone(), parameter);
            copy.attrs.retain(read_by_schemars);
        }
        Item::Enum(copy) => {
            (copy.vis, copy.ident, copy.generics) = (Visibility::Inherited, copied.clone(), parameter);
            copy.attrs.retain(read_by_schemars);
            copy.variants.iter_mut().for_each(|variant| variant.attrs.retain(read_by_schemars));
        }
        _ => {}
    }
    quote! {
        #[allow(dead_code)]
        #[derive(::iop::__private::schemars::JsonSchema)]
        #[schemars(crate = "::iop::__private::schemars", rename = #name, bound = #bounds)]
        #copy

        #[automatically_derived]
        impl ::iop::__private::schemars::JsonSchema for #ident {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(#name)
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(::core::concat!(::core::module_path!(), "::", #name))
            }

            fn json_schema(
                generator: &mut ::iop::__private::schemars::SchemaGenerator,
            ) -> ::iop::__private::schemars::Schema {
                ::iop::__private::Asked::<#copied<true>>::json_schema(generator)
            }
        }
    }
}

/// One question for each type that is asked about, and one for what holds it.
fn questions(ast: &ast::Message, model: &Model) -> TokenStream {
    let questions = asked(ast, model).map(|(whole, leaves)| {
        let parts = leaves.iter().map(|leaf| {
            let span = leaf.span().resolved_at(Span::mixed_site());
            quote_spanned!(span=> ::iop::__private::assert_part::<#leaf>();)
        });
        let held = leaves.iter().all(|leaf| text(leaf) != text(whole)).then(|| {
            let span = whole.span().resolved_at(Span::mixed_site());
            let text = text(whole)
                .replace(" <", "<")
                .replace("< ", "<")
                .replace(" >", ">")
                .replace(" ,", ",")
                .replace(" :: ", "::");
            quote_spanned! {span=>
                ::iop::__private::assert_held(
                    #text,
                    ::iop::__private::Asked::<#whole>::STORED,
                    &[#(::iop::__private::Asked::<#leaves>::STORED),*],
                );
            }
        });
        quote! { #(#parts)* #held }
    });
    quote! { #(#questions)* }
}

fn read_by_schemars(attribute: &Attribute) -> bool {
    READ.contains(&attributes::path_name(attribute).as_str())
}

/// Shows each field, and whether it is asked about.
fn each_field(item: &mut Item, model: &Model, mut seen: impl FnMut(&mut syn::Field, bool)) {
    let shapes: Vec<&mut Fields> = match item {
        Item::Struct(item) => vec![&mut item.fields],
        Item::Enum(item) => item.variants.iter_mut().map(|variant| &mut variant.fields).collect(),
        _ => Vec::new(),
    };
    for (fields, notes) in shapes.into_iter().zip(&model.notes) {
        for (field, note) in fields.iter_mut().zip(notes) {
            seen(field, is_asked(note));
        }
    }
}

fn is_asked(note: &Note) -> bool {
    !note.asked.is_empty()
}
