#![deny(warnings, missing_docs)]
//! Passes.
#[path = "../../parts.rs"]
#[allow(missing_docs)]
mod parts;
use iop::prelude::*;
use parts::*;


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
        other: Porter { floor: { 1 + 1 }, greet: host },
        greeter: Greeter {},
        #[item(enabled = true)]
        host: Host,
    }
}

fn main() {}
