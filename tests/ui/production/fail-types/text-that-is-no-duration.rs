#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        clock: Clock { call_interval: "5 sconds", out: greeter },
        #[item(timeout = "soon")]
        greeter: Greeter {},
    }
}

fn main() {}
