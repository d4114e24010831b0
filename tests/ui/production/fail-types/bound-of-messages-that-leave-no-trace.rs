#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Ticker};

production! {
    Hospital {
        #[item(standalone, max_hops = 3)]
        ticker: Ticker { again: ticker }, // the mistake
    }
}

fn main() {}
