#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_service(poll)]
struct Door {
    #[target]
    out: Hello,
}

#[handlers]
impl Door {
    async fn on_process_input(&mut self) -> Result {
        info!("{}", self.out.name);
        Ok(())
    }
}

fn main() {}
