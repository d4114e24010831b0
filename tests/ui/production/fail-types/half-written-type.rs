#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        first: Clock { out: greeter },
        second: Clo,
        greeter: Greeter {},
    }
}

fn main() {}
