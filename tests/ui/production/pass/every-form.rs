#![deny(warnings, missing_docs)]
#![allow(missing_debug_implementations, reason = "the macros ask for none")]
//! Passes.
#[path = "../../parts.rs"]
#[allow(missing_docs, reason = "what the cases are made of")]
mod parts;
use iop::prelude::*;
use parts::{Clock, Greeter, Host, Porter as Other};

const FLOOR: u8 = 3;

production! {
    /// Every form of an item.
    pub Lab {
        /// Ticks.
        clock: Clock { call_interval: Duration::from_secs(1), out: greeter },
        second: Clock { out: host },
        #[item(standalone, pool_size = 2, attempts = 3, timeout = "10s")]
        porter: parts::Porter { floor: FLOOR, greet: host, tap: host },
        #[item(standalone)]
        other: Other { floor: { 1 + 1 }, greet: host },
        greeter: Greeter {},
        #[item(enabled = true)]
        host: Host,
    }
}
