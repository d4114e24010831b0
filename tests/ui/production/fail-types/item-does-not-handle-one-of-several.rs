#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        #[item(standalone)]
        porter: Porter { floor: 1, greet: greeter },
        greeter: Greeter {},
    }
}

fn main() {}
