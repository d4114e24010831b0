use iop::prelude::*;

#[business_service(poll)]
struct Door {
    #[target]
    out: Target<String>,
}

#[handlers]
impl Door {
    async fn on_process_input(&mut self) -> Result {
        info!("{}", self.out.item());
        Ok(())
    }
}

fn main() {}
