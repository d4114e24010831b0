//! What waits for one item is given to another: its order and its keys are kept, and so is the answer to whoever waits.

use std::sync::{Mutex, PoisonError};

use iop::director::{By, DirectorError, Job, JobAct, JobPlan, JobState};
use iop::engine::Stop;
use iop::message::Status;
use iop::prelude::*;
use iop::search::parse;
use iop::store::{AuditQuery, EventQuery, StateWrite, Step, Store as _, Viewer};

use crate::kit::{Lab, request};

#[message(response = Stamp)]
pub struct Parcel {
    #[key]
    customer: String,
    number: u32,
    run: String,
}

#[message]
pub struct Stamp {
    by: String,
}

#[message]
pub struct Letter {
    text: String,
}

/// What was stamped: the run, by whom, the customer, the number.
static STAMPED: Mutex<Vec<(String, String, String, u32)>> = Mutex::new(Vec::new());

/// The numbers that one clerk has stamped in a run.
fn stamped(run: &str, by: &str) -> Vec<u32> {
    let all = STAMPED.lock().unwrap_or_else(PoisonError::into_inner);
    all.iter().filter(|stamp| stamp.0 == run && stamp.1 == by).map(|stamp| stamp.3).collect()
}

/// Stamps parcels; number 0 is never finished, number 13 is refused.
#[business_operation]
pub struct Clerk {
    #[setting]
    name: String,
}

#[handlers]
impl Clerk {
    async fn stamp(&mut self, parcel: Parcel) -> Result<Stamp> {
        match parcel.number {
            0 => std::future::pending::<()>().await,
            13 => return Err(Error::fatal("no thirteenth")),
            _ => {}
        }
        let mut all = STAMPED.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((parcel.run, self.name.clone(), parcel.customer, parcel.number));
        Ok(Stamp { by: self.name.clone() })
    }
}

/// Takes letters alone.
#[business_operation]
pub struct LetterBox;

#[handlers]
impl LetterBox {
    async fn take(&mut self, _: Letter) -> Result {
        Ok(())
    }
}

/// Sends a parcel on, and then fails for a while.
#[business_process]
pub struct Porter {
    #[target]
    out: Target<Parcel>,
}

#[handlers]
impl Porter {
    async fn carry(&mut self, parcel: Parcel, cx: &mut Context) -> Result<Stamp> {
        let stamp = cx.send_request_sync(&self.out, parcel).await?;
        Err(Error::retry(format!("stamped by {}, and then dropped", stamp.by)))
    }
}

production! {
    Depot {
        alerts none;
        #[item(standalone)]
        slow: Clerk { name: "slow" },
        #[item(standalone, pool_size = 4, order = key(customer), failing = park_key)]
        quick: Clerk { name: "quick" },
        #[item(standalone, backoff = "1h", backoff_cap = "1h")]
        porter: Porter { out: quick },
        #[item(standalone)]
        letters: LetterBox {},
    }
}

async fn send(lab: &Lab, item: &str, run: &str, customer: &str, number: u32) -> MessageId {
    let body = format!(r#"{{"customer":"{customer}","number":{number},"run":"{run}"}}"#);
    lab.director().send_json(item, Some("Parcel"), body.as_bytes(), None).await.expect("it is taken").id
}

async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..100_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it never holds that {what}");
}

async fn started(lab: &Lab, item: &str) {
    lab.until(item, Status::InFlight).await;
}

async fn run_job(lab: &Lab, act: JobAct, query: &str) -> Job {
    let director = lab.director();
    let by = By::new("eve").because("the device is gone");
    let plan = JobPlan { act, query: parse(query).expect("a query"), per_second: None, force: false, by };
    let job = director.preview_job(plan).await.expect("a preview");
    director.start_job(job.number, &job.token).await.expect("it starts");
    loop {
        let job = director.job(job.number).await.expect("it is stored");
        if job.state == JobState::Done {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn to_quick() -> JobAct {
    JobAct::Move { to: "quick".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_an_item_goes_to_another_in_its_order_and_what_is_under_way_stays() {
    let lab = Lab::start::<Depot>().await;
    let under_way = send(&lab, "slow", "order", "ann", 0).await;
    started(&lab, "slow").await;
    // More than the window in memory has room for: some wait in memory and some in the store.
    let mut ids = Vec::new();
    for number in 1..=1500 {
        if number != 13 {
            ids.push(send(&lab, "slow", "order", "ann", number).await);
        }
    }
    let before = lab.store.find(ids[7]).await.expect("readable").expect("it is stored");
    let job = run_job(&lab, to_quick(), "to:slow").await;
    assert_eq!((job.messages, job.done, job.left_alone, job.failed), (1499, 1499, 0, 0));
    until("all are stamped", async || stamped("order", "quick").len() == 1499).await;
    let numbers: Vec<u32> = (1..=1500).filter(|number| *number != 13).collect();
    assert_eq!(stamped("order", "quick"), numbers, "one customer, four workers, and the order in which they came");
    assert_eq!(stamped("order", "slow"), [0_u32; 0]);

    let after = lab.store.find(ids[7]).await.expect("readable").expect("it is stored");
    assert_eq!((after.header.sequence, &after.body), (before.header.sequence, &before.body));
    assert_eq!((after.header.target.as_deref(), after.header.order_key.as_deref()), (Some("quick"), Some("ann")));
    let by_key = lab.director().search(&parse("key.customer:ann to:quick").expect("a query"), Default::default()).await;
    assert_eq!(by_key.expect("readable").messages.len(), 100, "it is found by its key and its new item");
    let stays = lab.store.find(under_way).await.expect("readable").expect("it is stored").header;
    assert_eq!((stays.target.as_deref(), stays.status), (Some("slow"), Status::InFlight));

    let audit = lab.director().audit(AuditQuery { action: Some("job.start".into()), ..AuditQuery::default() }).await;
    let entry = audit.expect("readable").remove(0);
    assert!(entry.object.ends_with("to `quick`") && entry.reason.as_deref() == Some("the device is gone"), "{entry:?}");
    let said = lab.store.events(EventQuery { message: Some(ids[0]), ..EventQuery::default() }).await.expect("readable");
    assert!(said.iter().any(|event| event.text == "moved to `quick` by eve: the device is gone"), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_waits_for_a_message_that_is_moved_gets_the_answer_of_the_other_item() {
    let lab = Lab::start::<Depot>().await;
    send(&lab, "slow", "caller", "ann", 0).await;
    started(&lab, "slow").await;
    let director = lab.director();
    let id = MessageId::random();
    let call = tokio::spawn(async move {
        let body = br#"{"customer":"bob","number":5,"run":"caller"}"#;
        director.call_json("slow", Some("Parcel"), body, Some(id)).await
    });
    until("it waits", async || lab.store.find(id).await.is_ok_and(|found| found.is_some())).await;
    lab.director().move_message(id, "quick", "eve").await.expect("it is moved");
    let called = call.await.expect("it ends").expect("it is answered");
    assert_eq!(called.response.as_deref(), Some(br#"{"by":"quick"}"#.as_slice()));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_goes_to_a_parked_key_waits_there_and_what_it_parked_goes_on_when_it_is_moved() {
    let lab = Lab::start::<Depot>().await;
    send(&lab, "slow", "parked", "ann", 0).await;
    started(&lab, "slow").await;
    let parks = send(&lab, "quick", "parked", "ann", 13).await;
    lab.until("quick", Status::Suspended).await;
    let waits = send(&lab, "slow", "parked", "ann", 1).await;
    let free = send(&lab, "slow", "parked", "bob", 2).await;
    for id in [waits, free] {
        lab.director().move_message(id, "quick", "eve").await.expect("it is moved");
    }
    until("the free one is stamped", async || stamped("parked", "quick") == [2]).await;
    let header = lab.store.find(waits).await.expect("readable").expect("it is stored").header;
    assert_eq!(header.status, Status::Queued, "ann's parcels wait for a person");

    lab.director().move_message(parks, "slow", "eve").await.expect("it is moved");
    until("the key goes on", async || stamped("parked", "quick") == [2, 1]).await;
    let moved = lab.store.find(parks).await.expect("readable").expect("it is stored").header;
    assert_eq!((moved.status, moved.attempt, moved.reason), (Status::Queued, 0, None), "as one that was never tried");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_moved_to_an_item_that_does_not_take_its_type_and_the_counts_are_said() {
    let lab = Lab::start::<Depot>().await;
    send(&lab, "slow", "types", "ann", 0).await;
    started(&lab, "slow").await;
    let id = send(&lab, "slow", "types", "ann", 1).await;
    let director = lab.director();
    let by = By::new("eve");
    let to_letters = JobAct::Move { to: "letters".to_owned() };
    let query = || parse("to:slow").expect("a query");
    let plan = JobPlan { act: to_letters, query: query(), per_second: None, force: false, by: by.clone() };
    let Err(DirectorError::Refused(why)) = director.preview_job(plan).await else { panic!("it is refused") };
    assert_eq!(
        why,
        "1 of the messages are `Parcel`, which `letters` does not take; it takes `Letter`; leave them out with \
         `-type:NAME`"
    );
    let one = director.move_message(id, "letters", "eve").await;
    assert!(matches!(one, Err(DirectorError::UnknownType { .. })), "{one:?}");
    let typo = JobPlan {
        act: JobAct::Move { to: "quik".to_owned() },
        query: query(),
        per_second: None,
        force: false,
        by: by.clone(),
    };
    let Err(DirectorError::UnknownItem { nearest, .. }) = director.preview_job(typo).await else { panic!("refused") };
    assert_eq!(nearest.as_deref(), Some("quick"));
    let same = director.move_message(id, "slow", "eve").await;
    assert!(matches!(same, Err(DirectorError::Refused(_))), "{same:?}");
    let nowhere = director.move_message(MessageId::random(), "quick", "eve").await;
    assert!(matches!(nowhere, Err(DirectorError::UnknownMessage(_))), "{nowhere:?}");
}

#[tokio::test(start_paused = true)]
async fn what_has_begun_is_not_moved() {
    let lab = Lab::start::<Depot>().await;
    let sent = send(&lab, "porter", "begun", "ann", 1).await;
    lab.until("porter", Status::Retrying).await;
    let refused = lab.director().move_message(sent, "slow", "eve").await;
    let Err(DirectorError::Refused(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains("has sent messages"), "{why}");

    let in_doubt = request("slow", "Parcel", 0, r#"{"customer":"ann","number":0,"run":"begun"}"#.to_owned());
    let state = StateWrite { instance: in_doubt.id, expected: None, new: Some("{}".into()) };
    let step = Step { state: vec![state], emit: vec![in_doubt.clone()], ..Step::default() };
    assert!(lab.store.submit(step).commit.wait().await.is_ok_and(|outcome| outcome.is_stored()));
    let refused = lab.director().move_message(in_doubt.id, "quick", "eve").await;
    assert!(matches!(refused, Err(DirectorError::Refused(_))), "{refused:?}");

    let done = send(&lab, "quick", "begun", "bob", 3).await;
    until("it is done", async || stamped("begun", "quick").contains(&3)).await;
    lab.until("quick", Status::Completed).await;
    let over = lab.director().move_message(done, "slow", "eve").await;
    assert_eq!(over, Err(DirectorError::NotInQueue(done)));
}

#[tokio::test(start_paused = true)]
async fn a_move_survives_a_crash_and_a_queue_that_is_cleared_stays_clear() {
    let lab = Lab::start::<Depot>().await;
    assert_eq!(lab.director().stop_item("quick", Stop::Now).await, Ok(true));
    send(&lab, "slow", "crash", "ann", 0).await;
    started(&lab, "slow").await;
    for number in [1, 2, 3, 4] {
        send(&lab, "slow", "crash", "ann", number).await;
    }
    let job = run_job(&lab, to_quick(), "to:slow key.customer:ann").await;
    assert_eq!((job.done, job.left_alone), (4, 0));
    let lab = lab.crash_and_restart::<Depot>().await;
    until("they are done after the crash", async || stamped("crash", "quick") == [1, 2, 3, 4]).await;

    started(&lab, "slow").await;
    for number in [5, 6] {
        send(&lab, "slow", "crash", "bob", number).await;
    }
    let (act, by) = (JobAct::Discard { waiting: false }, By::new("eve").because("no use"));
    let plan = JobPlan { act, query: parse("to:slow").expect("a query"), per_second: None, force: false, by };
    let only_suspended = lab.director().preview_job(plan).await;
    assert!(matches!(only_suspended, Err(DirectorError::NoMessage(_))), "nothing is suspended: {only_suspended:?}");
    let job = run_job(&lab, JobAct::Discard { waiting: true }, "to:slow").await;
    assert_eq!((job.done, job.left_alone), (2, 0), "what is under way is not among them");
    let lab = lab.crash_and_restart::<Depot>().await;
    let discarded = lab.requests_to("slow").await;
    let discarded = discarded.iter().filter(|header| header.status == Status::Discarded).count();
    assert_eq!(discarded, 2);
}
