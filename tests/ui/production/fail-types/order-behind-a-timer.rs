#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab, Order};

#[business_process]
struct Later {
    #[target(async)]
    out: Target<Order>,
}

#[handlers]
impl Later {
    async fn order(&mut self, _order: Order, cx: &mut Context) -> Result<Pending> {
        cx.set_timer(Duration::from_secs(5), "later").await?;
        Ok(Pending)
    }

    async fn on_timer(&mut self, _timer: Timer, cx: &mut Context) -> Result {
        cx.send_request_async(&self.out, cx.request::<Order>()?).await?;
        Ok(())
    }

    async fn on_complete(&mut self, _order: Order) -> Result {
        Ok(())
    }
}

production! {
    Hospital {
        require order fifo from admit to lab;
        admit: Admit { out: later },
        #[item(order = fifo, failing = block)]
        later: Later { out: lab }, // the mistake
        #[item(order = fifo, failing = block)]
        lab: Lab {},
    }
}

fn main() {}
