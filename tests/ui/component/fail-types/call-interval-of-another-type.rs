use iop::prelude::*;

#[business_service(poll)]
struct Door {
    #[setting(default = 5)]
    call_interval: u64,
}

#[handlers]
impl Door {
    async fn on_process_input(&mut self) -> Result {
        Ok(())
    }
}

fn main() {}
