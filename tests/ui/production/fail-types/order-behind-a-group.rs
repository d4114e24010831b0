#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Lab, Order};

#[business_process(correlate = mrn)]
struct Gather {
    #[target(async)]
    out: Target<Order>,
}

#[handlers]
impl Gather {
    async fn order(&mut self, order: Order, cx: &mut Context) -> Result {
        cx.send_request_async(&self.out, order).await?;
        cx.end_group()
    }
}

production! {
    Hospital {
        require order key(mrn) from admit to lab;
        admit: Admit { out: gather },
        #[item(order = key(mrn), failing = block)]
        gather: Gather { out: lab }, // the mistake
        #[item(order = key(mrn), failing = block)]
        lab: Lab {},
    }
}

fn main() {}
