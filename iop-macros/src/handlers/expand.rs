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
    let entries = |entry: fn(&Role, &TokenStream) -> Option<TokenStream>| {
        model.calls.iter().filter_map(move |call| {
            let (cfgs, entry) = (&call.cfgs, entry(&call.role, &output(call))?);
            Some(quote! { #(#cfgs)* #entry })
        })
    };
    let messages = entries(|role, output| match role {
        Role::Message(ty) => Some(quote!(::iop::__private::MessageHandler::of::<#ty, #output>())),
        _ => None,
    });
    let responses = entries(|role, output| match role {
        Role::Response(ty) => Some(quote!(::iop::__private::ResponseHandler::of::<#ty, #output>())),
        _ => None,
    });
    let completions = entries(|role, output| match role {
        Role::Complete(ty) => Some(quote!(::iop::__private::CompletionHandler::of::<#ty, #output>())),
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
            Role::Input(_) => {
                let output = output(call);
                quote!(input(::iop::__private::InputHandler::of::<#output>()))
            }
            Role::Message(_) | Role::Response(_) | Role::Complete(_) => return None,
        };
        Some(quote! { #(#cfgs)* let table = table.#set; })
    });
    let incomplete = (!model.complete).then(|| quote!(.incomplete()));
    quote! {{
        let table = ::iop::__private::HandlerTable::EMPTY
            .handlers(&[#(#messages),*], &[#(#responses),*], &[#(#completions),*]);
        #(#hooks)*
        table #incomplete
    }}
}

fn hook(call: &Call) -> TokenStream {
    let span = Span::mixed_site().located_at(call.name.span());
    let this = quote_spanned!(span=> component);
    let (body, output) = (body(call, None, &this), output(call));
    quote_spanned! {span=>
        |component, cx| ::std::boxed::Box::pin(async move { ::iop::__private::finished::<#output>({ #body }) })
    }
}

fn implementation(component: &Type, call: &Call) -> Option<TokenStream> {
    let cfgs = &call.cfgs;
    // Errors about the future (that it is not `Send`) stand on the name of the user's function.
    let span = Span::mixed_site().located_at(call.name.span());
    let context = quote_spanned!(span=> cx: &mut ::iop::__private::Context);
    let output = output(call);
    let function = |argument: Option<TokenStream>| body(call, argument.as_ref(), &quote_spanned!(span=> self));
    let implementation = match &call.role {
        Role::Init | Role::Teardown => return None,
        Role::Input(input) => {
            let unit = quote!(());
            let argument = input.as_ref().map(|_| quote_spanned!(span=> input));
            let input = input.as_ref().map_or_else(|| unit.clone(), ToTokens::to_token_stream);
            let pattern = argument.clone().unwrap_or(unit);
            let body = function(argument);
            quote_spanned! {span=>
                impl ::iop::__private::ProcessInput for #component {
                    type Input = #input;
                    type Returned = #output;

                    async fn process_input(&mut self, #pattern: Self::Input, #context) -> #output {
                        #body
                    }
                }
            }
        }
        Role::Message(message) => {
            let body = function(Some(quote_spanned!(span=> message)));
            quote_spanned! {span=>
                impl ::iop::__private::Handles<#message> for #component {
                    type Returned = #output;

                    async fn handle(&mut self, message: #message, #context) -> #output {
                        #body
                    }
                }
            }
        }
        Role::Response(message) => {
            let body = function(Some(quote_spanned!(span=> response)));
            quote_spanned! {span=>
                impl ::iop::__private::Responds<#message> for #component {
                    type Returned = #output;

                    async fn respond(
                        &mut self,
                        response: ::iop::__private::Response<#message>,
                        #context
                    ) -> #output {
                        #body
                    }
                }
            }
        }
        Role::Complete(message) => {
            let body = function(Some(quote_spanned!(span=> request)));
            quote_spanned! {span=>
                impl ::iop::__private::Completes<#message> for #component {
                    type Returned = #output;

                    async fn complete(&mut self, request: #message, #context) -> #output {
                        #body
                    }
                }
            }
        }
    };
    Some(quote! { #(#cfgs)* #[automatically_derived] #implementation })
}

/// The call of the user's function.
fn body(call: &Call, argument: Option<&TokenStream>, this: &TokenStream) -> TokenStream {
    let span = Span::mixed_site().located_at(call.name.span());
    let cx = quote_spanned!(span=> cx);
    let Some(function) = &call.function else {
        // The signature has been refused; this never runs.
        return quote! { let _ = #cx; ::iop::__private::refused().await };
    };
    let ident = &function.ident;
    let argument = argument.map(|argument| quote!(, #argument));
    let (context, unused) =
        if function.context { (Some(quote!(, #cx)), None) } else { (None, Some(quote!(let _ = #cx;))) };
    quote_spanned! {span=>
        #unused
        Self::#ident(#this #argument #context).await
    }
}

/// The return type as the user wrote it, so that rustc points at it.
fn output(call: &Call) -> TokenStream {
    call.output.to_token_stream()
}
