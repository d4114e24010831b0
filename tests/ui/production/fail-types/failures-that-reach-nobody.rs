#![deny(deprecated)] // a warning otherwise

#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab, Pump};

production! {
    Hospital {
        admit: Admit { out: pump },
        pump: Pump {}, // the mistake: it acts on the outside
        second: Admit { out: lab },
        #[item(order = fifo, failing = suspend)] // the mistake: suspended for whom?
        lab: Lab {},
    }
}

fn main() {}
