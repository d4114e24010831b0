#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { call_interval: "1s", out: greeter, call_interval: "2s" },
        greeter: Greeter {},
    }
}

fn main() {}
