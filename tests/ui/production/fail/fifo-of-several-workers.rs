#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab};

production! {
    Hospital {
        admit: Admit { out: lab },
        #[item(order = fifo, failing = block, pool_size = 4)] // the mistake
        lab: Lab {},
    }
}

fn main() {}
