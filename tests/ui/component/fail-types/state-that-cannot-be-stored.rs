#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[derive(Default)]
struct Knocks(u32);

#[business_process]
struct Door {
    #[state]
    knocks: Knocks,
}

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye) -> Result {
        info!("{} {}", bye.name, self.knocks.0);
        Ok(())
    }
}

fn main() {}
