#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Door;

#[handlers]
impl Door {
    async fn bye(&mut self, _bye: Bye, _cx: Context) -> Result {
        Ok(())
    }
}

fn main() {}
