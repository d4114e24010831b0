#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab};

production! {
    Hospital {
        admit: Admit { out: lab },
        #[item(order = key(mrn), pool_size = 4)] // the mistake
        lab: Lab {},
    }
}

fn main() {}
