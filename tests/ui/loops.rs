//! What the cases about circles and orders are made of: components that hand a message on.
#![allow(dead_code, unreachable_pub, reason = "a case uses what it needs of it")]

use iop::prelude::*;

#[message]
pub struct Order {
    #[key]
    pub mrn: String,
    pub text: String,
}

/// Takes orders.
#[business_service]
pub struct Admit {
    #[target]
    pub out: Target<Order>,
}

#[handlers]
impl Admit {
    async fn on_process_input(&mut self, order: Order, cx: &mut Context) -> Result {
        cx.send_request_async(&self.out, order).await?;
        Ok(())
    }
}

/// Hands on, and may wait.
#[business_process]
pub struct Router {
    #[target]
    pub ask: Target<Order>,
    #[target]
    pub copy: Option<Target<Order>>,
}

#[handlers]
impl Router {
    async fn order(&mut self, order: Order, cx: &mut Context) -> Result {
        cx.send_request_sync(&self.ask, order).await?;
        Ok(())
    }
}

/// Hands on, and never waits.
#[business_process]
pub struct Relay {
    #[target(async)]
    pub next: Target<Order>,
    #[target(async)]
    pub again: Option<Target<Order>>,
}

#[handlers]
impl Relay {
    async fn order(&mut self, order: Order, cx: &mut Context) -> Result {
        cx.send_request_async(&self.next, order).await?;
        Ok(())
    }
}

/// Hands on when a response has come.
#[business_process]
pub struct Asker {
    #[target]
    pub ask: Target<Order>,
}

#[handlers]
impl Asker {
    async fn order(&mut self, order: Order, cx: &mut Context) -> Result {
        cx.send_request_async(&self.ask, order).await?;
        Ok(())
    }

    async fn on_response(&mut self, _: Response<Order>) -> Result {
        Ok(())
    }
}

/// The end.
#[business_operation]
pub struct Lab;

#[handlers]
impl Lab {
    async fn order(&mut self, _order: Order) -> Result {
        Ok(())
    }
}

/// Must not act twice.
#[business_operation(effect = "at_most_once")]
pub struct Pump;

#[handlers]
impl Pump {
    async fn order(&mut self, _order: Order) -> Result {
        Ok(())
    }
}

/// Leaves no trace.
#[message(transient)]
pub struct Tick {
    pub count: u32,
}

/// Sends ticks to itself.
#[business_process]
pub struct Ticker {
    #[target(async)]
    pub again: Target<Tick>,
}

#[handlers]
impl Ticker {
    async fn tick(&mut self, tick: Tick, cx: &mut Context) -> Result {
        cx.send_request_async(&self.again, tick).await?;
        Ok(())
    }
}
