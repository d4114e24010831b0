#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Door {
    #[setting(default = 0, min = 1)]
    knocks: u32,
    #[setting(default = "1h30m", max = "1h")]
    patience: Duration,
}

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye) -> Result {
        info!("{} {} {:?}", bye.name, self.knocks, self.patience);
        Ok(())
    }
}

fn main() {}
