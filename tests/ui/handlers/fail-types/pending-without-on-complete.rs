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
}

fn main() {}
