#![deny(warnings, missing_docs)]
//! Passes.
extern crate self as plant;

#[path = "../../parts.rs"]
#[allow(missing_docs)]
pub mod parts;

iop::production! {
    /// Components from elsewhere, without a `use`.
    pub Lab {
        clock: ::plant::parts::Clock { out: greeter },
        greeter: crate::parts::Greeter {},
    }
}

fn main() {}
