#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

production! {
    Lab {
        first: Clock { out: greeter },
        second: ,
        third: Clock { ou
        },
        fourth: Clock { out: },
        greeter: Greeter {},
    }
}

fn main() {}
