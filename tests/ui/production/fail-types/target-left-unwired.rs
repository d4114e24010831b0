#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { call_interval: "1s" },
        other: Clock { out: greeter },
        greeter: Greeter {},
    }
}

fn main() {}
