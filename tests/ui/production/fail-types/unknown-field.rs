#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: greeter, call_intervall: "1s" },
        greeter: Greeter {},
    }
}

fn main() {}
