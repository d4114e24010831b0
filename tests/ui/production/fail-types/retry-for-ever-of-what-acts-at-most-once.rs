#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Pump};

production! {
    Hospital {
        alerts none;
        admit: Admit { out: pump },
        #[item(order = fifo, failing = block)] // the mistake
        pump: Pump {},
    }
}

fn main() {}
