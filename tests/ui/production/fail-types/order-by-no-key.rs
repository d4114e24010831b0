#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab};

production! {
    Hospital {
        alerts none;
        admit: Admit { out: lab },
        #[item(order = key(text), failing = park_key)] // the mistake
        lab: Lab {},
    }
}

fn main() {}
