#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_service(adapter = Hello)]
struct Door;

#[handlers]
impl Door {
    async fn on_process_input(&mut self, _hello: Hello) -> Result {
        Ok(())
    }
}

fn main() {}
