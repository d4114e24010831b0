//! An item that is paused finishes what it has, takes in what comes, and goes on where it was when it is resumed.

use std::sync::{Mutex, PoisonError};

use iop::director::DirectorError;
use iop::engine::{ItemPhase, Stop};
use iop::message::Status;
use iop::prelude::*;
use iop::store::AuditQuery;
use tokio::sync::Notify;

use crate::kit::Lab;

#[message(response = Done)]
pub struct Task {
    run: String,
    number: u32,
}

#[message]
pub struct Done {
    number: u32,
}

#[message(response = Done, transient)]
pub struct Question {
    number: u32,
}

static DONE: Mutex<Vec<(String, u32)>> = Mutex::new(Vec::new());
static RELEASED: Notify = Notify::const_new();

fn done(run: &str) -> Vec<u32> {
    let all = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    all.iter().filter(|(of, _)| of == run).map(|(_, number)| *number).collect()
}

/// Does tasks; number 0 waits until it is released.
#[business_operation]
pub struct Doer;

#[handlers]
impl Doer {
    async fn task(&mut self, task: Task) -> Result<Done> {
        if task.number == 0 {
            RELEASED.notified().await;
        }
        DONE.lock().unwrap_or_else(PoisonError::into_inner).push((task.run, task.number));
        Ok(Done { number: task.number })
    }

    async fn answer(&mut self, question: Question) -> Result<Done> {
        Ok(Done { number: question.number })
    }
}

/// Has nothing to fetch.
#[business_service(poll)]
pub struct Fetcher;

#[handlers]
impl Fetcher {
    async fn on_process_input(&mut self, _: &mut Context) -> Result {
        Ok(())
    }
}

production! {
    Bench {
        alerts none;
        fetcher: Fetcher {},
        #[item(standalone)]
        doer: Doer {},
    }
}

async fn send(lab: &Lab, run: &str, number: u32) {
    let body = format!(r#"{{"run":"{run}","number":{number}}}"#);
    lab.director().send_json("doer", Some("Task"), body.as_bytes(), None).await.expect("it is taken");
}

async fn until_done(run: &str, numbers: &[u32]) {
    while done(run) != numbers {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Long enough for everything that is going to happen.
async fn a_day_passes() {
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
}

#[tokio::test(start_paused = true)]
async fn a_paused_item_finishes_what_it_has_and_its_queue_grows_until_it_is_resumed() {
    let lab = Lab::start::<Bench>().await;
    let director = lab.director();
    send(&lab, "pause", 0).await;
    lab.until("doer", Status::InFlight).await;
    assert_eq!(director.pause_item("doer").await, Ok(true));
    assert_eq!(director.pause_item("doer").await, Ok(false), "it was");
    send(&lab, "pause", 1).await;
    send(&lab, "pause", 2).await;
    RELEASED.notify_one();
    until_done("pause", &[0]).await;
    a_day_passes().await;
    assert_eq!(done("pause"), [0]);
    let status = lab.item("doer");
    assert_eq!((status.state, status.queued, status.degraded), (ItemPhase::Paused, 2, true));
    assert_eq!(status.trouble, ["paused: its queue waits until it is resumed"]);

    // A new start of the item is no decision about its pause.
    director.restart_item("doer", Stop::Now).await.expect("it exists");
    a_day_passes().await;
    assert_eq!(done("pause"), [0]);
    assert_eq!(director.resume_item("doer").await, Ok(true));
    until_done("pause", &[0, 1, 2]).await;
    assert_eq!((lab.item("doer").state, lab.item("doer").degraded), (ItemPhase::Running, false));
    assert_eq!(director.resume_item("doer").await, Ok(false));

    let audit = director.audit(AuditQuery { action: Some("item.".into()), ..AuditQuery::default() }).await;
    let audit = audit.expect("readable");
    // Each begins, and comes to something.
    let ends = audit.iter().rev().filter(|entry| &*entry.result != "begun");
    let acts: Vec<_> = ends.map(|entry| entry.action.to_string()).collect();
    assert_eq!(audit.len(), 2 * acts.len(), "{audit:?}");
    assert_eq!(acts, ["item.pause", "item.pause", "item.restart", "item.resume", "item.resume"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_of_a_paused_item_by_value_waits_too_and_a_pause_holds_nobody_up_who_waits_for_idleness() {
    let lab = Lab::start::<Bench>().await;
    let director = lab.director();
    assert_eq!(director.pause_item("doer").await, Ok(true));
    let asks = director.clone();
    let asked = tokio::spawn(async move { asks.call_json("doer", Some("Question"), br#"{"number":7}"#, None).await });
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!asked.is_finished());
    assert_eq!(director.resume_item("doer").await, Ok(true));
    let answer = asked.await.expect("it ends").expect("it is answered").response;
    assert_eq!(answer.as_deref(), Some(br#"{"number":7}"#.as_slice()));

    assert_eq!(director.pause_item("doer").await, Ok(true));
    send(&lab, "idle", 1).await;
    lab.until_idle().await;
    assert_eq!(done("idle"), [0_u32; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_has_no_queue_cannot_be_paused() {
    let lab = Lab::start::<Bench>().await;
    let Err(DirectorError::Refused(why)) = lab.director().pause_item("fetcher").await else { panic!("it is refused") };
    assert_eq!(why, "`fetcher` fetches its input itself and has no queue that could wait: stop it");
    let unknown = lab.director().pause_item("dooer").await;
    assert!(matches!(unknown, Err(DirectorError::UnknownItem { .. })), "{unknown:?}");
}
