#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab};

production! {
    Hospital {
        alerts to lab; // the mistake
        admit: Admit { out: lab },
        lab: Lab {},
    }
}

fn main() {}
