#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_service(poll)]
struct Door;

#[handlers]
impl Door {
    async fn on_process_input(&mut self) -> Result {
        Ok(())
    }

    async fn bye(&mut self, bye: Bye) -> Result {
        info!("{}", bye.name);
        Ok(())
    }
}

fn main() {}
