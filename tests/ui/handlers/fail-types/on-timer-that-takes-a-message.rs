#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_process]
pub struct Sender;

#[handlers]
impl Sender {
    async fn hello(&mut self, hello: Hello) -> Result<Greeting> {
        Ok(Greeting { text: hello.name })
    }

    async fn on_timer(&mut self, _bye: Bye) -> Result {
        Ok(())
    }
}

fn main() {}
