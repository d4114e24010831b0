#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Door;

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye) -> Result {
        self.open(&bye.name);
        Ok(())
    }

    fn open(&self, name: &str) {
        info!("{name}");
    }
}

fn main() {}
