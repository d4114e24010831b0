#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        #[item(tap = host)]
        clock: Clock { out: greeter },
        greeter: Greeter {},
        host: Host {},
    }
}

fn main() {}
