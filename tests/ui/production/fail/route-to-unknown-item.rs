#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: greter },
        greeter: Greeter {},
    }
}

fn main() {}
