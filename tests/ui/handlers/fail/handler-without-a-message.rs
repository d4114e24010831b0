use iop::prelude::*;

#[business_operation]
struct Door;

#[handlers]
impl Door {
    async fn open(&mut self) -> Result {
        Ok(())
    }
}

fn main() {}
