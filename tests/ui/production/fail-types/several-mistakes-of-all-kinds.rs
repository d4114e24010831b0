#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: greter },
        other: Clock { oot: greeter, out: greeter },
        porter: Porter { floor: true, greet: greeter },
        third: Clock {},
        greeter: Greeter {},
        lonely: Host {},
    }
}

fn main() {}
