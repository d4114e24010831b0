use iop::prelude::*;

#[business_service(poll)]
struct Door;

#[handlers]
impl Door {
    async fn on_init(&mut self) -> Result {
        Ok(())
    }
}

fn main() {}
