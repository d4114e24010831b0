//! Components that panic where no handler runs, that panic every time, and that let a request go.

use std::sync::atomic::{AtomicUsize, Ordering};

use iop::prelude::*;

use crate::kit::Lab;

static POLLS: AtomicUsize = AtomicUsize::new(0);

/// Panics in every call.
#[business_service(poll)]
pub struct Nervous;

#[handlers]
impl Nervous {
    async fn on_process_input(&mut self, _cx: &mut Context) -> Result {
        if POLLS.fetch_add(1, Ordering::SeqCst) > 100 {
            // Far too often: let the test end.
            std::future::pending::<()>().await;
        }
        panic!("on purpose")
    }
}

production! {
    /// Nothing but nerves.
    pub Nerves {
        nervous: Nervous {},
    }
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_panics_every_time_keeps_its_interval() {
    let _lab = Lab::start::<Nerves>().await;
    tokio::time::sleep(Duration::from_secs(12)).await;
    let polls = POLLS.load(Ordering::SeqCst);
    assert!((2..=4).contains(&polls), "{polls} calls in 12 seconds");
}

static SNAPSHOTS: AtomicUsize = AtomicUsize::new(0);

/// A state whose first snapshot panics.
#[derive(Debug, Default, Clone, serde::Deserialize)]
pub struct Fragile {
    asked: u32,
}

impl serde::Serialize for Fragile {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        assert!(SNAPSHOTS.fetch_add(1, Ordering::SeqCst) > 0, "on purpose");
        std::collections::BTreeMap::from([("asked", self.asked)]).serialize(serializer)
    }
}

#[message(response = Sum)]
pub struct Add {
    number: u32,
}

#[message]
pub struct Sum {
    number: u32,
}

/// Asks an adder.
#[business_process]
pub struct Asker {
    #[target]
    adder: Target<Add>,
    #[state]
    fragile: Fragile,
}

#[handlers]
impl Asker {
    async fn on_message(&mut self, add: Add, cx: &mut Context) -> Result<Pending> {
        cx.send_request_async(&self.adder, add).await?;
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<Add>) -> Result {
        self.fragile.asked = response.result?.number;
        Ok(())
    }

    async fn on_complete(&mut self, _add: Add) -> Result<Sum> {
        Ok(Sum { number: self.fragile.asked })
    }
}

/// Adds one.
#[business_operation]
pub struct Adder;

#[handlers]
impl Adder {
    async fn add(&mut self, add: Add) -> Result<Sum> {
        Ok(Sum { number: add.number + 1 })
    }
}

production! {
    /// One asks, one adds.
    pub Sums {
        #[item(standalone)]
        asker: Asker { adder: adder },
        adder: Adder {},
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_that_panics_when_it_is_written_is_an_attempt_like_any_other() {
    let lab = Lab::start::<Sums>().await;
    assert_eq!(lab.call("asker", r#"{"number":1}"#).await.as_deref(), Ok(r#"{"number":2}"#));
}

/// Lets its request go after a second, and then hangs; the second attempt does not.
#[business_process]
pub struct Careless {
    #[target]
    slow: Target<Add>,
}

#[handlers]
impl Careless {
    async fn on_message(&mut self, add: Add, cx: &mut Context) -> Result<Sum> {
        if cx.message().is_some_and(|header| header.attempt > 0) {
            return Ok(Sum { number: add.number });
        }
        let request = cx.send_request_sync(&self.slow, add);
        let _ = tokio::time::timeout(Duration::from_secs(1), async { request.await }).await;
        std::future::pending().await
    }
}

/// Takes a minute.
#[business_operation]
pub struct Slow;

#[handlers]
impl Slow {
    async fn add(&mut self, add: Add) -> Result<Sum> {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(Sum { number: add.number })
    }
}

production! {
    /// A careless one and a slow one.
    pub Letting {
        #[item(standalone, timeout = "10s")]
        careless: Careless { slow: slow },
        #[item(timeout = "1000s")]
        slow: Slow {},
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_let_its_request_go_is_cut_off_like_any_other() {
    let lab = Lab::start::<Letting>().await;
    let begun = tokio::time::Instant::now();
    assert_eq!(lab.call("careless", r#"{"number":1}"#).await.as_deref(), Ok(r#"{"number":1}"#));
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}
