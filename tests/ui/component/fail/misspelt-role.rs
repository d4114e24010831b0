#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_process]
struct Door {
    #[settings(default = 3)]
    knocks: u32,
}

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye) -> Result {
        info!("{} {}", bye.name, self.knocks);
        Ok(())
    }
}

fn main() {}
