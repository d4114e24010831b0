//! Stopping and starting one item of a running production.

use iop::director::DirectorError;
use iop::engine::{ItemPhase, Stop};
use iop::message::Status;
use iop::prelude::*;
use iop_tests::rig::Rig;

#[message(response = Made)]
struct Make {
    what: String,
}

#[message]
struct Made {
    what: String,
}

/// Hands orders to one of two makers, and waits.
#[business_service]
struct Shop {
    #[target]
    slow: Target<Make>,
    #[target]
    quick: Target<Make>,
}

#[handlers]
impl Shop {
    async fn on_process_input(&mut self, order: Make, cx: &mut Context) -> Result<Made> {
        let maker = if order.what.starts_with("slow") { &self.slow } else { &self.quick };
        match cx.send_request_sync(maker, order).await {
            Ok(made) => Ok(made),
            // Fatal, so that the caller hears of it and it is not tried again.
            Err(error) => Err(Error::fatal(error)),
        }
    }
}

/// Makes things.
#[business_operation]
struct Maker {
    #[setting(default = "10s")]
    takes: Duration,
}

#[handlers]
impl Maker {
    async fn on_message(&mut self, order: Make) -> Result<Made> {
        tokio::time::sleep(self.takes).await;
        info!("made {}", order.what);
        Ok(Made { what: order.what })
    }
}

production! {
    Workshop {
        #[item(pool_size = 4)]
        shop: Shop { slow: slow, quick: quick },
        slow: Maker {},
        quick: Maker { takes: "1ms" },
    }
}

fn order(what: &str) -> Make {
    Make { what: what.into() }
}

#[tokio::test(start_paused = true)]
async fn stopping_an_item_fails_waiting_calls_at_once_and_starting_it_serves_its_queue() {
    let rig = Rig::start::<Workshop>().await;
    let stopped = async {
        rig.until("two orders wait", async |rig| {
            let orders = rig.messages_of::<Make>().await;
            (orders.iter().filter(|order| order.target.as_deref() == Some("slow")).count() == 2).then_some(())
        })
        .await;
        let start = tokio::time::Instant::now();
        assert_eq!(rig.director().stop_item("slow", Stop::Now).await, Ok(true));
        start
    };
    let (first, second) = (order("slow one"), order("slow two"));
    let (first, second, start) = tokio::join!(rig.try_call("shop", &first), rig.try_call("shop", &second), stopped);
    assert!(start.elapsed() < Duration::from_secs(1), "the callers waited {:?}", start.elapsed());
    for failed in [first.err(), second.err()] {
        let Some(DirectorError::Suspended { error, .. }) = failed else { panic!("{failed:?}") };
        assert_eq!(error, "`slow` is stopped");
    }

    // The others go on, and what was queued stays.
    assert_eq!(rig.call("shop", &order("quick")).await.what, "quick");
    assert_eq!(rig.item("slow").state, ItemPhase::Stopped);
    let queued: Vec<_> = orders_at(&rig, "slow").await;
    assert_eq!(queued, [Status::Queued, Status::Queued]);

    assert_eq!(rig.director().start_item("slow").await, Ok(true));
    rig.until_idle().await;
    // The shop has several workers, so either of the orders may have been the first.
    let mut made = rig.said_by::<Maker>("slow").await;
    made.sort();
    assert_eq!(made, ["made slow one", "made slow two"]);
    assert_eq!(orders_at(&rig, "slow").await, [Status::Completed, Status::Completed]);
}

async fn orders_at(rig: &Rig, item: &str) -> Vec<Status> {
    let orders = rig.messages_of::<Make>().await;
    orders.iter().filter(|order| order.target.as_deref() == Some(item)).map(|order| order.status).collect()
}

#[tokio::test(start_paused = true)]
async fn a_request_to_a_stopped_item_fails_at_once_and_is_not_stored() {
    let rig = Rig::start::<Workshop>().await;
    rig.director().stop_item("slow", Stop::Now).await.expect("it exists");
    let start = tokio::time::Instant::now();
    let failed = rig.try_call("shop", &order("slow")).await.err();
    assert!(matches!(failed, Some(DirectorError::Suspended { .. })), "{failed:?}");
    assert!(start.elapsed() < Duration::from_millis(10), "{:?}", start.elapsed());
    assert_eq!(orders_at(&rig, "slow").await, []);
}

#[tokio::test(start_paused = true)]
async fn starting_what_runs_and_stopping_what_is_stopped_changes_nothing() {
    let rig = Rig::start::<Workshop>().await;
    let director = rig.director();
    assert_eq!(director.start_item("slow").await, Ok(false));
    assert_eq!(director.stop_item("slow", Stop::Now).await, Ok(true));
    assert_eq!(director.stop_item("slow", Stop::Now).await, Ok(false));
}
