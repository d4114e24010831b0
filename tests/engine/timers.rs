//! Time in handlers: timers of processes and sleeping, also across crashes.

use std::sync::Mutex;

use iop::director::DirectorError;
use iop::message::{Kind, Status};
use iop::prelude::*;
use tokio::time::Instant;

use crate::kit::Lab;

#[message(response = Ended)]
pub struct Begin {
    how: String,
}

#[message]
pub struct Ended {
    log: Vec<String>,
}

#[message(response = Ended)]
pub struct Ask {
    seconds: u64,
}

/// Answers after a while.
#[business_operation]
pub struct Slow;

#[handlers]
impl Slow {
    async fn answer(&mut self, ask: Ask) -> Result<Ended> {
        tokio::time::sleep(Duration::from_secs(ask.seconds)).await;
        Ok(Ended { log: Vec::new() })
    }
}

/// Lets time pass, in one of several ways.
#[business_process]
pub struct Waiter {
    #[target]
    slow: Target<Ask>,
    #[state]
    log: Vec<String>,
}

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3600);

#[handlers]
impl Waiter {
    async fn begin(&mut self, begin: Begin, cx: &mut Context) -> Result<Pending> {
        match begin.how.as_str() {
            "days" => cx.set_timer(3 * DAY, "third day").await?,
            "two" => {
                cx.set_timer(2 * HOUR, "second").await?;
                cx.set_timer(HOUR, "first").await?;
            }
            "moved" => {
                cx.set_timer(HOUR, "alarm").await?;
                cx.set_timer(2 * HOUR, "alarm").await?;
            }
            "cancelled" => {
                cx.set_timer(HOUR, "kept").await?;
                cx.set_timer(2 * HOUR, "early").await?;
                cx.set_timer(3 * HOUR, "late").await?;
                cx.cancel_timer("early")?;
                cx.cancel_timer("no such timer")?;
            }
            "deadline" | "deadline passed" => {
                let seconds = if begin.how == "deadline" { 10 } else { 30 };
                cx.send_request_async(&self.slow, Ask { seconds }).await?;
                cx.set_timer(Duration::from_secs(20), "deadline").while_waiting().await?;
            }
            "failing" => cx.set_timer(HOUR, "fails twice").await?,
            "again" => cx.set_timer(HOUR, "again").await?,
            "nothing to wait for" => cx.set_timer(HOUR, "never").while_waiting().await?,
            other => return Err(Error::fatal(format!("no such way: {other}"))),
        }
        Ok(Pending)
    }

    async fn on_timer(&mut self, timer: Timer, cx: &mut Context) -> Result {
        let begin: Begin = cx.request()?;
        self.log.push(timer.name.to_string());
        if &*timer.name == "kept" {
            cx.cancel_timer("late")?;
        }
        if &*timer.name == "fails twice" && cx.message().is_some_and(|header| header.attempt < 2) {
            return Err(Error::retry("not yet"));
        }
        if begin.how == "again" && self.log.len() < 5 {
            cx.set_timer(HOUR, "again").await?;
        }
        Ok(())
    }

    async fn on_response(&mut self, response: Response<Ask>) -> Result {
        response.result?;
        self.log.push("answered".to_owned());
        Ok(())
    }

    async fn on_complete(&mut self, _: Begin) -> Result<Ended> {
        Ok(Ended { log: std::mem::take(&mut self.log) })
    }
}

/// How often each sleeper has begun, and gone on.
static STEPS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn step(text: String) {
    STEPS.lock().expect("no test panics with it").push(text);
}

fn steps(of: &str) -> Vec<String> {
    let steps = STEPS.lock().expect("no test panics with it");
    steps.iter().filter_map(|step| step.strip_prefix(of)).map(|step| step.trim().to_owned()).collect()
}

/// Sleeps in its handler.
#[business_operation]
pub struct Sleeper;

#[handlers]
impl Sleeper {
    async fn sleep(&mut self, begin: Begin, cx: &mut Context) -> Result<Ended> {
        step(format!("{} begins", begin.how));
        cx.sleep(Duration::from_secs(600)).await?;
        step(format!("{} goes on", begin.how));
        if begin.how == "fails" && cx.message().is_some_and(|header| header.attempt == 0) {
            return Err(Error::retry("woken up badly"));
        }
        Ok(Ended { log: Vec::new() })
    }
}

production! {
    Waiting {
        #[item(standalone)]
        waiter: Waiter { slow: slow },
        slow: Slow {},
        #[item(standalone, timeout = "10s")]
        sleeper: Sleeper {},
    }
}

/// The log of what was done, and after how many hours it was over.
async fn outcome(how: &str) -> (Vec<String>, u64) {
    let lab = Lab::start::<Waiting>().await;
    let outcome = ended(&lab, how).await;
    lab.until_idle().await;
    let messages = lab.messages().await;
    assert!(messages.iter().all(|header| header.status.is_finished()), "{messages:#?}");
    outcome
}

async fn ended(lab: &Lab, how: &str) -> (Vec<String>, u64) {
    let start = Instant::now();
    let id = Some(MessageId::random());
    loop {
        let called = lab.director().call_json("waiter", None, body(how).as_bytes(), id).await;
        match called {
            Ok(called) => {
                let ended: Ended = read(&called.response.expect("it has a response"));
                return (ended.log, start.elapsed().as_secs() / 3600);
            }
            // A caller outside waits a minute.
            Err(DirectorError::TimedOut { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn read(body: &[u8]) -> Ended {
    serde_json::from_slice(body).expect("it is the response")
}

fn body(how: &str) -> String {
    format!(r#"{{"how":"{how}"}}"#)
}

#[tokio::test(start_paused = true)]
async fn a_timer_of_three_days_goes_off_once_after_three_days() {
    assert_eq!(outcome("days").await, (vec!["third day".to_owned()], 72));
}

#[tokio::test(start_paused = true)]
async fn a_process_is_complete_when_all_of_its_timers_have_gone_off_in_the_order_of_their_times() {
    assert_eq!(outcome("two").await, (vec!["first".to_owned(), "second".to_owned()], 2));
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_is_set_again_is_moved() {
    assert_eq!(outcome("moved").await, (vec!["alarm".to_owned()], 2));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_timer_does_not_go_off_and_is_not_waited_for() {
    assert_eq!(outcome("cancelled").await, (vec!["kept".to_owned()], 1));
}

#[tokio::test(start_paused = true)]
async fn a_timer_may_set_itself_again() {
    assert_eq!(outcome("again").await, (vec!["again".to_owned(); 5], 5));
}

#[tokio::test(start_paused = true)]
async fn a_timer_whose_turn_fails_is_tried_again_and_has_its_effect_once() {
    assert_eq!(outcome("failing").await.0, ["fails twice"]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_cancelled_when_the_process_is_complete_without_it() {
    let lab = Lab::start::<Waiting>().await;
    assert_eq!(ended(&lab, "deadline").await.0, ["answered"]);
    assert_eq!(ended(&lab, "nothing to wait for").await.0, [""; 0]);
    lab.until_idle().await;
    let timers = lab.messages().await.into_iter().filter(|header| header.kind == Kind::Timer);
    let timers: Vec<Status> = timers.map(|header| header.status).collect();
    assert_eq!(timers, [Status::Expired], "the second was not even stored");
    assert_eq!(outcome("deadline passed").await.0, ["deadline", "answered"]);
}

#[tokio::test(start_paused = true)]
async fn a_timer_survives_crashes_also_when_it_became_due_while_nothing_ran() {
    let lab = Lab::start::<Waiting>().await;
    let director = lab.director();
    let call = tokio::spawn(async move { director.call_json("waiter", None, body("days").as_bytes(), None).await });
    lab.until("waiter", Status::Completed).await;
    call.abort();
    tokio::time::sleep(DAY).await;
    let lab = lab.crash_and_restart::<Waiting>().await;
    tokio::time::sleep(DAY / 2).await;
    let begun = lab.requests_to("waiter").await.remove(0);
    let lab = lab.crash_late_and_restart::<Waiting>(3 * DAY).await;
    lab.until_idle().await;
    let called = lab.director().call_json("waiter", None, body("days").as_bytes(), Some(begun.id)).await;
    assert_eq!(read(&called.expect("it is answered").response.expect("it has one")).log, ["third day"]);
    let timers = lab.messages().await.into_iter().filter(|header| header.kind == Kind::Timer);
    assert_eq!(timers.map(|header| header.status).collect::<Vec<_>>(), [Status::Completed]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_sleeps_longer_than_its_timeout_is_not_cut_off_and_after_a_crash_waits_the_rest() {
    let lab = Lab::start::<Waiting>().await;
    let director = lab.director();
    let id = Some(MessageId::random());
    let start = Instant::now();
    let call = tokio::spawn(async move { director.call_json("sleeper", None, body("crash").as_bytes(), id).await });
    while steps("crash").is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_secs(400)).await;
    call.abort();
    let lab = lab.crash_and_restart::<Waiting>().await;
    lab.until("sleeper", Status::Completed).await;
    assert_eq!(steps("crash"), ["begins", "begins", "goes on"]);
    let elapsed = start.elapsed().as_secs();
    assert!((600..610).contains(&elapsed), "it slept {elapsed}s in all");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_after_one_that_has_slept_does_not_sleep_again() {
    let lab = Lab::start::<Waiting>().await;
    let start = Instant::now();
    let director = lab.director();
    let call = tokio::spawn(async move { director.call_json("sleeper", None, body("fails").as_bytes(), None).await });
    lab.until("sleeper", Status::Completed).await;
    assert_eq!(steps("fails"), ["begins", "goes on", "begins", "goes on"]);
    let elapsed = start.elapsed().as_secs();
    assert!((600..620).contains(&elapsed), "it slept {elapsed}s in all");
    call.abort();
}
