#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Door {
    #[setting(default = "many")]
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
