#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_service]
struct Door;

#[handlers]
impl Door {
    async fn on_process_input(&mut self, hello: Hello) -> Result<Bye> {
        Ok(Bye { name: hello.name })
    }
}

fn main() {}
