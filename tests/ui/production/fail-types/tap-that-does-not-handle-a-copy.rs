#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: host },
        #[item(tap = greeter)]
        host: Host {},
        greeter: Greeter {},
    }
}

fn main() {}
