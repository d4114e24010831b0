#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: greeter, call_interval: greeter },
        greeter: Greeter {},
    }
}

fn main() {}
