#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_process]
struct Door;

#[handlers]
impl Door {
    async fn on_response(&mut self, _response: Response<Bye>) -> Result<u32> {
        Ok(3)
    }

    async fn bye(&mut self, bye: Bye) -> Result {
        info!("{}", bye.name);
        Ok(())
    }
}

fn main() {}
