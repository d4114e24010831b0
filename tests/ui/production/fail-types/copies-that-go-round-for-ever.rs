#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab, Relay};

production! {
    Hospital {
        admit: Admit { out: lab },
        #[item(tap = relay)]
        lab: Lab {},
        relay: Relay { next: lab }, // the mistake: what it sends is copied to it
    }
}

fn main() {}
