use iop::prelude::*;

#[business_operation]
struct Door;

#[handlers]
impl Door {
    async fn on_init(&mut self) -> Result {
        Ok(())
    }
}

fn main() {}
