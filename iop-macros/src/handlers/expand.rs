//! From [`model`](super::model) to Rust. Nothing is checked here, and nothing can fail.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use super::model::{Call, Handlers, Role};

pub(crate) fn handlers(model: &Handlers) -> TokenStream {
    let component = &model.component;
    let implementations = model.calls.iter().filter_map(|call| implementation(component, call));
    let table = table(model);
    quote! {
        const _: () = {
            #[automatically_derived]
            impl ::iop::__private::Handlers for #component {
                const TABLE: ::iop::__private::HandlerTable<Self> = #table;
            }
            #(#implementations)*
        };
    }
}

/// Statements, because `#[cfg]` may stand on a statement.
fn table(model: &Handlers) -> TokenStream {
    let entries = |entry: fn(&Role) -> Option<TokenStream>| {
        model.calls.iter().filter_map(move |call| {
            let (cfgs, entry) = (&call.cfgs, entry(&call.role)?);
            Some(quote! { #(#cfgs)* #entry })
        })
    };
    let messages = entries(|role| match role {
        Role::Message(ty) => Some(quote!(::iop::__private::MessageHandler::of::<#ty>())),
        _ => None,
    });
    let responses = entries(|role| match role {
        Role::Response(ty) => Some(quote!(::iop::__private::ResponseHandler::of::<#ty>())),
        _ => None,
    });
    let completions = entries(|role| match role {
        Role::Complete(ty) => Some(quote!(::iop::__private::CompletionHandler::of::<#ty>())),
        _ => None,
    });
    let hooks = model.calls.iter().filter_map(|call| {
        let cfgs = &call.cfgs;
        let set = match &call.role {
            Role::Init => {
                let hook = hook(call);
                quote!(init(#hook))
            }
            Role::Teardown => {
                let hook = hook(call);
                quote!(teardown(#hook))
            }
            Role::Input(_) => quote!(input(::iop::__private::InputHandler::of())),
            Role::Message(_) | Role::Response(_) | Role::Complete(_) => return None,
        };
        Some(quote! { #(#cfgs)* let table = table.#set; })
    });
    quote! {{
        let table = ::iop::__private::HandlerTable::EMPTY
            .handlers(&[#(#messages),*], &[#(#responses),*], &[#(#completions),*]);
        #(#hooks)*
        table
    }}
}

fn hook(call: &Call) -> TokenStream {
    let span = Span::mixed_site().located_at(call.name.span());
    let this = quote_spanned!(span=> component);
    let body = body(call, None, &this, |output| quote!(::iop::__private::finished::<#output>));
    quote_spanned! {span=> |component, cx| ::std::boxed::Box::pin(async move { #body }) }
}

fn implementation(component: &Type, call: &Call) -> Option<TokenStream> {
    let cfgs = &call.cfgs;
    // Errors about the future (that it is not `Send`) stand on the name of the user's function.
    let span = Span::mixed_site().located_at(call.name.span());
    let context = quote_spanned!(span=> cx: &mut ::iop::__private::Context);
    let this = quote_spanned!(span=> self);
    let implementation = match &call.role {
        Role::Init | Role::Teardown => return None,
        Role::Input(input) => {
            let unit = quote!(());
            let argument = input.as_ref().map(|_| quote_spanned!(span=> input));
            let input = input.as_ref().map_or_else(|| unit.clone(), ToTokens::to_token_stream);
            let output = output(call);
            let pattern = argument.clone().unwrap_or(unit);
            let body = body(call, argument.as_ref(), &this, |output| quote!(::iop::__private::output::<#output>));
            quote_spanned! {span=>
                impl ::iop::__private::ProcessInput for #component {
                    type Input = #input;
                    type Output = <#output as ::iop::__private::HandlerResult>::Value;

                    async fn process_input(&mut self, #pattern: Self::Input, #context)
                        -> ::iop::__private::Result<Self::Output>
                    {
                        #body
                    }
                }
            }
        }
        Role::Message(message) => {
            let argument = quote_spanned!(span=> message);
            let body = body(
                call,
                Some(&argument),
                &this,
                |output| quote!(::iop::__private::answer::<#message, Self, #output>),
            );
            quote_spanned! {span=>
                impl ::iop::__private::Handles<#message> for #component {
                    async fn handle(&mut self, message: #message, #context)
                        -> ::iop::__private::Result<::iop::__private::Answer<#message>>
                    {
                        #body
                    }
                }
            }
        }
        Role::Response(message) => {
            let argument = quote_spanned!(span=> response);
            let body = body(call, Some(&argument), &this, |output| quote!(::iop::__private::finished::<#output>));
            quote_spanned! {span=>
                impl ::iop::__private::Responds<#message> for #component {
                    async fn respond(&mut self, response: ::iop::__private::Response<#message>, #context)
                        -> ::iop::__private::Result
                    {
                        #body
                    }
                }
            }
        }
        Role::Complete(message) => {
            let argument = quote_spanned!(span=> request);
            let body =
                body(call, Some(&argument), &this, |output| quote!(::iop::__private::completed::<#message, #output>));
            quote_spanned! {span=>
                impl ::iop::__private::Completes<#message> for #component {
                    async fn complete(&mut self, request: #message, #context)
                        -> ::iop::__private::Result<<#message as ::iop::__private::Message>::Response>
                    {
                        #body
                    }
                }
            }
        }
    };
    Some(quote! { #(#cfgs)* #[automatically_derived] #implementation })
}

/// The call of the user's function, and what turns its return value into what the engine takes.
fn body(
    call: &Call,
    argument: Option<&TokenStream>,
    this: &TokenStream,
    convert: impl FnOnce(TokenStream) -> TokenStream,
) -> TokenStream {
    let span = Span::mixed_site().located_at(call.name.span());
    let cx = quote_spanned!(span=> cx);
    let Some(function) = &call.function else {
        // The signature has been refused; this never runs.
        return quote! { ::iop::__private::refused(#cx) };
    };
    let ident = &function.ident;
    let argument = argument.map(|argument| quote!(, #argument));
    let (context, unused) =
        if function.context { (Some(quote!(, #cx)), None) } else { (None, Some(quote!(let _ = #cx;))) };
    let convert = convert(output(call));
    quote_spanned! {span=>
        #unused
        #convert(Self::#ident(#this #argument #context).await)
    }
}

/// The return type as the user wrote it, so that rustc points at it.
fn output(call: &Call) -> TokenStream {
    match &call.output {
        Some(output) => output.to_token_stream(),
        None => {
            let span = Span::mixed_site().located_at(call.name.span());
            quote_spanned!(span=> ())
        }
    }
}
