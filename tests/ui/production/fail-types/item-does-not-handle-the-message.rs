#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        #[item(standalone)]
        other: Porter { floor: 1, greet: host, tap: greeter },
        greeter: Greeter {},
        host: Host {},
    }
}

fn main() {}
