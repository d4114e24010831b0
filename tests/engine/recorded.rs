//! Acts and their entries in the audit log: there is no act without one, whenever the process ends or the disk fails.

use std::sync::Arc;

use iop::clock::SystemClock;
use iop::director::{Director, JobAct, JobPlan, JobState, Resend};
use iop::engine::{self, ItemPhase, StartOptions, Stop};
use iop::message::{MessageId, Status};
use iop::prelude::*;
use iop::production::Production;
use iop::search::parse;
use iop::settings::{self, Layers};
use iop::store::sqlite::{Fault, SqliteStore};
use iop::store::{AuditQuery, MessageQuery, NewMessage, Step, Store, Viewer};

use crate::kit::{Lab, request};

#[message]
pub struct Card {
    number: u32,
}

/// Sorts cards; one with the number 0 takes for ever.
#[business_operation]
pub struct Sorter;

#[handlers]
impl Sorter {
    async fn sort(&mut self, card: Card) -> Result {
        if card.number == 0 {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

production! {
    /// Two sorters, so that a card can go from one to the other.
    pub Sorting {
        #[item(standalone)]
        first: Sorter {},
        #[item(standalone)]
        second: Sorter {},
    }
}

/// What stands in the audit log of an action, the oldest first.
async fn results(store: &dyn Viewer, action: &str) -> Vec<String> {
    let query = AuditQuery { action: Some(action.into()), oldest_first: true, ..AuditQuery::default() };
    let entries = store.audit(query).await.expect("readable");
    entries.iter().map(|entry| entry.result.to_string()).collect()
}

/// A production that does not run, on a disk, with a card that is suspended and a job that was looked at.
struct AtRest {
    store: Arc<SqliteStore>,
    director: Director,
    card: MessageId,
    job: u64,
    _dir: tempfile::TempDir,
}

impl AtRest {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let store = SqliteStore::open(&dir.path().join("store"), Arc::new(SystemClock)).expect("the store opens");
        let resolved = settings::resolve(Sorting::GRAPH, Sorting::wiring(), &Layers::none()).expect("valid settings");
        let director = Director::at_rest(resolved, store.clone(), Arc::new(SystemClock));
        let card =
            NewMessage { status: Status::Suspended, ..request("first", "Card", 0, r#"{"number":1}"#.to_owned()) };
        let id = card.id;
        let stored = store.submit(Step { emit: vec![card], ..Step::default() }).commit.wait().await;
        assert!(stored.is_ok_and(|outcome| outcome.is_stored()));
        let query = parse("status:suspended").expect("a query");
        let (act, by) = (JobAct::Resume, "eve".into());
        let plan = JobPlan { act, query, per_second: None, force: false, by };
        let job = director.preview_job(plan).await.expect("there is a card").number;
        Self { store, director, card: id, job, _dir: dir }
    }

    /// Does it; whether that came to an error.
    async fn fails(&self, action: &str) -> bool {
        let Self { director, card, .. } = self;
        match action {
            "message.resume" => director.resume(*card, "eve").await.is_err(),
            "message.discard" => director.discard(*card, "eve").await.is_err(),
            "message.resend" => director.resend(*card, Resend::by("eve")).await.is_err(),
            "message.move" => director.move_message(*card, "second", "eve").await.is_err(),
            "search.save" => {
                let query = parse("status:suspended").expect("a query");
                director.save_search("mine", &query, "eve").await.is_err()
            }
            "alerts.mute" => director.mute_alerts(None, None, Duration::from_secs(60), "eve").await.is_err(),
            "job.abort" => director.abort_job(self.job).await.is_err(),
            other => panic!("{other}"),
        }
    }

    /// Whether it is done, as far as the store knows.
    async fn is_done(&self, action: &str) -> bool {
        let card = self.store.find(self.card).await.expect("readable").expect("it is stored").header;
        match action {
            "message.resume" => card.status == Status::Queued,
            "message.discard" => card.status == Status::Discarded,
            "message.resend" => self.store.query(MessageQuery::default()).await.expect("readable").len() == 2,
            "message.move" => card.target.as_deref() == Some("second"),
            "search.save" => self.director.saved_searches().await.expect("readable").len() == 1,
            "alerts.mute" => self.director.alerts().await.expect("readable").1.len() == 1,
            "job.abort" => self.director.job(self.job).await.expect("readable").state == JobState::Aborted,
            other => panic!("{other}"),
        }
    }
}

// On a real disk, and so in real time.
#[tokio::test]
async fn an_act_is_stored_with_its_entry_or_not_at_all() {
    for action in [
        "message.resume",
        "message.discard",
        "message.resend",
        "message.move",
        "search.save",
        "alerts.mute",
        "job.abort",
    ] {
        for (fault, stored) in [(Fault::BeforeCommit, false), (Fault::AfterCommit, true)] {
            let rest = AtRest::new().await;
            rest.store.inject(fault);
            assert!(rest.fails(action).await, "{action}: nobody knows what came of it");
            rest.store.recover().await.expect("the disk works again");
            let recorded = results(&*rest.store, action).await.len();
            assert_eq!((rest.is_done(action).await, recorded), (stored, usize::from(stored)), "{action} {fault:?}");
            if !stored {
                assert!(!rest.fails(action).await, "{action}");
                assert_eq!((rest.is_done(action).await, results(&*rest.store, action).await.len()), (true, 1));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_takes_time_is_on_record_before_it_is_done_and_a_crash_leaves_that() {
    let lab = Lab::start::<Sorting>().await;
    let waits = lab.director();
    let call = tokio::spawn(async move { waits.call_json("first", None, br#"{"number":0}"#, None).await });
    while lab.item("first").workers.busy == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let director = lab.director();
    // Whoever asked for it goes away at once.
    let stop = tokio::spawn(async move { director.stop_item("first", Stop::Drain(Duration::from_secs(3600))).await });
    while lab.item("first").state != ItemPhase::Stopping {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(results(&*lab.store, "item.stop").await, ["begun"]);
    let lab = lab.crash_and_restart::<Sorting>().await;
    call.abort();
    stop.abort();
    assert_eq!(lab.item("first").state, ItemPhase::Running);
    assert_eq!(results(&*lab.store, "item.stop").await, ["begun"], "nobody says that it was done");
    assert_eq!(lab.director().stop_item("second", Stop::Now).await, Ok(true));
    assert_eq!(lab.director().stop_item("second", Stop::Now).await, Ok(false));
    let recorded = results(&*lab.store, "item.stop").await;
    assert_eq!(recorded, ["begun", "begun", "done", "begun", "nothing to do"]);
}

#[tokio::test]
async fn what_cannot_be_put_on_record_is_not_done() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(&dir.path().join("store"), Arc::new(SystemClock)).expect("the store opens");
    let resolved = settings::resolve(Sorting::GRAPH, Sorting::wiring(), &Layers::none()).expect("valid settings");
    let running = engine::start(resolved, store.clone(), StartOptions::default()).await.expect("it fits the store");
    let director = running.director();
    let epoch = store.epoch();
    store.inject(Fault::BeforeCommit);
    assert!(director.stop_item("first", Stop::Now).await.is_err());
    // What was up comes up again when the store has recovered; what somebody stopped would not.
    let is_up = |status: &iop::director::ProductionStatus| status.items[0].state == ItemPhase::Running;
    while store.epoch() == epoch || !is_up(&director.status()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(results(&*store, "item.").await.is_empty());
    running.stop(Stop::Now).await.expect("it ends");
}
