#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Door {
    #[setting(default = "oak", max = "pine")]
    wood: String,
}

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye) -> Result {
        info!("{} {}", bye.name, self.wood);
        Ok(())
    }
}

fn main() {}
