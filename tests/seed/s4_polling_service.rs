//! S4: a service that is called in intervals, in virtual time.

use std::time::Duration;

use iop::prelude::*;
use iop_examples::seed::s4_polling_service::{MyPullingService, Pulling};
use iop_tests::rig::Rig;
use tokio::time::Instant;

/// When the first `count` calls came, in whole milliseconds since the start.
async fn calls(count: u64, set: &[&str]) -> Vec<u128> {
    let start = Instant::now();
    let rig = Rig::with_settings::<Pulling>(set).await;
    let mut times = Vec::new();
    for call in 1..=count {
        rig.until("the next call", async |rig| (rig.item("pulling").completed >= call).then_some(())).await;
        times.push(start.elapsed().as_millis());
    }
    let said = rig.said_by::<MyPullingService>("pulling").await;
    assert_eq!(said.len() as u64, count, "{said:?}");
    times
}

/// The looking takes a millisecond.
fn about(times: &[u128], expected: &[u128]) {
    let near = times.len() == expected.len() && times.iter().zip(expected).all(|(time, at)| time.abs_diff(*at) <= 2);
    assert!(near, "called at {times:?}, expected at {expected:?}");
}

#[tokio::test(start_paused = true)]
async fn a_polling_service_is_called_at_once_and_then_every_five_seconds() {
    about(&calls(4, &[]).await, &[0, 5_000, 10_000, 15_000]);
}

#[tokio::test(start_paused = true)]
async fn the_interval_and_the_first_call_are_settings() {
    let set = ["pulling.call_interval=90s", "pulling.first_call=after_interval"];
    about(&calls(3, &set).await, &[90_000, 180_000, 270_000]);
}

/// Takes longer than its interval.
#[business_service(poll)]
pub(crate) struct SlowPoll {
    #[setting(default = "5s")]
    call_interval: Duration,
}

#[handlers]
impl SlowPoll {
    async fn on_process_input(&mut self) -> Result {
        info!("begins");
        tokio::time::sleep(self.call_interval * 3).await;
        info!("ends");
        Ok(())
    }
}

production! {
    SlowPolling {
        slow: SlowPoll {},
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_call_waits_for_the_one_that_runs() {
    let rig = Rig::start::<SlowPolling>().await;
    let start = Instant::now();
    rig.until("three calls", async |rig| (rig.item("slow").completed == 3).then_some(())).await;
    about(&[start.elapsed().as_millis()], &[45_000]);
    let said = rig.said_by::<SlowPoll>("slow").await;
    assert_eq!(said[..6], ["begins", "ends", "begins", "ends", "begins", "ends"]);
}
