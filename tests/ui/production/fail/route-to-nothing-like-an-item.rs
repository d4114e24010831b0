#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: printer },
        #[item(standalone)]
        greeter: Greeter {},
    }
}

fn main() {}
