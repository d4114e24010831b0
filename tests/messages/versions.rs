//! Programs of several versions on one store: what the older one stored, the newer one reads, or says why not.

use std::sync::Arc;

use iop::clock::{Timestamp, TokioClock};
use iop::message::{Header, Message, Status, SuspendReason};
use iop::prelude::*;
use iop::production::Production;
use iop::store::Store;
use iop::store::memory::MemoryStore;
use iop_tests::rig::Rig;

/// The program as it was first written.
mod first {
    use super::*;

    #[message(name = "order")]
    pub(super) struct Order {
        pub(super) customer: String,
        /// In euros.
        pub(super) total: f64,
    }

    #[business_operation]
    pub(super) struct Shop;

    #[handlers]
    impl Shop {
        async fn on_message(&mut self, order: Order) -> Result {
            Err(Error::unavailable(format!("closed for {} and {}", order.customer, order.total)))
        }
    }

    production! {
        pub(super) Store {
            #[item(standalone)]
            shop: Shop {},
        }
    }
}

/// The program two versions later.
mod third {
    use super::*;

    #[message(part)]
    pub(super) struct OrderV1 {
        customer: String,
        total: f64,
    }

    #[message(part)]
    pub(super) struct OrderV2 {
        customer: String,
        cents: i64,
    }

    fn from_v1(old: OrderV1) -> Result<OrderV2> {
        if old.total < 0.0 {
            return Err(Error::fatal("an order of less than nothing"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "amounts in a test are small")]
        Ok(OrderV2 { customer: old.customer, cents: (old.total * 100.0).round() as i64 })
    }

    fn from_v2(old: OrderV2) -> Order {
        Order { customer: Customer { name: old.customer }, cents: old.cents }
    }

    #[message(part)]
    #[derive(Debug, PartialEq)]
    pub(super) struct Customer {
        name: String,
    }

    #[message(name = "order", version = 3, upgrade = [from_v1, from_v2])]
    #[derive(Debug, PartialEq)]
    pub(super) struct Order {
        customer: Customer,
        cents: i64,
    }

    #[business_operation]
    pub(super) struct Shop;

    #[handlers]
    impl Shop {
        async fn on_message(&mut self, order: Order) -> Result {
            info!("{} pays {}", order.customer.name, order.cents);
            Ok(())
        }
    }

    production! {
        pub(super) Store {
            #[item(standalone)]
            shop: Shop {},
        }
    }
}

/// A program whose type was changed without saying so.
mod careless {
    use super::*;

    #[message(name = "order")]
    pub(super) struct Order {
        pub(super) client: String,
    }

    #[business_operation]
    pub(super) struct Shop;

    #[handlers]
    impl Shop {
        async fn on_message(&mut self, order: Order) -> Result {
            info!("{}", order.client);
            Ok(())
        }
    }

    production! {
        pub(super) Store {
            #[item(standalone)]
            shop: Shop {},
        }
    }
}

/// A store that the first program died on, with one order in the queue.
async fn left_behind(total: f64) -> (Arc<dyn Store>, Arc<TokioClock>) {
    let clock = Arc::new(TokioClock::starting_at(Timestamp(1_700_000_000_000_000)));
    let rig = Rig::on_store::<first::Store>(MemoryStore::new(clock.clone()), clock.clone(), &[]).await;
    let director = rig.director();
    let body = serde_json::to_vec(&first::Order { customer: "Ada".into(), total }).expect("it is JSON");
    let call = tokio::spawn(async move { director.call_json("shop", None, &body, None).await });
    rig.until("the order waits for its next attempt", async |rig| {
        rig.messages().await.into_iter().find(|order| order.status == Status::Retrying)
    })
    .await;
    call.abort();
    let store = rig.crash().await;
    (store, clock)
}

/// What became of the order in the next program.
async fn in_the_next<P: Production>(store: Arc<dyn Store>, clock: Arc<TokioClock>) -> (Rig, Header) {
    let rig = Rig::on_changed_store::<P>(store, clock).await;
    rig.until_idle().await;
    let order = rig.messages().await.remove(0);
    (rig, order)
}

#[tokio::test(start_paused = true)]
async fn a_message_of_an_older_version_is_upgraded_step_by_step_when_it_is_read_and_keeps_its_stored_version() {
    let (store, clock) = left_behind(12.5).await;
    let (rig, order) = in_the_next::<third::Store>(store, clock).await;
    assert_eq!(rig.said_by::<third::Shop>("shop").await, ["Ada pays 1250"]);
    assert_eq!((order.status, order.type_version), (Status::Completed, 1));
    let stored: serde_json::Value = rig.json(order.id).await;
    assert_eq!(stored, serde_json::json!({ "customer": "Ada", "total": 12.5 }));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_its_upgrade_function_refuses_is_suspended_with_its_body_intact() {
    let (store, clock) = left_behind(-1.0).await;
    let (rig, order) = in_the_next::<third::Store>(store, clock).await;
    assert_eq!((order.status, order.reason), (Status::Suspended, Some(SuspendReason::Schema)));
    let error = order.error.as_deref().unwrap_or_default();
    assert!(error.starts_with("an order of less than nothing; the stored version 1 of `order`"), "{error}");
    let stored: serde_json::Value = rig.json(order.id).await;
    assert_eq!(stored["total"], -1.0);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_does_not_fit_any_more_is_suspended_and_says_which_field_and_what_to_do() {
    let (store, clock) = left_behind(1.0).await;
    let (_, order) = in_the_next::<careless::Store>(store, clock).await;
    assert_eq!((order.status, order.reason), (Status::Suspended, Some(SuspendReason::Schema)));
    let error = order.error.as_deref().unwrap_or_default();
    assert!(error.starts_with("field `client`: missing; a stored `order` does not fit this program"), "{error}");
    assert!(error.contains("`#[serde(alias = \"…\")]`") && error.ends_with("[iop E14]"), "{error}");
}

#[test]
fn a_newer_or_a_forgotten_version_is_refused_with_what_to_do_and_never_guessed() {
    let order = third::Order::TYPE;
    let newer = order.read(4, b"{}").expect_err("nobody knows version 4").to_string();
    assert!(newer.starts_with("stored as version 4 of `order`, and this program knows it up to version 3"), "{newer}");
    #[message(name = "order", version = 2)]
    struct Forgetful {
        cents: i64,
    }
    let older = Forgetful::TYPE.read(1, br#"{"cents":1}"#).expect_err("there is no upgrade").to_string();
    assert!(older.contains("reads it from version 2; write `upgrade = [from_v1, …]` on `"), "{older}");
    let broken = order.read(2, br#"{"customer":"Ada"}"#).expect_err("not a version 2").to_string();
    assert!(broken.starts_with("field `cents`: missing; the stored version 2 of `order`"), "{broken}");
}
