#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab};

production! {
    Hospital {
        require order fifo from admit to archive; // the mistake
        admit: Admit { out: lab },
        lab: Lab {},
        #[item(standalone, order = fifo, failing = block)]
        archive: Lab {},
    }
}

fn main() {}
