#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Door {
    last: std::time::Instant,
}

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye) -> Result {
        info!("{} {:?}", bye.name, self.last);
        Ok(())
    }
}

fn main() {}
