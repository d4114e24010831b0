//! What limits an item: its pace, its circuit breaker, how long it tries, and when it is up.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use iop::clock::Timestamp;
use iop::engine::{BreakerState, ItemPhase, Stop};
use iop::message::{Status, SuspendReason};
use iop::prelude::*;
use iop::settings::CallSchedule;
use iop::store::Store;

use crate::kit::Lab;

#[message]
pub struct Job {
    number: u32,
}

/// Notes when it was called, in milliseconds of tokio's time since the first call.
#[business_operation]
pub struct Paced;

static CALLS: Mutex<Vec<tokio::time::Instant>> = Mutex::new(Vec::new());

#[handlers]
impl Paced {
    async fn work(&mut self, _job: Job) -> Result {
        CALLS.lock().unwrap_or_else(PoisonError::into_inner).push(tokio::time::Instant::now());
        Ok(())
    }
}

production! {
    /// Ten a second, whatever the number of workers.
    pub Throttled {
        #[item(standalone, pool_size = 8, throttle = "10/s")]
        paced: Paced {},
    }
}

fn jobs(item: &str, count: u32) -> Vec<iop::store::NewMessage> {
    (0..count).map(|number| crate::kit::request(item, "Job", number, format!(r#"{{"number":{number}}}"#))).collect()
}

/// Starts with what was in the store already.
async fn over<P: iop::production::Production>(messages: Vec<iop::store::NewMessage>) -> Lab {
    let (store, clock) = Lab::memory();
    let step = iop::store::Step { emit: messages, ..iop::store::Step::default() };
    assert!(store.submit(step).commit.wait().await.is_ok_and(|outcome| outcome.is_stored()));
    Lab::on_store::<P>(store.clone(), store, clock).await
}

#[tokio::test(start_paused = true)]
async fn all_workers_of_an_item_together_keep_its_pace() {
    let lab = over::<Throttled>(jobs("paced", 101)).await;
    lab.until_idle().await;
    let calls = CALLS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let between = |from: usize, to: usize| calls[to].duration_since(calls[from]).as_millis();
    let whole = between(0, 100);
    assert!((9_900..10_500).contains(&whole), "100 in {whole} ms");
    // In no second more than the ten, and what timers make up for.
    for from in 0..89 {
        assert!(between(from, from + 12) >= 1_000, "12 from {from} on in {} ms", between(from, from + 12));
    }
}

static AWAY: AtomicBool = AtomicBool::new(true);
static TRIED: AtomicUsize = AtomicUsize::new(0);

/// Cannot be reached for a while.
#[business_operation]
pub struct Remote;

#[handlers]
impl Remote {
    async fn work(&mut self, _job: Job) -> Result {
        TRIED.fetch_add(1, Ordering::SeqCst);
        if AWAY.load(Ordering::SeqCst) { Err(Error::unavailable("no route")) } else { Ok(()) }
    }
}

production! {
    /// Four workers that share one breaker.
    pub Breaking {
        #[item(standalone, pool_size = 4, breaker = 3, breaker_pause = "30s", backoff = "1s", backoff_cap = "2s")]
        remote: Remote {},
    }
}

fn status(lab: &Lab) -> iop::director::ItemStatus {
    lab.director().status().items[0].clone()
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_lets_one_message_try_and_all_go_on_when_it_succeeds() {
    let lab = over::<Breaking>(jobs("remote", 1000)).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let tried = TRIED.load(Ordering::SeqCst);
    assert!((100..=130).contains(&tried), "{tried} attempts in an hour of outage");
    assert_eq!(status(&lab).breaker, Some(BreakerState::Open));
    AWAY.store(false, Ordering::SeqCst);
    lab.until_idle().await;
    assert_eq!(status(&lab).breaker, Some(BreakerState::Closed));
    let messages = lab.messages().await;
    assert!(messages.iter().all(|header| header.status == Status::Completed));
    let failed: u32 = messages.iter().map(|header| header.attempt).sum();
    assert!(failed as usize <= tried, "no attempt is counted that was not made");
}

/// Is never reached.
#[business_operation]
pub struct Gone;

#[handlers]
impl Gone {
    async fn work(&mut self, _job: Job) -> Result {
        Err(Error::unavailable("nobody there"))
    }
}

production! {
    /// Gives up after ten minutes.
    pub GivingUp {
        #[item(standalone, failure_timeout = "10m", breaker = 0)]
        gone: Gone {},
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_outlasts_the_failure_timeout_suspends_the_message_also_over_a_restart() {
    let lab = over::<GivingUp>(jobs("gone", 1)).await;
    tokio::time::sleep(Duration::from_secs(500)).await;
    assert_eq!(lab.requests_to("gone").await[0].status, Status::Retrying);
    let lab = lab.crash_and_restart::<GivingUp>().await;
    let begun = tokio::time::Instant::now();
    let suspended = lab.until("gone", Status::Suspended).await;
    assert!(begun.elapsed() < Duration::from_secs(200), "it had been tried before: {:?}", begun.elapsed());
    assert_eq!(suspended.reason, Some(SuspendReason::Unavailable));
    assert_eq!(suspended.error.as_deref(), Some("nobody there"));
    lab.until_idle().await;
}

/// Works when it is up.
#[business_operation]
pub struct Office;

#[handlers]
impl Office {
    async fn work(&mut self, _job: Job) -> Result {
        Ok(())
    }
}

/// Is called each morning.
#[business_service(poll)]
pub struct Morning {
    #[setting]
    call_schedule: Option<CallSchedule>,
    #[target]
    out: Target<Job>,
}

static CALLED: AtomicU64 = AtomicU64::new(0);

#[handlers]
impl Morning {
    async fn on_process_input(&mut self, cx: &mut Context) -> Result {
        CALLED.fetch_add(1, Ordering::SeqCst);
        info!("called as {:?} says", self.call_schedule);
        cx.send_request_async(&self.out, Job { number: 0 }).response_required(false).await?;
        Ok(())
    }
}

production! {
    /// The lab's clock begins on 1 January 1970, a Thursday, at 00:16:40.
    pub Hours {
        morning: Morning { call_schedule: "0 6 * * * UTC", out: office },
        #[item(active = "Mon-Fri 08:00-18:00 UTC")]
        office: Office {},
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_is_up_and_a_service_is_called_when_their_schedules_say() {
    let lab = Lab::start::<Hours>().await;
    let office = || lab.director().status().items[1].clone();
    let hours = |hours: u64| tokio::time::sleep(Duration::from_secs(hours * 3600));
    // Nobody waits for the morning.
    lab.until_idle().await;
    assert_eq!((office().state, CALLED.load(Ordering::SeqCst)), (ItemPhase::Stopped, 0));
    let schedule = office().schedule.expect("a schedule");
    assert_eq!((schedule.up, schedule.next), (false, Some(Timestamp(8 * 3600 * 1_000_000))));
    hours(7).await;
    assert_eq!((office().state, CALLED.load(Ordering::SeqCst)), (ItemPhase::Stopped, 1));
    assert_eq!(lab.requests_to("office").await[0].status, Status::Queued);
    hours(1).await;
    assert_eq!((office().state, lab.requests_to("office").await[0].status), (ItemPhase::Running, Status::Completed));
    hours(10).await;
    assert_eq!(office().state, ItemPhase::Stopped);

    // A person decides until the next change.
    let director = lab.director();
    assert_eq!(director.start_item("office").await, Ok(true));
    assert_eq!(office().state, ItemPhase::Running);
    hours(14).await;
    assert_eq!(office().state, ItemPhase::Running, "Friday, 08:16");
    assert_eq!(director.stop_item("office", Stop::Now).await, Ok(true));
    hours(72).await;
    assert_eq!((office().state, CALLED.load(Ordering::SeqCst)), (ItemPhase::Running, 5), "Monday, 08:16");
}
