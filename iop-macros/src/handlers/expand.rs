//! From [`model`](super::model) to Rust. Nothing is checked here, and nothing can fail.
//!
//! Each function becomes an impl that only calls it, and an entry of the table. Everything that must hold of it is a bound
//! of the entry's constructor, whose type arguments are the user's own tokens: one mistake is one error, and it stands on
//! the type at fault.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use super::model::{Call, Handlers, Role};

pub(crate) fn handlers(model: &Handlers) -> TokenStream {
    let component = &model.component;
    let implementations = model.calls.iter().map(|call| implementation(component, call));
    let questions = model.calls.iter().map(|call| question(component, call));
    let table = table(model);
    let handled = handled(model);
    quote! {
        const _: () = {
            #[automatically_derived]
            impl ::iop::__private::Handlers for #component {
                type This = Self;
                const TABLE: ::iop::__private::HandlerTable<Self> = #table;
                const HANDLED: &'static [::iop::__private::HandledMessage] =
                    &::iop::__private::handled::<Self, #handled>();
            }
            #(#implementations)*
            #(#questions)*
        };
    }
}

/// How many messages are handled. Counted here where nothing is configured out, since a question about a type that is no
/// component would be one more error.
fn handled(Handlers { component, calls, .. }: &Handlers) -> TokenStream {
    let handlers = calls.iter().filter(|call| matches!(call.role, Role::Message(_)));
    if handlers.clone().all(|call| call.cfgs.is_empty()) {
        return handlers.count().into_token_stream();
    }
    quote!({ <#component as ::iop::__private::Handlers>::TABLE.messages.len() })
}

fn table(model: &Handlers) -> TokenStream {
    let entries = |entry: fn(&Role, TokenStream, Span) -> Option<TokenStream>| {
        model.calls.iter().filter_map(move |call| {
            let (cfgs, entry) = (&call.cfgs, entry(&call.role, output(call), span(call))?);
            Some(quote! { #(#cfgs)* #entry })
        })
    };
    let messages = entries(|role, output, span| match role {
        Role::Message(message) => {
            Some(quote_spanned!(span=> ::iop::__private::MessageHandler::of::<#message, #output>()))
        }
        _ => None,
    });
    let responses = entries(|role, output, span| match role {
        Role::Response(message) => {
            Some(quote_spanned!(span=> ::iop::__private::ResponseHandler::of::<#message, #output>()))
        }
        _ => None,
    });
    let completions = entries(|role, output, span| match role {
        Role::Complete(message) => {
            Some(quote_spanned!(span=> ::iop::__private::CompletionHandler::of::<#message, #output>()))
        }
        _ => None,
    });
    // Hooks stand in statements, because those may carry `#[cfg]`.
    let table = Ident::new("table", Span::mixed_site());
    let hooks = model.calls.iter().filter_map(|call| {
        let (cfgs, output, span) = (&call.cfgs, output(call), span(call));
        let hook = match call.role {
            Role::Init => quote_spanned!(span=> init(::iop::__private::init_hook::<Self, #output>())),
            Role::Teardown => quote_spanned!(span=> teardown(::iop::__private::teardown_hook::<Self, #output>())),
            Role::Check => quote_spanned!(span=> check(::iop::__private::check_hook::<Self, #output>())),
            Role::Input(_) => quote_spanned!(span=> input(::iop::__private::InputHandler::of::<#output>())),
            Role::Timer(ref timer) => {
                quote_spanned!(span=> timer(::iop::__private::timer_hook::<Self, #timer, #output>()))
            }
            Role::Message(_) | Role::Response(_) | Role::Complete(_) => return None,
        };
        Some(quote! { #(#cfgs)* let #table = #table.#hook; })
    });
    let incomplete = (!model.complete).then(|| quote!(.incomplete()));
    quote! {{
        let #table = ::iop::__private::HandlerTable::EMPTY
            .handlers(&[#(#messages),*], &[#(#responses),*], &[#(#completions),*]);
        #(#hooks)*
        #table #incomplete
    }}
}

/// The span of what is generated for a function. Errors about its future (that it is not `Send`) and about two functions
/// for one message stand on its name.
fn span(call: &Call) -> Span {
    Span::mixed_site().located_at(call.name.span())
}

fn implementation(component: &Type, call: &Call) -> TokenStream {
    let span = span(call);
    let (function, header, items) = match &call.role {
        Role::Init => ("init", quote!(Init), None),
        Role::Teardown => ("teardown", quote!(Teardown), None),
        Role::Check => ("check", quote!(Checks), None),
        Role::Input(input) => {
            let ty = input.as_ref().map_or_else(|| quote!(()), ToTokens::to_token_stream);
            ("process_input", quote!(ProcessInput), Some(quote_spanned!(span=> type Input = #ty;)))
        }
        Role::Message(message) => ("handle", quote!(Handles<#message>), None),
        Role::Response(message) => ("respond", quote!(Responds<#message>), None),
        Role::Complete(message) => ("complete", quote!(Completes<#message>), None),
        Role::Timer(timer) => ("on_timer", quote!(OnTimer<#timer>), None),
    };
    let function = Ident::new(function, span);
    let argument = argument(&call.role, span);
    let context = takes_context(&call.role).then(|| quote_spanned!(span=> , cx: &mut ::iop::__private::Context));
    let cfgs = &call.cfgs;
    let output = output(call);
    let body = body(call);
    quote_spanned! {span=>
        #(#cfgs)*
        #[automatically_derived]
        impl ::iop::__private::#header for #component {
            #items
            type Returned = #output;

            async fn #function(&mut self #argument #context) -> Self::Returned {
                #body
            }
        }
    }
}

/// Whether the generated function takes the context: all but `on_check`.
fn takes_context(role: &Role) -> bool {
    !matches!(role, Role::Check)
}

/// What the generated function takes between `self` and the context.
fn argument(role: &Role, span: Span) -> Option<TokenStream> {
    let ty = match role {
        Role::Init | Role::Teardown | Role::Check => return None,
        Role::Input(Some(input)) => input.to_token_stream(),
        Role::Input(None) => return Some(quote_spanned!(span=> , (): ())),
        Role::Message(message) | Role::Complete(message) | Role::Response(message) | Role::Timer(message) => {
            message.to_token_stream()
        }
    };
    Some(quote_spanned!(span=> , message: #ty))
}

/// The call of the user's function.
fn body(call: &Call) -> TokenStream {
    let span = span(call);
    let Some(function) = &call.function else {
        let unused = match call.role {
            Role::Check => None,
            Role::Init | Role::Teardown | Role::Input(None) => Some(quote_spanned!(span=> let _ = cx;)),
            _ => Some(quote_spanned!(span=> let _ = (cx, message);)),
        };
        return quote_spanned!(span=> #unused ::core::future::pending().await);
    };
    let ident = &function.ident;
    let message = match call.role {
        Role::Init | Role::Teardown | Role::Check | Role::Input(None) => None,
        _ => Some(quote_spanned!(span=> , message)),
    };
    if !takes_context(&call.role) {
        return quote_spanned!(span=> Self::#ident(self).await);
    }
    if function.context {
        quote_spanned!(span=> Self::#ident(self #message, cx).await)
    } else {
        quote_spanned! {span=>
            let _ = cx;
            Self::#ident(self #message).await
        }
    }
}

/// The return type as the user wrote it, so that rustc points at it.
fn output(call: &Call) -> TokenStream {
    call.output.to_token_stream()
}

/// Whether a component of this kind has such a hook: the kind is a constant of the component.
fn question(component: &Type, call: &Call) -> TokenStream {
    let span = span(call);
    let name = call.name.to_string();
    let role = Ident::new(
        match call.role {
            Role::Init | Role::Teardown | Role::Check => return TokenStream::new(),
            Role::Input(_) => "Input",
            Role::Message(_) => "Message",
            Role::Response(_) => "Response",
            Role::Complete(_) => "Complete",
            Role::Timer(_) => "Timer",
        },
        span,
    );
    let cfgs = &call.cfgs;
    quote_spanned! {span=>
        #(#cfgs)*
        const _: () = ::iop::__private::assert_called::<#component>(#name, ::iop::__private::Role::#role);
    }
}
