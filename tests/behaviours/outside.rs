//! What an operation is told of its attempts, and how long is waited where nothing is said.

use std::sync::{Arc, Mutex};

use iop::component::RequestError;
use iop::prelude::*;
use iop::testing::{Crash, CrashPoint, Stub, TestProduction};
use tokio::time::Instant;

#[message(response = Paid)]
struct Pay {
    amount: u32,
}

#[message]
struct Paid {
    key: String,
}

/// A bank that cannot be reached twice, and then pays.
#[business_operation]
struct Bank {
    attempts: u32,
}

#[handlers]
impl Bank {
    async fn pay(&mut self, pay: Pay, cx: &mut Context) -> Result<Paid> {
        let key = cx.idempotency_key().to_string();
        info!("pays {} under {key}", pay.amount);
        self.attempts += 1;
        if self.attempts < 3 {
            return Err(Error::unavailable("the line is busy"));
        }
        Ok(Paid { key })
    }
}

#[message(response = Paid)]
struct Order {
    amount: u32,
}

/// Has something paid, and waits as long as nobody says how long.
#[business_process]
struct Shop {
    #[target]
    bank: Target<Pay>,
}

#[handlers]
impl Shop {
    async fn order(&mut self, order: Order, cx: &mut Context) -> Result<Paid> {
        let start = Instant::now();
        match cx.send_request_sync(&self.bank, Pay { amount: order.amount }).await {
            Err(RequestError::TimedOut { .. }) => Ok(Paid { key: format!("nothing in {:.0?}", start.elapsed()) }),
            paid => Ok(paid?),
        }
    }
}

production! {
    Market {
        #[item(standalone)]
        shop: Shop { bank: bank },
        bank: Bank {},
    }
}

fn keys(lines: &[String]) -> Vec<&str> {
    lines.iter().filter_map(|line| line.strip_prefix("pays 7 under ")).collect()
}

#[tokio::test(start_paused = true)]
async fn the_idempotency_key_is_the_id_of_the_message_in_every_attempt_and_after_a_crash() {
    let crash = Crash::at(CrashPoint::AfterHandler).of("bank");
    let market = TestProduction::<Market>::new().crash_at(crash).start().await;
    let session = market.send("bank", Pay { amount: 7 }).await.expect("it is taken");
    market.until_idle().await;
    let lines: Vec<String> = market.log().await.into_iter().map(|event| event.text.to_string()).collect();
    let keys = keys(&lines);
    assert!(keys.len() > 3, "three attempts and one that a crash cut off: {lines:?}");
    let id = market.trace(session).await.messages()[0].header.id.to_string();
    assert!(keys.iter().all(|key| *key == id), "{keys:?} are {id}");
}

#[tokio::test(start_paused = true)]
async fn a_request_without_a_timeout_waits_for_thirty_seconds() {
    let asked = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&asked);
    let bank = Stub::<Bank>::new().answer_after(Duration::from_secs(90), move |_: Pay| {
        *counter.lock().expect("one thread") += 1;
        Ok(Paid { key: "late".into() })
    });
    let market = TestProduction::<Market>::new().setting("bank.timeout", "1h").stub("bank", bank).start().await;
    let paid = market.call("shop", Order { amount: 7 }).await.expect("the shop goes on");
    assert_eq!(paid.key, "nothing in 30s");
    market.until_idle().await;
    assert_eq!(*asked.lock().expect("one thread"), 1);
}
