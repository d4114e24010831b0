#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        first: Clock { out: greeter },
        second: Clock { ou },
        greeter: Greeter {},
    }
}

fn main() {}
