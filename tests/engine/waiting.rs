//! What is waited for, and how it ends: handlers that await, what stands behind a failing message, calls of processes
//! that fail late or are taken out, and items whose schedule changes again while they stop.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use iop::engine::ItemPhase;
use iop::message::{Header, Kind, Status};
use iop::prelude::*;
use iop::store::Viewer;

use crate::front::Front;
use crate::kit::Lab;

#[message(response = Done)]
pub struct Task {
    how: String,
}

/// As a [`Task`], but kept in memory only.
#[message(transient, response = Done)]
#[derive(Clone)]
pub struct Favour {
    how: String,
}

#[message(response = Done)]
pub struct Order {
    how: String,
}

#[message]
pub struct Done {
    results: Vec<String>,
}

static BEGUN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn begun(how: &str) -> Vec<String> {
    let begun = BEGUN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    begun.into_iter().filter(|begun| begun.starts_with(how)).collect()
}

/// Does what it is told.
#[business_operation]
pub struct Clerk;

impl Clerk {
    async fn work(how: String, cx: &Context) -> Result<Done> {
        let attempt = cx.message().map_or(0, |header| header.attempt);
        BEGUN.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{how} {attempt}"));
        match how.as_str() {
            "order: fails once" if attempt == 0 => {
                tokio::time::sleep(Duration::from_secs(2)).await;
                return Err(Error::retry("once more"));
            }
            "bad at first" if begun("bad at first").len() == 1 => return Err(Error::fatal("no")),
            "takes 50 s" | "favour of 50 s" | "by proxy" => tokio::time::sleep(Duration::from_secs(50)).await,
            "takes 5 min" => tokio::time::sleep(Duration::from_secs(300)).await,
            "never ends" => std::future::pending().await,
            _ => {}
        }
        Ok(Done { results: vec![how] })
    }
}

#[handlers]
impl Clerk {
    async fn task(&mut self, task: Task, cx: &mut Context) -> Result<Done> {
        Self::work(task.how, cx).await
    }

    async fn favour(&mut self, favour: Favour, cx: &mut Context) -> Result<Done> {
        Self::work(favour.how, cx).await
    }
}

static COMPLETIONS: AtomicUsize = AtomicUsize::new(0);

/// Has a clerk work, in one of several ways.
#[business_process]
pub struct Chief {
    #[target]
    clerk: Target<(Task, Favour)>,
    #[target]
    other: Target<Task>,
    #[state]
    results: Vec<String>,
}

#[handlers]
impl Chief {
    async fn on_message(&mut self, order: Order, cx: &mut Context) -> Result<Pending> {
        let how = order.how;
        match how.as_str() {
            "awaits, then works" | "awaits, then hangs" => {
                cx.send_request_sync(&self.clerk, Task { how: "takes 50 s".into() }).await?;
                let own = if how == "awaits, then works" { 20 } else { 100_000 };
                tokio::time::sleep(Duration::from_secs(own)).await;
            }
            "favour" | "favour of 50 s" => cx.send_request_async(&self.clerk, Favour { how }).await?,
            "late" => {
                cx.send_request_async(&self.other, Task { how: "a".into() }).await?;
                cx.send_request_async(&self.other, Task { how: "b".into() }).await?;
                cx.send_request_sync(&self.clerk, Task { how: "takes 50 s".into() }).await?;
            }
            _ => cx.send_request_async(&self.clerk, Task { how }).await?,
        }
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<Task>) -> Result {
        self.results.push(response.result.map_or_else(|error| error.to_string(), |done| done.results.join(" ")));
        Ok(())
    }

    async fn on_response_favour(&mut self, response: Response<Favour>) -> Result {
        self.results.extend(response.result?.results);
        Ok(())
    }

    async fn on_complete(&mut self, order: Order) -> Result<Done> {
        if order.how == "favour" && COMPLETIONS.fetch_add(1, Ordering::SeqCst) == 0 {
            return Err(Error::retry("not yet"));
        }
        self.results.sort();
        Ok(Done { results: std::mem::take(&mut self.results) })
    }
}

/// Has a clerk do a favour, as a task.
#[business_process]
pub struct Proxy {
    #[target]
    clerk: Target<Task>,
    #[state]
    results: Vec<String>,
}

#[handlers]
impl Proxy {
    async fn favour(&mut self, favour: Favour, cx: &mut Context) -> Result<Pending> {
        cx.send_request_async(&self.clerk, Task { how: favour.how }).await?;
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<Task>) -> Result {
        self.results.extend(response.result?.results);
        Ok(())
    }

    async fn on_complete(&mut self, favour: Favour) -> Result<Done> {
        Ok(Done { results: vec![favour.how, self.results.join(" ")] })
    }
}

/// Asks a clerk for favours.
#[business_service]
pub struct Counter {
    #[target]
    clerk: Target<Favour>,
}

#[handlers]
impl Counter {
    async fn on_process_input(&mut self, favour: Favour, cx: &mut Context) -> Result<Done> {
        Ok(cx.send_request_sync(&self.clerk, favour).await?)
    }
}

production! {
    /// A chief with two workers, and clerks with one each.
    pub Bureau {
        #[item(standalone, pool_size = 2, request_timeout = "1000s", attempts = 1)]
        chief: Chief { clerk: clerk, other: other },
        counter: Counter { clerk: clerk },
        #[item(backoff = "1s", timeout = "1000s")]
        clerk: Clerk {},
        other: Clerk {},
        #[item(standalone)]
        proxy: Proxy { clerk: clerk },
    }
}

fn body(how: &str) -> String {
    format!(r#"{{"how":"{how}"}}"#)
}

async fn send(lab: &Lab, item: &str, type_name: &str, how: &str) {
    let sent = lab.director().send_json(item, Some(type_name), body(how).as_bytes(), None).await;
    assert!(sent.is_ok(), "{sent:?}");
}

async fn begins(how: &str) {
    while begun(how).is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_not_cut_off_for_the_time_in_which_it_waited_for_others() {
    let lab = Lab::start::<Bureau>().await;
    // The timeout is a minute: 50 seconds are the clerk's, and 20 its own.
    let done = lab.call("chief", &body("awaits, then works")).await;
    assert_eq!(done.as_deref(), Ok(r#"{"results":[]}"#));
    send(&lab, "chief", "Order", "awaits, then hangs").await;
    let failed = || lab.director().status().items[0].failed;
    tokio::time::sleep(Duration::from_secs(109)).await;
    assert_eq!(failed(), 0, "it has been at work for 59 seconds");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(failed(), 1, "its minute is over");
}

#[tokio::test(start_paused = true)]
async fn an_awaited_transient_request_does_not_overtake_the_failing_message_in_front_of_it() {
    let lab = Lab::start::<Bureau>().await;
    lab.until_idle().await;
    send(&lab, "clerk", "Task", "order: fails once").await;
    begins("order: fails once").await;
    let counter = lab.director().get_business_service("counter").expect("it is there");
    let done = counter.on_process_input(Favour { how: "order: behind".into() }).await;
    assert_eq!(done.map(|done| done.results).ok(), Some(vec!["order: behind".to_owned()]));
    assert_eq!(begun("order:"), ["order: fails once 0", "order: fails once 1", "order: behind 0"]);
}

#[tokio::test(start_paused = true)]
async fn the_response_to_a_transient_call_is_there_again_when_its_turn_failed_late() {
    let lab = Lab::start::<Failing>().await;
    assert_eq!(lab.call("chief", &body("favour")).await.as_deref(), Ok(r#"{"results":["favour"]}"#));
    assert_eq!(COMPLETIONS.load(Ordering::SeqCst), 2);
    lab.until_idle().await;
    assert!(lab.messages().await.iter().all(|header| header.status == Status::Completed));
}

#[tokio::test(start_paused = true)]
async fn however_many_transient_requests_wait_in_a_process_each_is_answered() {
    let lab = Lab::start::<Bureau>().await;
    send(&lab, "clerk", "Task", "takes 50 s").await;
    let mut calls = tokio::task::JoinSet::new();
    // More than the engine keeps of instances that it can read again.
    for number in 0..1100 {
        let director = lab.director();
        let body = body(&number.to_string());
        calls.spawn(async move { director.call_json("proxy", None, body.as_bytes(), None).await });
    }
    while let Some(called) = calls.join_next().await {
        let called = called.expect("no panic");
        assert!(called.is_ok(), "{called:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stored_process_has_its_transient_call_answered_after_a_crash_as_well() {
    let lab = Lab::start::<Bureau>().await;
    send(&lab, "chief", "Order", "favour of 50 s").await;
    begins("favour of 50 s").await;
    let lab = lab.crash_and_restart::<Bureau>().await;
    lab.until_idle().await;
    assert_eq!(begun("favour of 50 s").len(), 2);
    let (order, all) = (lab.requests_to("chief").await.remove(0), lab.messages().await);
    assert!(all.iter().all(|header| header.status == Status::Completed), "{all:#?}");
    assert!(lab.store.load_state(order.id).await.expect("readable").is_none(), "it waits for nothing more");
}

#[tokio::test(start_paused = true)]
async fn of_a_transient_request_that_waits_in_a_process_a_crash_leaves_nothing() {
    let lab = Lab::start::<Bureau>().await;
    let director = lab.director();
    let call = tokio::spawn(async move { director.call_json("proxy", None, body("by proxy").as_bytes(), None).await });
    begins("by proxy").await;
    call.abort();
    let task = lab.requests_to("clerk").await.remove(0);
    let state = lab.store.load_state(task.parent.expect("the favour")).await.expect("readable");
    assert!(state.is_none(), "nobody could go on with it");
    let lab = lab.crash_and_restart::<Bureau>().await;
    lab.until_idle().await;
    let all = lab.messages().await;
    assert!(all.iter().all(|header| header.status == Status::Completed), "{all:#?}");
    assert_eq!(all.len(), 2, "the task and its response, which nobody waits for: {all:#?}");
}

production! {
    /// A chief that may fail.
    pub Failing {
        #[item(standalone)]
        chief: Chief { clerk: clerk, other: other },
        clerk: Clerk {},
        other: Clerk {},
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_whose_call_is_discarded_goes_on_without_it() {
    let lab = Lab::start::<Bureau>().await;
    send(&lab, "clerk", "Task", "never ends").await;
    begins("never ends").await;
    let director = lab.director();
    let call = tokio::spawn(async move { director.call_json("chief", None, body("behind").as_bytes(), None).await });
    let waits = |header: &Header| header.source.as_deref() == Some("chief") && header.status == Status::Queued;
    let waiting = loop {
        match lab.requests_to("clerk").await.into_iter().find(waits) {
            Some(header) => break header.id,
            None => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    };
    assert_eq!(lab.director().discard(waiting, "ada").await, Ok(true));
    let answer = call.await.expect("no panic").expect("it is answered").response.unwrap_or_default();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.contains("taken out of its queue"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_discard_and_what_the_waiting_process_hears_of_it_are_stored_together() {
    let (store, clock) = Lab::memory();
    let front = Front::of(store.clone());
    let lab = Lab::on_store::<Bureau>(front.clone(), store, clock).await;
    send(&lab, "clerk", "Task", "never ends").await;
    begins("never ends").await;
    send(&lab, "chief", "Order", "held back").await;
    let task = loop {
        match lab.requests_to("clerk").await.into_iter().find(|task| task.source.as_deref() == Some("chief")) {
            Some(task) => break task.id,
            None => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    };
    assert_eq!(lab.director().suspend(task, "ada").await, Ok(true));
    front.fail();
    lab.director().discard(task, "ada").await.expect_err("the disk is on fire");
    let again = loop {
        match lab.director().discard(task, "ada").await {
            Ok(done) => break done,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    assert!(again, "what was not stored has not happened");
    lab.until("chief", Status::Completed).await;
    assert!(lab.messages().await.iter().any(|header| &*header.type_name == "iop.failure"));
}

#[tokio::test(start_paused = true)]
async fn a_response_that_a_person_suspends_lets_no_other_response_in_before_its_process_has_begun() {
    let lab = Lab::start::<Bureau>().await;
    let director = lab.director();
    let call = tokio::spawn(async move { director.call_json("chief", None, body("late").as_bytes(), None).await });
    let responses = async || {
        let mut messages = lab.messages().await;
        let to_chief = |header: &Header| header.target.as_deref() == Some("chief") && header.kind == Kind::Response;
        messages.retain(|header| to_chief(header) && header.source.as_deref() == Some("other"));
        messages
    };
    while responses().await.len() < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // The process still waits for the clerk.
    let first = responses().await[0].id;
    assert_eq!(lab.director().suspend(first, "ada").await, Ok(true));
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(responses().await[1].status, Status::Queued);
    tokio::time::sleep(Duration::from_secs(50)).await;
    assert_eq!(lab.director().resume(first, "ada").await, Ok(true));
    let answer = call.await.expect("no panic").expect("it is answered").response.unwrap_or_default();
    assert_eq!(&answer[..], br#"{"results":["a","b"]}"#);
    assert!(lab.store.find(first).await.is_ok_and(|found| found.is_some()));
}

#[tokio::test(start_paused = true)]
async fn a_decision_is_carried_out_also_when_who_made_it_goes_away_in_the_middle() {
    let (store, clock) = Lab::memory();
    let front = Front::of(store.clone());
    let lab = Lab::on_store::<Bureau>(front.clone(), store, clock).await;
    send(&lab, "clerk", "Task", "bad at first").await;
    let suspended = lab.until("clerk", Status::Suspended).await;
    front.let_leases_arrive(false);
    let director = lab.director();
    let gone = tokio::time::timeout(Duration::from_millis(10), director.resume(suspended.id, "ada")).await;
    assert!(gone.is_err(), "the store has not answered yet");
    front.let_leases_arrive(true);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(lab.requests_to("clerk").await[0].status, Status::Completed);
}

production! {
    /// Open all day, but for a minute at noon.
    pub Shop {
        #[item(standalone, timeout = "10m", active = "00:00-12:00; 12:01-24:00 UTC")]
        clerk: Clerk {},
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_that_stops_longer_than_its_pause_is_up_again_after_it() {
    let lab = Lab::start::<Shop>().await;
    // The lab's clock begins at 00:16:40.
    tokio::time::sleep(Duration::from_secs(11 * 3600 + 41 * 60)).await;
    send(&lab, "clerk", "Task", "takes 5 min").await;
    tokio::time::sleep(Duration::from_secs(150)).await;
    assert_eq!(lab.director().status().items[0].state, ItemPhase::Stopping, "shortly after noon");
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(lab.director().status().items[0].state, ItemPhase::Running, "the minute is long over");
}
