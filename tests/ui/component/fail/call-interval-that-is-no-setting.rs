use iop::prelude::*;

#[business_service(poll)]
struct Door {
    call_interval: Duration,
}

#[handlers]
impl Door {
    async fn on_process_input(&mut self) -> Result {
        info!("{:?}", self.call_interval);
        Ok(())
    }
}

fn main() {}
