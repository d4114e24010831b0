#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Door;

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye) {
        info!("{}", bye.name);
    }
}

fn main() {}
