#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Door;

#[handlers]
impl Door {
    async fn bye(self, bye: Bye) -> Result {
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
