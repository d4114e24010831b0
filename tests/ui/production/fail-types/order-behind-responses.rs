#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Asker, Lab};

production! {
    Hospital {
        require order fifo from admit to lab;
        admit: Admit { out: asker },
        #[item(order = fifo, failing = block)]
        asker: Asker { ask: lab }, // the mistake: it goes on when responses come
        #[item(order = fifo, failing = block)]
        lab: Lab {},
    }
}

fn main() {}
