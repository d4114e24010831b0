#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Door;

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye) -> Result {
        let name = std::rc::Rc::new(bye.name);
        std::future::ready(()).await;
        info!("{name}");
        Ok(())
    }
}

fn main() {}
