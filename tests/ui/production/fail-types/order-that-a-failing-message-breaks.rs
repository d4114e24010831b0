#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab, Relay};

production! {
    Hospital {
        alerts none;
        require order fifo from admit to lab;
        admit: Admit { out: relay },
        #[item(order = fifo, failing = suspend)]
        relay: Relay { next: lab }, // the mistake
        #[item(order = fifo, failing = block)]
        lab: Lab {},
    }
}

fn main() {}
