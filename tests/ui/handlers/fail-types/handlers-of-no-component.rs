#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

struct Door;

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye) -> Result {
        info!("{}", bye.name);
        Ok(())
    }
}

fn main() {}
