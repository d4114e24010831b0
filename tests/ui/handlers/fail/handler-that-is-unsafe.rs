#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Door;

#[handlers]
impl Door {
    async unsafe fn bye(&mut self, _bye: Bye) -> Result {
        Ok(())
    }
}

fn main() {}
