#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab, Relay};

production! {
    Hospital {
        alerts none;
        require order key(mrn) from admit to lab;
        admit: Admit { out: relay },
        #[item(pool_size = 4)]
        relay: Relay { next: lab }, // the mistake
        #[item(order = key(mrn), failing = park_key, pool_size = 4)]
        lab: Lab {},
    }
}

fn main() {}
