#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Door {
    #[setting(default = 1, min = 1, max = 9)]
    knocks: u32,
}

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye) -> Result {
        info!("{} {}", bye.name, self.knocks);
        Ok(())
    }
}

production! {
    Lab {
        #[item(standalone)]
        door: Door { knocks: 10 },
    }
}

fn main() {}
