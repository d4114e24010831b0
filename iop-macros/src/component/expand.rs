//! From [`model`](super::model) to Rust. Nothing is checked here, and nothing can fail.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Fields, Ident, Type};

use super::ast;
use super::model::{Component, Effect, Entrance, Field, Implied, Role, Setting, Target};
use crate::literal;

pub(crate) fn component(ast: &ast::Component, model: Option<&Component>) -> TokenStream {
    let mut item = ast.item.clone();
    let Some(model) = model else { return quote!(#item) };
    for field in &mut item.fields {
        if let Some(checked) = model.fields.iter().find(|checked| field.ident.as_ref() == Some(&checked.ident)) {
            field.ty = checked.ty.clone();
        }
    }
    let ident = &item.ident;
    let wiring = Ident::new(&format!("{}Fields", name(ident)), ident.span());
    let fields = fields_struct(ast, model, &wiring);
    let fields_impl = fields_impl(model, &wiring);
    let component_type = component_type(ident, model);
    let build = build(ast, model);
    let state = state(model);
    let receives = receives(ident, model);
    // A table of errors says that they matter as well.
    let acts = (model.effect.is_some() || model.errors.is_some()).then(|| {
        quote! { #[automatically_derived] impl ::iop::__private::ActsOutside for #ident {} }
    });
    let checks = checks(ident, model);
    let handles = handles(ident, model);
    // Where there are no handlers, that is said here, and nothing that follows from it.
    let this = quote_spanned!(ident.span()=> <#ident as ::iop::__private::Handlers>::This);
    let defaults = defaults(ident, model);
    quote! {
        #item
        #fields
        const _: () = {
            #fields_impl
            #component_type

            #[automatically_derived]
            impl ::iop::__private::Component for #ident {
                type This = #this;
                type Fields = #wiring;
                const TYPE: &'static ::iop::__private::ComponentType = &__IOP_TYPE;

                #build
                #state
            }

            #receives
            #acts
            #checks
            #handles
            #defaults
            ::iop::__private::inventory::submit! { ::iop::__private::RegisteredComponent(&__IOP_TYPE) }
        };
    }
}

/// What `production!` fills in, under the names of the component's own fields.
fn fields_struct(ast: &ast::Component, model: &Component, wiring: &Ident) -> TokenStream {
    let visibility = &ast.item.vis;
    let doc = format!("What `production!` sets of `{}`.", name(&ast.item.ident));
    let own = model.fields.iter().filter_map(|field| {
        let Field { ident, ty, cfgs, doc, .. } = field;
        let ty = match &field.role {
            Role::Setting(_) => quote!(::iop::__private::SettingField<#ty>),
            Role::Target(target) => {
                let (field, set) =
                    (format_ident!("{}", if target.many { "TargetsField" } else { "TargetField" }), each(target));
                quote!(::iop::__private::#field<#set>)
            }

            Role::RefusedTarget => quote!(::iop::__private::TargetsField<::iop::__private::Refused>),
            Role::State | Role::Plain | Role::Refused => return None,
        };
        Some(quote! { #(#cfgs)* #[doc = #doc] pub #ident: #ty, })
    });
    let implied = model.implied.iter().map(|Implied { name, doc, ty }| {
        let ident = format_ident!("{name}");
        quote! { #[doc = #doc] pub #ident: ::iop::__private::SettingField<#ty>, }
    });
    // First, because rustc asks the last field of a struct for its size: once is enough where it is no adapter.
    let adapter = model.adapter().map(|adapter| {
        let fields = adapter_fields(adapter);
        quote! { #[doc(hidden)] pub __iop_adapter: #fields, }
    });
    let derive = model.adapter().is_none().then(|| quote!(#[derive(::core::default::Default)]));
    quote! {
        #[doc(hidden)]
        #[doc = #doc]
        #[allow(missing_debug_implementations, missing_docs, private_interfaces, reason = "generated")]
        #derive
        #visibility struct #wiring {
            #adapter
            #(#own)*
            #(#implied)*
        }
    }
}

fn adapter_fields(adapter: &Type) -> TokenStream {
    quote_spanned!(adapter.span()=> <#adapter as ::iop::__private::InboundAdapter>::Fields)
}

/// What an item behind the target must handle, message by message.
fn each(Target { set, members, .. }: &Target) -> TokenStream {
    if members.is_empty() {
        quote!(::iop::__private::Each<#set>)
    } else {
        quote!((#(::iop::__private::Each<#members>,)*))
    }
}

fn fields_impl(model: &Component, wiring: &Ident) -> TokenStream {
    let own = model.fields.iter().filter_map(|field| {
        let Field { ident, cfgs, .. } = field;
        let name = name(ident);
        match field.role {
            Role::Setting(_) => Some(quote! { #(#cfgs)* wiring.setting(#name, self.#ident); }),
            Role::Target(_) => Some(quote! { #(#cfgs)* wiring.target(#name, self.#ident); }),
            Role::State | Role::Plain | Role::RefusedTarget | Role::Refused => None,
        }
    });
    let implied = model.implied.iter().map(|Implied { name, .. }| {
        let ident = format_ident!("{name}");
        quote! { wiring.setting(#name, self.#ident); }
    });
    let start = match model.adapter() {
        Some(adapter) => {
            quote_spanned!(adapter.span()=> ::iop::__private::Fields::wiring(self.__iop_adapter))
        }
        None => quote!(<::iop::__private::Wiring as ::core::default::Default>::default()),
    };
    let mutability = model.wires_something().then(|| quote!(mut));
    let deref = model.adapter().map(|adapter| adapter_settings(model, wiring, adapter));
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
///
/// All of it has the span of the adapter's type, word for word alike: where it is no adapter, rustc says so once.
fn adapter_settings(model: &Component, wiring: &Ident, adapter: &Type) -> TokenStream {
    let fields = adapter_fields(adapter);
    let own = model
        .fields
        .iter()
        .filter(|field| matches!(field.role, Role::Setting(_) | Role::Target(_) | Role::RefusedTarget));
    let own = own.map(|Field { ident, cfgs, .. }| quote! { #(#cfgs)* #ident: ::core::default::Default::default(), });
    let implied = model.implied.iter().map(|setting| {
        let ident = format_ident!("{}", setting.name);
        quote! { #ident: ::core::default::Default::default(), }
    });
    quote_spanned! {adapter.span()=>
        #[automatically_derived]
        impl ::core::default::Default for #wiring {
            fn default() -> Self {
                Self {
                    __iop_adapter: <#fields as ::core::default::Default>::default(),
                    #(#own)*
                    #(#implied)*
                }
            }
        }

        #[automatically_derived]
        impl ::core::ops::Deref for #wiring {
            type Target = #fields;
            fn deref(&self) -> &#fields {
                &self.__iop_adapter
            }
        }

        #[automatically_derived]
        impl ::core::ops::DerefMut for #wiring {
            fn deref_mut(&mut self) -> &mut #fields {
                &mut self.__iop_adapter
            }
        }
    }
}

fn component_type(ident: &Ident, model: &Component) -> TokenStream {
    let doc = &model.doc;
    let path = format!("::{}", name(ident));
    let name = model.name.as_ref().map_or_else(|| name(ident).into_token_stream(), ToTokens::to_token_stream);
    // What rustc asks about its handlers stands on the name of the component, or on its adapter.
    let span = model.adapter().map_or_else(|| ident.span(), Spanned::span);
    let this = quote_spanned!(ident.span()=> <#ident as ::iop::__private::Component>::This);
    let new = match &model.entrance {
        Entrance::Plain => quote_spanned!(span=> plain_service::<#this, _, _>),
        Entrance::Poll => quote_spanned!(span=> poll_service::<#this, _, _>),
        Entrance::Adapter(adapter) => quote_spanned!(span=> adapter_service::<#adapter, #this, _, _>),
        Entrance::Process => quote_spanned!(span=> process::<#this>),
        Entrance::Operation => quote_spanned!(span=> operation::<#this>),
    };
    let new = quote_spanned!(span=> ::iop::__private::ComponentType::#new(#name));
    let settings = model.fields.iter().filter_map(setting);
    let targets = model.fields.iter().filter_map(target);
    let adapter = model.adapter().map(|adapter| quote!(<#adapter as ::iop::__private::InboundAdapter>::SETTINGS,));
    let correlate = model.correlate.as_ref().map(|field| {
        let field = self::name(field);
        quote!(.correlate(#field))
    });
    let effect = model.effect.map(|effect| match effect {
        Effect::Idempotent => quote!(.effect(::iop::__private::Effect::Idempotent)),
        Effect::Keyed => quote!(.effect(::iop::__private::Effect::Keyed)),
        Effect::AtMostOnce => quote!(.effect(::iop::__private::Effect::AtMostOnce)),
    });
    let errors = model.errors.as_ref().map(|table| quote_spanned!(table.span()=> .errors::<#table>()));
    quote! {
        static __IOP_TYPE: ::iop::__private::ComponentType = #new
            .described(
                ::core::concat!(::core::module_path!(), #path),
                ::iop::__private::SourceLocation { file: ::core::file!(), line: ::core::line!() },
                #doc,
            )
            .with(&[&[#(#settings),*], #adapter], &[#(#targets),*])#effect #errors #correlate;
    }
}

fn setting(field: &Field) -> Option<TokenStream> {
    let Field { ident, ty, cfgs, doc, role: Role::Setting(setting), .. } = field else { return None };
    let Setting { default, min, max, unit } = setting.as_ref();
    let name = name(ident);
    let raw = |value: &TokenStream| quote_spanned!(value.span()=> ::iop::__private::default::<#ty, _>(#value));
    let start = match default.as_ref().map(raw) {
        Some(default) => quote!(::core::option::Option::Some(|| #default)),
        None => quote!(::core::option::Option::None),
    };
    let limit = |name: &str, value: &TokenStream| {
        let (name, raw, known) = (Ident::new(name, value.span()), raw(value), known(value));
        quote_spanned!(value.span()=> .#name(|| #raw, #known))
    };
    let min = min.as_ref().map(|value| limit("min", value));
    let max = max.as_ref().map(|value| limit("max", value));
    let unit = unit.as_ref().map(|unit| quote!(.unit(#unit)));
    Some(quote! {
        #(#cfgs)*
        ::iop::__private::SettingDecl::of(<#ty as ::iop::__private::Setting>::KIND, #name, #doc, #start)#min #max #unit
    })
}

/// The measure of a literal, for a comparison while the user's crate is compiled.
fn known(value: &TokenStream) -> TokenStream {
    literal::measure(value).unwrap_or_else(|| quote!(::core::option::Option::None))
}

/// That a default lies in its range, and is no secret, is asked where it stands.
fn defaults(ident: &Ident, model: &Component) -> TokenStream {
    let asked = model.fields.iter().filter_map(|field| {
        let Role::Setting(setting) = &field.role else { return None };
        let default = setting.default.as_ref()?;
        if setting.min.is_none() && setting.max.is_none() && !literal::may_be_secret(default) {
            return None;
        }
        let (known, name, cfgs) = (literal::measure(default)?, name(&field.ident), &field.cfgs);
        let (component, (assert, known)) = (self::name(ident), literal::assert(default, known));
        Some(quote_spanned! {default.span()=>
            #(#cfgs)*
            const _: () = ::iop::__private::#assert(#component, &__IOP_TYPE, #name, #known);
        })
    });
    asked.collect()
}

fn target(field: &Field) -> Option<TokenStream> {
    let Field { ident, ty, cfgs, doc, role: Role::Target(target), .. } = field else { return None };
    let name = name(ident);
    let Target { set, members, .. } = target.as_ref();
    let messages = if members.is_empty() {
        quote!(<#set as ::iop::__private::Messages>::TYPES)
    } else {
        quote!(&[#(<#members as ::iop::__private::Message>::TYPE),*])
    };
    let never_awaited = target.never_awaited.then(|| quote!(.never_awaited()));
    let when = target.when.as_ref().map(|when| quote!(.when(#when)));
    Some(quote! { #(#cfgs)* ::iop::__private::TargetDecl::new::<#ty>(#name, #doc, #messages)#never_awaited #when })
}

fn build(ast: &ast::Component, model: &Component) -> TokenStream {
    let values = model.fields.iter().map(|field| {
        let Field { ident, ty, cfgs, .. } = field;
        let name = name(ident);
        let value = match field.role {
            Role::Setting(_) => {
                let setting = quote!(<#ty as ::iop::__private::Setting>);
                quote!(config.read(#name, #setting::from_raw, #setting::absent, #setting::follow)?)
            }
            Role::Target(_) => quote!(config.target(#name)),
            Role::State => quote!(<#ty as ::iop::__private::StateValue>::start()),
            Role::Plain => quote!(<#ty as ::iop::__private::StartsAsDefault>::start()),
            Role::RefusedTarget | Role::Refused => quote!(::iop::__private::refused()?),
        };
        quote! { #(#cfgs)* #ident: #value }
    });
    let instance = match ast.item.fields {
        Fields::Named(_) => quote!(Self { #(#values),* }),
        Fields::Unit => quote!(Self),
        Fields::Unnamed(_) => quote!(::iop::__private::refused()?),
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
        fields
            .iter()
            .map(|field| (&field.cfgs, code(field)))
            .map(|(cfgs, code)| quote! { #(#cfgs)* { #code } })
            .collect()
    };
    let reset: TokenStream = each(|Field { ident, ty, .. }| {
        quote! { self.#ident = <#ty as ::iop::__private::StateValue>::start(); }
    });
    let save: TokenStream = each(|Field { ident, ty, .. }| {
        let name = name(ident);
        quote! { state.field(#name, <#ty as ::iop::__private::StateValue>::save(&self.#ident))?; }
    });
    let load: TokenStream = each(|Field { ident, ty, .. }| {
        let name = name(ident);
        let value = quote!(<#ty as ::iop::__private::StateValue>);
        quote! { self.#ident = state.field(#name, #value::start, #value::load)?; }
    });
    quote! {
        fn reset_state(&mut self) {
            #reset
        }

        fn save_state(&self) -> ::iop::__private::Result<::iop::__private::Bytes> {
            let mut state = <::iop::__private::StateWriter as ::core::default::Default>::default();
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
    let name = name(ident);
    let check = quote_spanned!(ident.span()=> const _: () = ::iop::__private::assert_handles(#name, &__IOP_TYPE););
    matches!(model.entrance, Entrance::Process | Entrance::Operation).then_some(check)
}

/// The settings that the engine reads are durations. That they are named here also keeps rustc from calling such a field
/// unused.
///
/// What a process gathers by is a key of all that it handles.
fn checks(ident: &Ident, model: &Component) -> TokenStream {
    let correlates = model.correlate.as_ref().map(|field| {
        let component = name(ident);
        quote_spanned! {field.span()=>
            const _: () = ::iop::__private::assert_correlates::<#ident>(#component);
        }
    });
    let durations =
        model.fields.iter().filter(|field| field.duration).map(|Field { ident: field, cfgs, ty, .. }| {
            quote! {
                #(#cfgs)*
                const _: fn(&#ident) =
                    |component| <#ty as ::iop::__private::CallInterval>::is_read(&component.#field);
            }
        });
    durations.chain(correlates).collect()
}

/// The name of a field in settings and wiring.
fn name(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map_or(name.clone(), ToOwned::to_owned)
}
