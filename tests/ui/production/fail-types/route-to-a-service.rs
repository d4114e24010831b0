#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: second },
        second: Clock { out: greeter },
        greeter: Greeter {},
    }
}

fn main() {}
