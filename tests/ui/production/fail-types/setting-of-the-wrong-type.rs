#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        #[item(standalone)]
        porter: Porter { floor: true, greet: host },
        host: Host {},
    }
}

fn main() {}
