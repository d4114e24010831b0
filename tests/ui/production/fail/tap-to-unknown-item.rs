#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: greeter },
        #[item(tap = hosd)]
        greeter: Greeter {},
        host: Host {},
    }
}

fn main() {}
