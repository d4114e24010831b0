#![deny(warnings, missing_docs)]
#![allow(missing_debug_implementations, reason = "the macros ask for none")]
//! Passes.
#[path = "../../parts.rs"]
#[allow(missing_docs, reason = "what the cases are made of")]
mod parts;

mod plant {
    use super::parts::{Clock, Greeter};
    use iop::prelude::*;

    production! {
        /// In a module.
        pub Inner {
            clock: Clock { out: r#type },
            r#type: Greeter {},
        }
    }
}

/// Elsewhere.
pub type Elsewhere = plant::Inner;
