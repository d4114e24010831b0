#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: [greeter, host] },
        greeter: Greeter {},
        host: Host {},
    }
}

fn main() {}
