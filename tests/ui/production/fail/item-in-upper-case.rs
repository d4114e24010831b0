#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: greeter },
        greeter: Greeter {},
        #[item(standalone)]
        Greeter: Greeter {},
    }
}

fn main() {}
