#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation(errors = std::io::Error)]
struct Printer;

#[handlers]
impl Printer {
    async fn hello(&mut self, _hello: Hello) -> Result<Greeting> {
        Err(Error::fatal("no paper"))
    }
}

fn main() {}
