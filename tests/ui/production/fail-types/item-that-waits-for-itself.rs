#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Router};

production! {
    Hospital {
        admit: Admit { out: router },
        router: Router { ask: router }, // the mistake
    }
}

fn main() {}
