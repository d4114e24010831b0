//! From [`model`](super::model) to Rust. Nothing is checked here, and nothing can fail.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Fields, Ident};

use super::ast;
use super::model::{Component, Entrance, Field, Implied, Role};

pub(crate) fn component(ast: &ast::Component, model: Option<&Component>) -> TokenStream {
    let item = &ast.item;
    let Some(model) = model else { return quote!(#item) };
    let ident = &item.ident;
    let wiring = Ident::new(&format!("{ident}Fields"), ident.span());
    let fields = fields_struct(ast, model, &wiring);
    let fields_impl = fields_impl(model, &wiring);
    let component_type = component_type(ident, model);
    let build = build(ast, model);
    let state = state(model);
    let receives = receives(ident, model);
    let checks = checks(ident, model);
    let handles = handles(ident, model);
    quote! {
        #item
        #fields
        const _: () = {
            #fields_impl
            #component_type

            #[automatically_derived]
            impl ::iop::__private::Component for #ident {
                type This = Self;
                type Fields = #wiring;
                const TYPE: &'static ::iop::__private::ComponentType = &TYPE;

                #build
                #state
            }

            #receives
            #checks
            #handles
            ::iop::__private::inventory::submit! { ::iop::__private::RegisteredComponent(&TYPE) }
        };
    }
}

/// What `production!` fills in, under the names of the component's own fields.
fn fields_struct(ast: &ast::Component, model: &Component, wiring: &Ident) -> TokenStream {
    let visibility = &ast.item.vis;
    let doc = format!("What `production!` sets of `{}`.", ast.item.ident);
    let own = model.fields.iter().filter_map(|field| {
        let Field { ident, ty, cfgs, doc, .. } = field;
        let ty = match field.role {
            Role::Setting { .. } => quote!(::iop::__private::SettingField<#ty>),
            Role::Target => quote_spanned!(ty.span()=> <#ty as ::iop::__private::TargetDeclared>::Field),
            Role::State | Role::Refused | Role::Plain => return None,
        };
        Some(quote! { #(#cfgs)* #[doc = #doc] pub #ident: #ty, })
    });
    let implied = model.implied.iter().map(|Implied { name, doc, ty, .. }| {
        let ident = format_ident!("{name}");
        quote! { #[doc = #doc] pub #ident: ::iop::__private::SettingField<#ty>, }
    });
    let adapter = model.adapter().map(|adapter| {
        quote! { #[doc(hidden)] pub __iop_adapter: <#adapter as ::iop::__private::InboundAdapter>::Fields, }
    });
    quote! {
        #[doc(hidden)]
        #[doc = #doc]
        #[allow(missing_debug_implementations, missing_docs, private_interfaces, reason = "generated")]
        #[derive(::core::default::Default)]
        #visibility struct #wiring {
            #(#own)*
            #(#implied)*
            #adapter
        }
    }
}

fn fields_impl(model: &Component, wiring: &Ident) -> TokenStream {
    let own = model.fields.iter().filter_map(|field| {
        let Field { ident, cfgs, .. } = field;
        let name = name(ident);
        match field.role {
            Role::Setting { .. } => Some(quote! { #(#cfgs)* wiring.setting(#name, self.#ident); }),
            Role::Target => Some(quote! {
                #(#cfgs)* wiring.target(#name, self.#ident);
            }),
            Role::State | Role::Refused | Role::Plain => None,
        }
    });
    let implied = model.implied.iter().map(|Implied { name, .. }| {
        let ident = format_ident!("{name}");
        quote! { wiring.setting(#name, self.#ident); }
    });
    let start = match model.adapter() {
        Some(_) => quote!(::iop::__private::Fields::wiring(self.__iop_adapter)),
        None => quote!(::iop::__private::Wiring::default()),
    };
    let mutability = model.wires_something().then(|| quote!(mut));
    let deref = model.adapter().map(|adapter| adapter_settings(wiring, adapter));
    quote! {
        #[automatically_derived]
        impl ::iop::__private::Fields for #wiring {
            fn wiring(self) -> ::iop::__private::Wiring {
                let #mutability wiring = #start;
                #(#own)*
                #(#implied)*
                wiring
            }
        }
        #deref
    }
}

/// The adapter's settings are reached as if they were the component's.
fn adapter_settings(wiring: &Ident, adapter: &syn::Type) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl ::core::ops::Deref for #wiring {
            type Target = <#adapter as ::iop::__private::InboundAdapter>::Fields;
            fn deref(&self) -> &Self::Target {
                &self.__iop_adapter
            }
        }

        #[automatically_derived]
        impl ::core::ops::DerefMut for #wiring {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.__iop_adapter
            }
        }
    }
}

fn component_type(ident: &Ident, model: &Component) -> TokenStream {
    let doc = &model.doc;
    let path = format!("::{ident}");
    let name = model.name.as_ref().map_or_else(|| ident.to_string().into_token_stream(), ToTokens::to_token_stream);
    let new = match &model.entrance {
        Entrance::Plain => quote!(plain_service::<#ident>),
        Entrance::Poll => quote!(poll_service::<#ident>),
        Entrance::Adapter(adapter) => quote!(adapter_service::<#ident, #adapter>),
        Entrance::Process => quote!(process::<#ident>),
        Entrance::Operation => quote!(operation::<#ident>),
    };
    let settings = model.fields.iter().filter_map(setting).chain(model.implied.iter().map(implied_setting));
    let targets = model.fields.iter().filter_map(target);
    let adapter = model.adapter().map(|adapter| quote!(<#adapter as ::iop::__private::InboundAdapter>::SETTINGS,));
    quote! {
        static TYPE: ::iop::__private::ComponentType = ::iop::__private::ComponentType::#new(#name)
            .described(
                ::core::concat!(::core::module_path!(), #path),
                ::iop::__private::SourceLocation { file: ::core::file!(), line: ::core::line!() },
                #doc,
            )
            .with(&[&[#(#settings),*], #adapter], &[#(#targets),*]);
    }
}

fn setting(field: &Field) -> Option<TokenStream> {
    let Role::Setting { default } = &field.role else { return None };
    let Field { ident, ty, cfgs, doc, .. } = field;
    let name = name(ident);
    let default = match default {
        Some(value) => quote!(::core::option::Option::Some(|| ::iop::__private::default::<#ty, _>(#value))),
        None => quote!(::core::option::Option::None),
    };
    Some(quote! { #(#cfgs)* ::iop::__private::SettingDecl::new::<#ty>(#name, #doc, #default) })
}

fn implied_setting(setting: &Implied) -> TokenStream {
    let Implied { name, doc, ty, default } = setting;
    quote! {
        ::iop::__private::SettingDecl::new::<#ty>(
            #name,
            #doc,
            ::core::option::Option::Some(|| ::iop::__private::default::<#ty, _>(#default)),
        )
    }
}

fn target(field: &Field) -> Option<TokenStream> {
    let Field { ident, ty, cfgs, doc, role: Role::Target, .. } = field else { return None };
    let name = name(ident);
    // That it carries messages is asked here and nowhere else of the component: one mistake, one error.
    let set = quote_spanned!(ty.span()=> <#ty as ::iop::__private::TargetDeclared>::Set);
    let messages = quote_spanned!(ty.span()=> <#set as ::iop::__private::Messages>::types);
    Some(quote! { #(#cfgs)* ::iop::__private::TargetDecl::new::<#ty>(#name, #doc, #messages) })
}

fn build(ast: &ast::Component, model: &Component) -> TokenStream {
    let values = model.fields.iter().map(|field| {
        let Field { ident, ty, cfgs, .. } = field;
        let name = name(ident);
        let value = match field.role {
            // Every token stands on the type, as in the declaration: where it is no setting, rustc says so once.
            Role::Setting { .. } => {
                let setting = quote_spanned!(ty.span()=> <#ty as ::iop::__private::Setting>);
                quote!(config.read(#name, #setting::from_raw, #setting::absent)?)
            }
            Role::Target => quote!(config.target(#name)),
            Role::Refused => quote!(::iop::__private::refused_value()),
            Role::State => quote!(::iop::__private::state_default::<#ty>()),
            Role::Plain => quote!(::iop::__private::fresh::<#ty>()),
        };
        quote! { #(#cfgs)* #ident: #value }
    });
    let instance = match ast.item.fields {
        Fields::Named(_) => quote!(Self { #(#values),* }),
        Fields::Unit | Fields::Unnamed(_) => quote!(Self),
    };
    quote! {
        fn build(config: &::iop::__private::ItemConfig) -> ::iop::__private::Result<Self> {
            let _ = config;
            ::core::result::Result::Ok(#instance)
        }
    }
}

/// The state is one JSON object by field name, so that a field may be added later: what is missing is the default.
fn state(model: &Component) -> TokenStream {
    let fields: Vec<&Field> = model.fields.iter().filter(|field| matches!(field.role, Role::State)).collect();
    if fields.is_empty() {
        return TokenStream::new();
    }
    let each = |code: fn(&Field) -> TokenStream| {
        fields.iter().map(|field| (&field.cfgs, code(field))).map(|(cfgs, code)| quote! { #(#cfgs)* #code }).collect()
    };
    let reset: TokenStream = each(|Field { ident, ty, .. }| {
        quote! { self.#ident = ::iop::__private::state_default::<#ty>(); }
    });
    let save: TokenStream = each(|Field { ident, .. }| {
        let name = name(ident);
        quote! { state.field(#name, &self.#ident)?; }
    });
    let load: TokenStream = each(|Field { ident, .. }| {
        let name = name(ident);
        quote! { self.#ident = state.field(#name)?; }
    });
    quote! {
        fn reset_state(&mut self) {
            #reset
        }

        fn save_state(&self) -> ::iop::__private::Result<::iop::__private::Bytes> {
            let mut state = ::iop::__private::StateWriter::default();
            #save
            state.finish()
        }

        fn load_state(&mut self, data: &[u8]) -> ::iop::__private::Result {
            let mut state = ::iop::__private::StateReader::new(data)?;
            #load
            ::core::result::Result::Ok(())
        }
    }
}

fn receives(ident: &Ident, model: &Component) -> TokenStream {
    match model.entrance {
        Entrance::Process | Entrance::Operation => quote! {
            #[automatically_derived]
            impl ::iop::__private::Receives for #ident {
                type Receiver = Self;
            }
        },
        Entrance::Plain | Entrance::Poll | Entrance::Adapter(_) => TokenStream::new(),
    }
}

/// A process or operation without a handler would never be called.
fn handles(ident: &Ident, model: &Component) -> Option<TokenStream> {
    let name = ident.to_string();
    let check = quote_spanned!(ident.span()=> const _: () = ::iop::__private::assert_handles(#name, &TYPE););
    matches!(model.entrance, Entrance::Process | Entrance::Operation).then_some(check)
}

/// The settings that the engine reads are durations. That they are named here also keeps rustc from calling such a field
/// unused.
fn checks(ident: &Ident, model: &Component) -> TokenStream {
    let durations =
        model.fields.iter().filter(|field| field.duration).map(|Field { ident: field, cfgs, ty, .. }| {
            let duration = quote_spanned!(ty.span()=> ::core::time::Duration);
            quote! { #(#cfgs)* const _: fn(&#ident) -> &#duration = |component| &component.#field; }
        });
    durations.collect()
}

/// The name of a field in settings and wiring.
fn name(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map_or(name.clone(), ToOwned::to_owned)
}
