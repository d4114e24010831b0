#[path = "../../loops.rs"]
mod loops;

use iop::prelude::*;
use loops::{Admit, Order, Router};

/// Does not wait, and answers when it is answered.
#[business_process]
struct Ward {
    #[target(async)]
    next: Target<Order>,
}

#[handlers]
impl Ward {
    async fn order(&mut self, order: Order, cx: &mut Context) -> Result<Pending> {
        cx.send_request_async(&self.next, order).await?;
        Ok(Pending)
    }

    async fn on_complete(&mut self, _order: Order) -> Result {
        Ok(())
    }
}

production! {
    Hospital {
        admit: Admit { out: ward },
        #[item(max_hops = 10)]
        ward: Ward { next: router },
        router: Router { ask: ward }, // the mistake
    }
}

fn main() {}
