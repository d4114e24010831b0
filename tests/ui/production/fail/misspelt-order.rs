#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab};

production! {
    Hospital {
        admit: Admit { out: lab },
        #[item(order = fifoo, failing = block)] // the mistake
        lab: Lab {},
    }
}

fn main() {}
