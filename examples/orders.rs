//! Orders come in over HTTP and go to the warehouse: a production as one begins it, with its tests.

use iop::prelude::*;

#[message(response = Receipt)]
struct Order {
    #[key]
    number: String,
    parts: Vec<Part>,
}

#[message(part)]
struct Part {
    name: String,
    count: u32,
}

#[message]
struct Receipt {
    picked: u32,
}

/// Where other programs bring their orders.
#[business_service]
struct Counter {
    #[target]
    out: Target<Order>,
}

#[handlers]
impl Counter {
    async fn on_process_input(&mut self, order: Order, cx: &mut Context) -> Result<Receipt> {
        Ok(cx.send_request_sync(&self.out, order).await?)
    }
}

/// Picks the parts of an order.
#[business_operation]
struct Warehouse {
    /// How many of one part an order may have.
    #[setting(default = 100, min = 1, unit = "pieces")]
    most: u32,
}

#[handlers]
impl Warehouse {
    async fn pick(&mut self, order: Order) -> Result<Receipt> {
        for Part { name, count } in &order.parts {
            if *count > self.most {
                return Err(Error::fatal(format!("{count} of {name}: at most {} can be picked", self.most)));
            }
        }
        info!("picked order {}", order.number);
        Ok(Receipt { picked: order.parts.iter().map(|part| part.count).sum() })
    }
}

production! {
    Orders {
        counter: Counter { out: warehouse },
        warehouse: Warehouse {},
    }
}

fn main() -> ExitCode {
    iop::run::<Orders>()
}

#[cfg(test)]
mod tests {
    use iop::testing::{Harness, TestProduction};

    use super::*;

    fn order(count: u32) -> Order {
        Order { number: "A-17".into(), parts: vec![Part { name: "hinge".into(), count }] }
    }

    #[tokio::test]
    async fn parts_are_counted() {
        let handled = Harness::<Warehouse>::new().handle(order(4)).await;
        assert_eq!(handled.response().picked, 4);
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_goes_through_the_counter() {
        let orders = TestProduction::<Orders>::new().setting("warehouse.most", 10).start().await;
        assert_eq!(orders.call("counter", order(4)).await.unwrap().picked, 4);
        assert!(orders.call("counter", order(11)).await.is_err());
    }
}
