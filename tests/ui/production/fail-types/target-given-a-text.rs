#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: "greeter" },
        #[item(standalone)]
        greeter: Greeter {},
    }
}

fn main() {}
