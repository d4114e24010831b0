//! From [`model`](super::model) to Rust: a `#[business_process]` and its `#[handlers]`, as a user would write them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::model::{Arm, Choice, Router, Target, To};

pub(crate) fn router(model: &Router) -> TokenStream {
    let Router { attributes, visibility, ident, message, ty, response, targets, choice } = model;
    let fields = targets.iter().map(|target| field(model, target));
    let name = ident.to_string();
    // A name that no user writes: the arms are the user's expressions.
    let (cx, to) = (Ident::new("cx", Span::mixed_site()), Ident::new("to", Span::mixed_site()));
    let pass = if response.is_some() { quote!(ask_one) } else { quote!(pass_on) };
    // Where it is not the message's response, rustc says so on the message.
    let span = Span::mixed_site().located_at(ty_span(ty));
    let returned = match response {
        Some(response) => quote_spanned!(span=> ::iop::component::Result<#response>),
        None => quote_spanned!(span=> ::iop::component::Result),
    };
    let body = match choice {
        Some(choice) => {
            let choice = self::choice(choice);
            quote! {
                let #to = {
                    let #message = &#message;
                    #choice
                };
                ::iop::__private::#pass(#cx, #name, #message, #to).await
            }
        }
        // What was wrong has been said.
        None => quote! { let _ = (#cx, #message); ::core::future::pending().await },
    };
    // Its name stands in errors about the message.
    let handler = Ident::new("route", ty_span(ty));
    quote! {
        #(#attributes)*
        #[::iop::business_process]
        #visibility struct #ident {
            #(#fields)*
        }

        #[::iop::handlers]
        impl #ident {
            async fn #handler(
                &mut self,
                #message: #ty,
                #cx: &mut ::iop::component::Context,
            ) -> #returned {
                #body
            }
        }
    }
}

fn ty_span(ty: &syn::Type) -> Span {
    ty.to_token_stream().into_iter().next().map_or_else(Span::call_site, |token| token.span())
}

fn field(Router { ty, response, .. }: &Router, Target { ident, when }: &Target) -> TokenStream {
    let when = when.join(" or ");
    // What is passed on is not waited for, so no circle of waiting calls goes through it.
    let never_awaited = response.is_none().then(|| quote!(async,));
    quote! { #[target(#never_awaited when = #when)] #ident: ::iop::component::Target<#ty>, }
}

fn choice(Choice { keyword, of, arms }: &Choice) -> TokenStream {
    let arms = arms.iter().map(arm);
    quote! { #keyword #of { #(#arms)* } }
}

fn arm(Arm { attributes, pattern, guard, to }: &Arm) -> TokenStream {
    let pattern = pattern.as_ref().map_or_else(|| quote!(_), ToTokens::to_token_stream);
    let to = match to {
        To::Targets(targets) => {
            let targets = targets.iter().map(|target| quote_spanned!(target.span()=> self.#target.reach()));
            quote! { ::iop::__private::Arm::To(::std::vec![#(#targets),*]) }
        }
        To::Suspend(when) => quote! { ::iop::__private::Arm::Suspend(#when) },
        To::Discard(when) => quote! { ::iop::__private::Arm::Discard(#when) },
        To::Nowhere => quote! { ::iop::__private::Arm::Suspend("") },
    };
    quote! { #(#attributes)* #pattern #guard => #to, }
}
