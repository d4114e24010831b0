#![deny(warnings, missing_docs)]
#![allow(missing_debug_implementations, reason = "the macros ask for none")]
//! Passes.
extern crate self as plant;

#[path = "../../parts.rs"]
#[allow(missing_docs, reason = "what the cases are made of")]
pub mod parts;

iop::production! {
    /// Components from elsewhere, without a `use`.
    pub Lab {
        clock: ::plant::parts::Clock { out: greeter },
        greeter: parts::Greeter {},
    }
}
