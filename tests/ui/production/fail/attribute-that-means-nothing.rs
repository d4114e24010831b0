#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: greeter },
        #[items(standalone)]
        greeter: Greeter {},
        #[cfg(test)]
        host: Host {},
        #[item(pool_size: 3)]
        porter: Porter { floor: 1, greet: host },
        #[item(standalone, pool_size = -1)]
        other: Porter { floor: 1, greet: host },
    }
}

fn main() {}
