#![deny(warnings, missing_docs)]
//! Passes.
#[path = "../../parts.rs"]
#[allow(missing_docs)]
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

fn main() {}
