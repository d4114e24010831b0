//! From [`model`](super::model) to Rust. Nothing is checked here, and nothing can fail.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Ident, Item, parse_quote};

use super::asked;
use super::ast;
use super::debug;
use super::model::{Arm, Key, Message, Model, Note, Role};
use super::stored;

pub(crate) fn message(ast: &ast::Message, model: &Model) -> TokenStream {
    let mut item = ast.item.clone();
    let mut noted = item.clone();
    note(&mut noted, model);
    let (derives, stored) = if model.asks() {
        stored::implementations(ast, model, &mut item, noted)
    } else {
        item = noted;
        (derives(&ast.attributes), TokenStream::new())
    };
    let masked = if model.is_sensitive() { debug::masked(ast, model, &mut item) } else { TokenStream::new() };
    let generated = match &model.role {
        Role::Part => TokenStream::new(),
        Role::Message(message) => implementation(&ast.ident, message),
        Role::Broken => fallback(ast),
    };
    quote! {
        #derives
        #item
        #masked
        #stored
        #generated
    }
}

/// Serde and JSON Schema, except what the user derives already.
fn derives(attributes: &[Attribute]) -> TokenStream {
    let derived: Vec<String> = asked::derived(attributes).collect();
    let missing = |name: &&str| !derived.iter().any(|token| token == *name);
    let serde = ["Serialize", "Deserialize"].into_iter().filter(missing).map(|name| format_ident!("{name}"));
    let schema = ["JsonSchema"].into_iter().filter(missing).map(|name| format_ident!("{name}"));
    quote! {
        #[derive(#(::iop::__private::serde::#serde,)* #(::iop::__private::schemars::#schema,)*)]
        #[serde(crate = "::iop::__private::serde")]
        #[schemars(crate = "::iop::__private::schemars")]
    }
}

/// Says in the JSON Schema what is known of the fields and not of their types: views mask by it, and the lock of the
/// messages compares by it.
fn note(item: &mut Item, model: &Model) {
    match item {
        Item::Struct(item) => {
            for (field, note) in item.fields.iter_mut().zip(model.notes.iter().flatten()) {
                field.attrs.extend(extensions(note));
            }
        }
        Item::Enum(item) => {
            for ((variant, notes), aliases) in item.variants.iter_mut().zip(&model.notes).zip(&model.aliases) {
                variant.attrs.extend(other_names(aliases));
                for (field, note) in variant.fields.iter_mut().zip(notes) {
                    field.attrs.extend(extensions(note));
                }
            }
        }
        _ => {}
    }
}

fn extensions(note: &Note) -> impl Iterator<Item = Attribute> {
    let key = note.key.then(|| parse_quote!(#[schemars(extend("x-iop-key" = true))]));
    let sensitive = note.sensitive.then(|| parse_quote!(#[schemars(extend("x-iop-sensitive" = true))]));
    key.into_iter().chain(sensitive).chain(other_names(&note.aliases))
}

fn other_names(aliases: &[String]) -> Option<Attribute> {
    (!aliases.is_empty()).then(|| parse_quote!(#[schemars(extend("x-iop-aliases" = [#(#aliases),*]))]))
}

fn implementation(ident: &Ident, message: &Message) -> TokenStream {
    let Message { transient, doc, keys, sensitive, .. } = message;
    let plain = ident.unraw().to_string();
    let name = message.name.as_ref().map_or_else(|| plain.to_token_stream(), ToTokens::to_token_stream);
    let version = message.version.as_ref().map_or_else(|| quote!(1), ToTokens::to_token_stream);
    let response = message.response.as_ref().map_or_else(|| quote!(()), ToTokens::to_token_stream);
    let streams = streams(ident, message);
    let path = format!("::{plain}");
    let key_values = key_values(message);
    let (upgrades, checks) = upgrades(ident, message);
    // What is kept in memory alone is tried again from a copy, where there can be one.
    let copied = transient.then(|| {
        quote!(.copied({
            #[allow(unused_imports)]
            use ::iop::__private::CannotCopy as _;
            ::iop::__private::Copies::<#ident>::COPY
        }))
    });
    quote! {
        const _: () = {
            static __IOP_TYPE: ::iop::__private::MessageType = ::iop::__private::MessageType::new::<#ident>(
                #name,
                #version,
                ::core::concat!(::core::module_path!(), #path),
                ::iop::__private::SourceLocation { file: ::core::file!(), line: ::core::line!() },
            )
            .with(#doc, #transient, &[#(#keys),*], &[#(#sensitive),*])
            #copied
            #upgrades;

            #[automatically_derived]
            impl ::iop::__private::Message for #ident {
                type Response = #response;
                const TYPE: &'static ::iop::__private::MessageType = &__IOP_TYPE;
                #key_values
            }

            #streams
            ::iop::__private::inventory::submit! { ::iop::__private::RegisteredMessage(&__IOP_TYPE) }
            #checks
        };
    }
}

/// What its handler gives and takes besides the response.
fn streams(ident: &Ident, message: &Message) -> TokenStream {
    let chunk = message.chunk.iter().map(|chunk| {
        quote! {
            #[automatically_derived]
            impl ::iop::__private::Generates for #ident {
                type Chunk = #chunk;
            }
        }
    });
    let input = message.input.iter().map(|input| {
        quote! {
            #[automatically_derived]
            impl ::iop::__private::Converses for #ident {
                type Input = #input;
            }
        }
    });
    quote! { #(#chunk)* #(#input)* }
}

/// The way of stored messages of older versions to this type: each function takes what the one before it makes.
fn upgrades(ident: &Ident, message: &Message) -> (TokenStream, TokenStream) {
    let functions = &message.upgrades;
    let Some(last) = functions.last() else { return (TokenStream::new(), TokenStream::new()) };
    let listed = quote! {
        .upgrading(&[#(::iop::__private::Upgrade::new(
            |body| ::iop::__private::upgrade(body, #functions),
            || ::iop::__private::upgraded_schema(#functions),
        )),*])
    };
    let next = functions.iter().skip(1);
    let checks = quote! {
        const _: fn() = || {
            #(::iop::__private::assert_upgrades_next(#functions, #next);)*
            ::iop::__private::assert_upgrades_to::<#ident, _, _, _>(#last);
        };
    };
    (listed, checks)
}

fn key_values(message: &Message) -> TokenStream {
    if message.keys.is_empty() {
        return TokenStream::new();
    }
    let body = match message.arms.as_slice() {
        [Arm { variant: None, keys }] => {
            let key = keys.iter().map(|key| {
                let (Key { ident, name, cfgs, .. }, value) = (key, key_value(key));
                quote! { #(#cfgs)* (#name, #value(&self.#ident)) }
            });
            quote! { ::iop::__private::keys([#(#key),*]) }
        }
        arms => {
            let arms = arms.iter().map(variant_arm);
            quote! { match self { #(#arms)* } }
        }
    };
    quote! {
        fn keys(&self) -> ::std::vec::Vec<(&'static str, ::std::string::String)> {
            #body
        }
    }
}

/// What makes the value of a key of a field.
fn key_value(Key { ty, name, hashed, .. }: &Key) -> TokenStream {
    if *hashed {
        quote! { ::iop::__private::hashed_key::<#ty>(#name) }
    } else {
        quote! { <#ty as ::iop::__private::KeyValue>::key }
    }
}

fn variant_arm(arm: &Arm) -> TokenStream {
    let variant = &arm.variant;
    let fields = arm.keys.iter().enumerate().map(|(index, key)| {
        let (ident, cfgs, local) = (&key.ident, &key.cfgs, local(index));
        quote! { #(#cfgs)* #ident: #local, }
    });
    let keys = arm.keys.iter().enumerate().map(|(index, key)| {
        let (Key { name, cfgs, .. }, value, local) = (key, key_value(key), local(index));
        quote! { #(#cfgs)* (#name, #value(#local)) }
    });
    quote! { Self::#variant { #(#fields)* .. } => ::iop::__private::keys([#(#keys),*]), }
}

fn local(index: usize) -> Ident {
    Ident::new(&format!("key_{index}"), proc_macro2::Span::mixed_site())
}

/// Keeps the uses of a type quiet that has been refused as a message.
fn fallback(ast: &ast::Message) -> TokenStream {
    let ident = &ast.ident;
    let mut generics = ast.generics.clone();
    let (_, arguments, _) = ast.generics.split_for_impl();
    generics.make_where_clause().predicates.push(syn::parse_quote! {
        #ident #arguments: ::iop::__private::serde::Serialize + ::iop::__private::serde::de::DeserializeOwned
            + ::core::marker::Send + 'static
    });
    let (parameters, arguments, bounds) = generics.split_for_impl();
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #parameters ::iop::__private::Message for #ident #arguments #bounds {
                type Response = ();
                const TYPE: &'static ::iop::__private::MessageType = &::iop::__private::REFUSED_MESSAGE;
            }
        };
    }
}
