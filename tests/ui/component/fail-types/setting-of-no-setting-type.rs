#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Door {
    #[setting]
    hello: Hello,
}

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye) -> Result {
        info!("{} {}", bye.name, self.hello.name);
        Ok(())
    }
}

fn main() {}
