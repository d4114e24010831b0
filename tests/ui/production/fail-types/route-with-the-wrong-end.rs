#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Sink;

#[handlers]
impl Sink {
    async fn bye(&mut self, _bye: Bye) -> Result {
        Ok(())
    }
}

production! {
    Lab {
        clock: Clock { out: sink },
        greeter: Greeter {},
        sink: Sink {},
    }
}

fn main() {}
