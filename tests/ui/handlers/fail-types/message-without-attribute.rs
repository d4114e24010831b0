use iop::prelude::*;

struct Knock;

#[business_operation]
struct Door;

#[handlers]
impl Door {
    async fn knock(&mut self, _knock: Knock) -> Result {
        Ok(())
    }
}

fn main() {}
