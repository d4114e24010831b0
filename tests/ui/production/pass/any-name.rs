#![deny(warnings, missing_docs)]
#![allow(missing_debug_implementations, reason = "the macros ask for none")]
//! Passes.
#[path = "../../parts.rs"]
#[allow(missing_docs, reason = "what the cases are made of")]
mod parts;
use iop::prelude::*;
use parts::{Bye, Clock, Greeter};

const TYPE: &str = "of the user's";
const GRAPH: &str = "1s";

/// Has a setting whose default is a constant of a name that is short.
#[business_operation]
pub struct Door {
    #[setting(default = TYPE)]
    r#type: String,
}

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye) -> Result {
        info!("{} {}", self.r#type, bye.name);
        Ok(())
    }
}

production! {
    /// Items have the names that people know them by.
    pub Lab {
        clock: Clock { call_interval: { GRAPH }, out: in },
        in: Greeter {},
        時計: Clock { out: 受付 },
        受付: Greeter {},
        #[item(standalone)]
        type: Door { type: TYPE },
    }
}
