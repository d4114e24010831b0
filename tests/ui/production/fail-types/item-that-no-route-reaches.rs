#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: greeter },
        greeter: Greeter {},
        lonely: Host {},
    }
}

fn main() {}
