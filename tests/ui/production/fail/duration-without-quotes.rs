#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { call_interval: 5s, out: greeter },
        greeter: Greeter {},
    }
}

fn main() {}
