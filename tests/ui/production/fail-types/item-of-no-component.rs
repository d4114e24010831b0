#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { out: hello },
        hello: Hello {},
    }
}

fn main() {}
