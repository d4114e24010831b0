#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_process]
struct Door {
    #[target]
    out: Option<Targets<Bye>>,
}

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye) -> Result {
        info!("{} {:?}", bye.name, self.out);
        Ok(())
    }
}

fn main() {}
