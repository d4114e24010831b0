#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_process]
struct Door;

#[handlers]
impl Door {
    async fn hello(&mut self, _hello: Hello) -> Result<Pending> {
        Ok(Pending)
    }

    async fn on_complete(&mut self, hello: Hello) -> Result<Bye> {
        Ok(Bye { name: hello.name })
    }
}

fn main() {}
