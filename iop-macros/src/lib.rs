//! The compiler of iop productions: entry points only. What the macros mean is documented where users find them, on the
//! re-exports of the crate `iop`.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::todo)
)]

mod attributes;
mod component;
mod errors;
mod handlers;
mod hl7;
mod literal;
mod message;
mod production;
mod router;
mod setting;
mod suggest;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

use component::Kind;

#[allow(missing_docs, reason = "documented on the re-export")]
#[proc_macro_attribute]
pub fn message(arguments: TokenStream, item: TokenStream) -> TokenStream {
    message::compile(arguments.into(), item.into()).into()
}

#[allow(missing_docs, reason = "documented on the re-export")]
#[proc_macro_attribute]
pub fn business_service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    component::compile(Kind::Service, arguments.into(), item.into()).into()
}

#[allow(missing_docs, reason = "documented on the re-export")]
#[proc_macro_attribute]
pub fn business_process(arguments: TokenStream, item: TokenStream) -> TokenStream {
    component::compile(Kind::Process, arguments.into(), item.into()).into()
}

#[allow(missing_docs, reason = "documented on the re-export")]
#[proc_macro_attribute]
pub fn business_operation(arguments: TokenStream, item: TokenStream) -> TokenStream {
    component::compile(Kind::Operation, arguments.into(), item.into()).into()
}

#[allow(missing_docs, reason = "documented on the re-export")]
#[proc_macro_attribute]
pub fn handlers(arguments: TokenStream, item: TokenStream) -> TokenStream {
    handlers::compile(arguments.into(), &item.into()).into()
}

#[allow(missing_docs, reason = "documented on the re-export")]
#[proc_macro]
pub fn production(tokens: TokenStream) -> TokenStream {
    production::compile(tokens.into()).into()
}

#[allow(missing_docs, reason = "documented on the re-export")]
#[proc_macro_derive(Setting, attributes(setting))]
pub fn setting(item: TokenStream) -> TokenStream {
    setting::compile(item.into()).into()
}

#[allow(missing_docs, reason = "documented on the re-export")]
#[proc_macro]
pub fn router(tokens: TokenStream) -> TokenStream {
    router::compile(tokens.into()).into()
}

#[allow(missing_docs, reason = "documented on the re-export")]
#[proc_macro]
pub fn hl7(tokens: TokenStream) -> TokenStream {
    hl7::compile(tokens.into()).into()
}
