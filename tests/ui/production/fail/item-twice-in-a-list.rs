#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_process]
struct Desk {
    #[target]
    many: Targets<Bye>,
}

#[handlers]
impl Desk {
    async fn bye(&mut self, _bye: Bye) -> Result {
        info!("{:?}", self.many);
        Ok(())
    }
}

production! {
    Lab {
        #[item(standalone)]
        desk: Desk { many: [host, host] },
        host: Host {},
    }
}

fn main() {}
