#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab};

production! {
    Hospital {
        require order key(mrn) from admit // the mistake
        admit: Admit { out: lab },
        lab: Lab {},
    }
}

fn main() {}
