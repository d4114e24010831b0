#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab, Relay};

production! {
    Hospital {
        admit: Admit { out: relay },
        relay: Relay { next: checker },
        checker: Relay { next: lab, again: relay }, // the mistake
        lab: Lab {},
    }
}

fn main() {}
