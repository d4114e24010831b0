//! Starts and stops that meet, items that do not come up, and workers that are still there when everything starts over.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use iop::engine::{ItemPhase, Stop};
use iop::message::Status;
use iop::prelude::*;

use crate::front::Front;
use crate::kit::Lab;

#[message]
pub struct Work {
    seconds: u64,
}

static WORKED: AtomicUsize = AtomicUsize::new(0);

/// Takes so many seconds.
#[business_operation]
pub struct Slow;

#[handlers]
impl Slow {
    async fn work(&mut self, work: Work) -> Result {
        tokio::time::sleep(Duration::from_secs(work.seconds)).await;
        WORKED.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

production! {
    /// One slow item.
    pub Slowly {
        #[item(standalone)]
        slow: Slow {},
    }
}

fn phase(lab: &Lab) -> ItemPhase {
    lab.director().status().items[0].state
}

fn work(seconds: u64) -> Vec<iop::store::NewMessage> {
    vec![crate::kit::request("slow", "Work", 0, format!(r#"{{"seconds":{seconds}}}"#))]
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_takes_its_time_does_not_stop_what_was_started_after_it() {
    let lab = Lab::start::<Slowly>().await;
    let director = lab.director();
    let id = Some(MessageId::random());
    let call = {
        let director = director.clone();
        tokio::spawn(async move { director.call_json("slow", None, br#"{"seconds":5}"#, id).await })
    };
    while lab.director().status().items[0].workers.busy == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // Two stops of one item, both waiting for the same turn.
    let stops: Vec<_> = (0..2)
        .map(|_| {
            let director = director.clone();
            tokio::spawn(async move { director.stop_item("slow", Stop::Drain(Duration::from_secs(60))).await })
        })
        .collect();
    let mut stops = stops.into_iter();
    let (first, second) = (stops.next().expect("one"), stops.next().expect("two"));
    assert_eq!(first.await.expect("it ends"), Ok(true));
    assert_eq!(director.start_item("slow").await, Ok(true));
    assert_eq!(second.await.expect("it ends"), Ok(true));
    drop(call.await);
    assert_eq!(phase(&lab), ItemPhase::Running);
    // And it works.
    lab.put(work(1)).await;
    let called = director.call_json("slow", None, br#"{"seconds":1}"#, None).await;
    assert!(called.is_ok(), "{called:?}");
    lab.until_idle().await;
    assert_eq!(phase(&lab), ItemPhase::Running);
}

#[tokio::test(start_paused = true)]
async fn a_production_that_stops_starts_nothing_any_more() {
    let lab = Lab::start::<Slowly>().await;
    let director = lab.director();
    lab.stop(Stop::Now).await;
    assert_eq!(director.start_item("slow").await, Ok(false));
    assert_eq!(director.restart_item("slow", Stop::Now).await, Ok(()));
    assert_eq!(director.status().items[0].state, ItemPhase::Stopped);
}

static BROKEN: AtomicBool = AtomicBool::new(true);

/// Does not come up.
#[business_operation]
pub struct Broken;

#[handlers]
impl Broken {
    async fn on_init(&mut self) -> Result {
        if BROKEN.load(Ordering::SeqCst) { Err(Error::retry("no licence")) } else { Ok(()) }
    }

    async fn work(&mut self, _work: Work) -> Result {
        Ok(())
    }
}

production! {
    /// An item that does not come up.
    pub Unlicensed {
        #[item(standalone, pool_size = 2)]
        broken: Broken {},
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_an_item_that_does_not_come_up_and_what_waits_there_is_done_when_it_does() {
    let lab = Lab::start::<Unlicensed>().await;
    lab.put(vec![crate::kit::request("broken", "Work", 0, r#"{"seconds":0}"#.to_owned())]).await;
    lab.until_idle().await;
    assert_eq!(lab.director().status().items[0].error.as_deref(), Some("no licence"));
    assert_eq!(lab.requests_to("broken").await[0].status, Status::Queued);
    BROKEN.store(false, Ordering::SeqCst);
    lab.until("broken", Status::Completed).await;
    lab.until_idle().await;
    assert_eq!(lab.director().status().items[0].error, None);
}

static HELD: AtomicBool = AtomicBool::new(true);
static BEGUN: AtomicUsize = AtomicUsize::new(0);

/// Blocks its thread, the first time.
#[business_operation]
pub struct Blocking;

#[handlers]
impl Blocking {
    async fn work(&mut self, _work: Work) -> Result {
        if BEGUN.fetch_add(1, Ordering::SeqCst) == 0 {
            while HELD.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
        }
        Ok(())
    }
}

production! {
    /// A handler that cannot be cut off.
    pub Stuck {
        #[item(standalone)]
        blocking: Blocking {},
        #[item(standalone)]
        slow: Slow {},
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_outlives_a_recovery_of_the_store_neither_ends_nor_repeats_its_message() {
    let (store, clock) = Lab::memory();
    let front = Front::of(store.clone());
    let lab = Lab::on_store::<Stuck>(front.clone(), store, clock).await;
    let director = lab.director();
    let first = {
        let director = director.clone();
        tokio::spawn(async move { director.call_json("blocking", None, br#"{"seconds":0}"#, None).await })
    };
    while BEGUN.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    front.fail();
    assert!(director.call_json("slow", None, br#"{"seconds":0}"#, None).await.is_err());
    assert!(first.await.expect("it ends").is_err(), "whoever waited was told");
    // The message is worked on again by a new worker, while the old one still blocks its thread.
    let done = lab.until("blocking", Status::Completed).await;
    assert_eq!(BEGUN.load(Ordering::SeqCst), 2);
    HELD.store(false, Ordering::SeqCst);
    lab.until_idle().await;
    let again = director.call_json("blocking", None, br#"{"seconds":0}"#, None).await;
    assert!(again.is_ok(), "{again:?}");
    lab.until_idle().await;
    assert_eq!(BEGUN.load(Ordering::SeqCst), 3, "the old envelope went nowhere");
    let ended = lab.requests_to("blocking").await[0].ended;
    assert_eq!(ended, done.ended);
    assert!(director.status().items.iter().all(|item| item.state == ItemPhase::Running));
}
