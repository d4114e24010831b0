#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Door;

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye, _hello: Hello) -> Result {
        info!("{}", bye.name);
        Ok(())
    }
}

production! {
    Lab {
        #[item(standalone)]
        door: Door {},
    }
}

fn main() {}
