#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab};

production! {
    Hospital {
        require order key(text) from admit to lab; // the mistake
        admit: Admit { out: lab },
        #[item(order = fifo, failing = block)]
        lab: Lab {},
    }
}

fn main() {}
