#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Door;

#[handlers]
impl Door {
    async fn hello(&mut self, hello: Hello) -> Result<Bye> {
        Ok(Bye { name: hello.name })
    }
}

fn main() {}
