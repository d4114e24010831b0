#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: greter },
        clock2: Clock { out: greeter, out: greeter },
        #[item(standalone, speed = 3)]
        host: Host {},
        greeter: Greeter {},
        greeter: Greeter {},
    }
}

fn main() {}
