#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab, Relay};

production! {
    Hospital {
        require order fifo from admit to lab;
        admit: Admit { out: relay },
        #[item(order = fifo, failing = block)]
        relay: Relay { next: lab, again: detour },
        #[item(order = fifo, failing = block)]
        detour: Relay { next: lab },
        #[item(order = fifo, failing = block)]
        lab: Lab {}, // the mistake: two ways end here
    }
}

fn main() {}
