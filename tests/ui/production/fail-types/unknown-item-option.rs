#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: greeter },
        #[item(pool_sise = 2)]
        greeter: Greeter {},
    }
}

fn main() {}
