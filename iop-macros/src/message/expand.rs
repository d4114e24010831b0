//! From [`model`](super::model) to Rust. Nothing is checked here, and nothing can fail.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Ident, Meta};

use super::ast;
use super::model::{Arm, Key, Message, Model};

pub(crate) fn message(ast: &ast::Message, model: &Model) -> TokenStream {
    let item = &ast.item;
    let derives = derives(&ast.attributes);
    let generated = match model {
        Model::Part => TokenStream::new(),
        Model::Message(message) => implementation(&ast.ident, message),
        Model::Broken => fallback(ast),
    };
    quote! {
        #derives
        #item
        #generated
    }
}

/// Serde and JSON Schema, except what the user derives already.
fn derives(attributes: &[Attribute]) -> TokenStream {
    let derived: Vec<String> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
        .filter_map(|attribute| match &attribute.meta {
            Meta::List(list) => Some(list.tokens.clone()),
            _ => None,
        })
        .flatten()
        .map(|token| token.to_string())
        .collect();
    let missing = |name: &&str| !derived.iter().any(|token| token == *name);
    let serde = ["Serialize", "Deserialize"].into_iter().filter(missing).map(|name| format_ident!("{name}"));
    let schema = ["JsonSchema"].into_iter().filter(missing).map(|name| format_ident!("{name}"));
    quote! {
        #[derive(#(::iop::__private::serde::#serde,)* #(::iop::__private::schemars::#schema,)*)]
        #[serde(crate = "::iop::__private::serde")]
        #[schemars(crate = "::iop::__private::schemars")]
    }
}

fn implementation(ident: &Ident, message: &Message) -> TokenStream {
    let Message { transient, doc, keys, sensitive, .. } = message;
    let name = message.name.as_ref().map_or_else(|| ident.to_string().into_token_stream(), ToTokens::to_token_stream);
    let version = message.version.as_ref().map_or_else(|| quote!(1), ToTokens::to_token_stream);
    let response = message.response.as_ref().map_or_else(|| quote!(()), ToTokens::to_token_stream);
    let path = format!("::{ident}");
    let key_values = key_values(message);
    quote! {
        const _: () = {
            static TYPE: ::iop::__private::MessageType = ::iop::__private::MessageType::new::<#ident>(
                #name,
                #version,
                ::core::concat!(::core::module_path!(), #path),
                ::iop::__private::SourceLocation { file: ::core::file!(), line: ::core::line!() },
            )
            .with(#doc, #transient, &[#(#keys),*], &[#(#sensitive),*]);

            #[automatically_derived]
            impl ::iop::__private::Message for #ident {
                type Response = #response;
                const TYPE: &'static ::iop::__private::MessageType = &TYPE;
                #key_values
            }

            ::iop::__private::inventory::submit! { ::iop::__private::RegisteredMessage(&TYPE) }
        };
    }
}

fn key_values(message: &Message) -> TokenStream {
    if message.keys.is_empty() {
        return TokenStream::new();
    }
    let body = match message.arms.as_slice() {
        [Arm { variant: None, keys }] => {
            let key = keys.iter().map(|key| {
                let Key { ident, ty, name, cfgs } = key;
                quote! { #(#cfgs)* (#name, <#ty as ::iop::__private::KeyValue>::key(&self.#ident)) }
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

fn variant_arm(arm: &Arm) -> TokenStream {
    let variant = &arm.variant;
    let fields = arm.keys.iter().enumerate().map(|(index, key)| {
        let (ident, cfgs, local) = (&key.ident, &key.cfgs, local(index));
        quote! { #(#cfgs)* #ident: #local, }
    });
    let keys = arm.keys.iter().enumerate().map(|(index, key)| {
        let (Key { ty, name, cfgs, .. }, local) = (key, local(index));
        quote! { #(#cfgs)* (#name, <#ty as ::iop::__private::KeyValue>::key(#local)) }
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
