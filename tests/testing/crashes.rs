//! Crashes at named points.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use iop::adapter::file::{FileInbound, ReceivedFile};
use iop::message::Status;
use iop::prelude::*;
use iop::testing::{Crash, CrashPoint, Crashes, Stub, TestProduction, TestRun, for_every_crash};

use crate::hospital::{Device, Hospital, Line, Measure, Order, Value};

fn order() -> Order {
    Order { number: "A-1".to_owned(), amounts: vec![1, 2] }
}

fn echo() -> Stub<Device> {
    Stub::<Device>::new().answer(|measure: Measure| Ok(Value { value: measure.amount }))
}

fn hospital() -> TestProduction<Hospital> {
    TestProduction::new().stub("device", echo()).stub("other", echo())
}

/// What must be the same, wherever it crashed.
async fn outcome(run: &TestRun) -> (Vec<String>, Vec<String>, usize) {
    let report = run.call("intake", order()).await.unwrap();
    run.until_idle().await;
    let traces = run.traces().await;
    let unfinished = run.messages().await.into_iter().filter(|header| header.status != Status::Completed).count();
    let mut paths: Vec<_> = traces.iter().flat_map(iop::testing::Trace::path).collect();
    paths.sort();
    (report.lines, paths, unfinished)
}

#[tokio::test(start_paused = true)]
async fn a_crash_anywhere_loses_nothing_and_doubles_nothing() {
    let tried =
        for_every_crash(async |crashes: Crashes| outcome(&hospital().crashes(crashes).start().await).await).await;
    assert_eq!(tried.outcome.1.len(), 8);
    assert!(tried.crashes.len() > 40, "{:?}", tried.crashes);
    assert!(tried.not_reached.len() < tried.crashes.len() / 10, "{:?}", tried.not_reached);
}

#[tokio::test(start_paused = true)]
async fn a_crash_with_a_store_on_disk_loses_nothing_and_doubles_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let number = Mutex::new(0);
    let tried = for_every_crash(async |crashes: Crashes| {
        let number = {
            let mut number = number.lock().unwrap();
            *number += 1;
            *number
        };
        let store = directory.path().join(number.to_string());
        // One amount, since each crash opens a store again.
        let run = TestProduction::<Hospital>::new()
            .stub("device", echo())
            .stub("other", echo())
            .store_in(store)
            .crashes(crashes)
            .start()
            .await;
        let report = run.call("intake", Order { amounts: vec![7], ..order() }).await.unwrap();
        run.until_idle().await;
        let unfinished = run.messages().await.into_iter().filter(|header| header.status != Status::Completed).count();
        (report.lines, run.traces().await[0].count("device"), unfinished)
    })
    .await;
    assert_eq!(tried.outcome, (vec!["0: 7".to_owned(), "second: 7".to_owned()], 1, 0));
}

#[tokio::test(start_paused = true)]
async fn every_point_of_a_repeatable_operation_is_passed_by_some_message() {
    let tried = for_every_crash(async |crashes: Crashes| {
        let run = hospital().crashes(crashes).start().await;
        outcome(&run).await
    })
    .await;
    let passed: BTreeSet<String> =
        tried.crashes.iter().map(|crash| crash.to_string().split(" in ").next().unwrap().to_owned()).collect();
    let of_others = CrashPoint::AfterIntent;
    let all = CrashPoint::ALL.iter().filter(|point| **point != of_others);
    let all: BTreeSet<String> = all.map(ToString::to_string).collect();
    assert_eq!(passed, all);
}

#[tokio::test(start_paused = true)]
async fn an_effect_outside_that_is_not_repeatable_is_found() {
    let scenario = async |crashes: Crashes| {
        let effects = Arc::new(Mutex::new(0));
        let counted = effects.clone();
        let device = Stub::<Device>::new().answer(move |measure: Measure| {
            *counted.lock().unwrap() += 1;
            Ok(Value { value: measure.amount })
        });
        let run = hospital().stub("device", device).crashes(crashes).start().await;
        run.call("intake", order()).await.unwrap();
        run.until_idle().await;
        *effects.lock().unwrap()
    };
    let apart = tokio::task::LocalSet::new();
    let tried =
        apart.run_until(async { tokio::task::spawn_local(async move { for_every_crash(scenario).await }).await });
    let error = tried.await.expect_err("an operation is called at least once, not exactly once");
    let text = *error.into_panic().downcast::<String>().unwrap();
    assert!(text.contains("crash after handler in `device`:\n3"), "{text}");
    assert!(text.contains("without a crash:\n2"), "{text}");
    assert!(!text.contains("crash before handler in `device`:"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_not_answered_is_repeated_and_is_one_message() {
    let run = hospital().crash_at(CrashPoint::BeforeReply).start().await;
    let report = run.call("intake", order()).await.unwrap();
    assert_eq!((report.lines.len(), run.crashes()), (3, 1));
    run.until_idle().await;
    run.traces().await[0].assert_count("intake", 1).assert_count("ward", 1);
}

#[tokio::test(start_paused = true)]
async fn a_crash_can_be_named_by_item_and_number_and_several_follow_each_other() {
    let run = hospital()
        .crash_at(Crash::at(CrashPoint::AfterHandler).of("device").occurrence(2))
        .crash_at(Crash::at(CrashPoint::AfterCommit).of("ward"))
        .start()
        .await;
    run.call("intake", order()).await.unwrap();
    run.until_idle().await;
    assert_eq!(run.crashes(), 2);
    run.traces().await[0].assert_completed();
}

#[tokio::test(start_paused = true)]
async fn a_crash_that_the_test_makes_itself_starts_from_what_is_stored() {
    let slow = Stub::<Device>::new()
        .answer_after(Duration::from_secs(10), |measure: Measure| Ok(Value { value: measure.amount }));
    let run = hospital().stub("device", slow).start().await;
    let session = run.send("ward", order()).await.unwrap();
    run.advance(Duration::from_secs(5)).await;
    run.crash().await;
    run.until_idle().await;
    run.trace(session).await.assert_count("device", 2).assert_status("device", Status::Completed);
}

/// Pays, and may do so once only.
#[business_operation(effect = "at_most_once")]
pub struct Till {
    paid: Arc<Mutex<u32>>,
}

#[handlers]
impl Till {
    async fn pay(&mut self, _: Line) -> Result {
        *self.paid.lock().unwrap() += 1;
        Ok(())
    }
}

#[message]
pub struct Part {
    pub text: String,
}

/// Takes the lines of files.
#[business_service(adapter = FileInbound)]
pub struct Folder {
    #[target]
    out: Target<Part>,
}

#[handlers]
impl Folder {
    async fn on_process_input(&mut self, file: ReceivedFile, cx: &mut Context) -> Result {
        for line in file.text()?.lines() {
            cx.send_request_async(&self.out, Part { text: line.to_owned() }).await?;
        }
        Ok(())
    }
}

#[business_operation]
pub struct Shelf;

#[handlers]
impl Shelf {
    async fn part(&mut self, _: Part) -> Result {
        Ok(())
    }
}

production! {
    /// What must happen once, and what comes from files.
    pub Shop {
        #[item(standalone)]
        till: Till {},
        folder: Folder { path: "set by the test", out: shelf },
        shelf: Shelf {},
        alerts none;
    }
}

#[tokio::test(start_paused = true)]
async fn what_acts_at_most_once_is_never_done_twice_and_says_when_it_may_have_been_done() {
    let points = Arc::new(Mutex::new(BTreeSet::new()));
    let empty = tempfile::tempdir().unwrap();
    let tried = for_every_crash(async |crashes: Crashes| {
        let paid = Arc::new(Mutex::new(0));
        let shared = paid.clone();
        let shop = TestProduction::<Shop>::new()
            .setting("folder.path", empty.path().display())
            .replace::<Till, Till>("till", move || Till { paid: shared.clone() })
            .crashes(crashes)
            .start()
            .await;
        shop.send("till", Line { text: "10".to_owned() }).await.unwrap();
        shop.until_idle().await;
        let payment = shop.requests_to("till").await.remove(0);
        points.lock().unwrap().insert(payment.reason.map(|reason| reason.as_str()));
        let paid = *paid.lock().unwrap();
        // Done, or for a person to look at; never more than once.
        paid <= 1 && (paid == 1 || payment.status == Status::Suspended)
    })
    .await;
    assert!(tried.outcome);
    assert!(tried.crashes.iter().any(|crash| crash.to_string() == "after intent in `till`"), "{:?}", tried.crashes);
    assert_eq!(*points.lock().unwrap(), BTreeSet::from([None, Some("in_doubt")]));
}

#[tokio::test(start_paused = true)]
async fn a_file_is_taken_once_wherever_it_crashes() {
    let tried = for_every_crash(async |crashes: Crashes| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("parts.txt"), "one\ntwo\n").unwrap();
        let shop = TestProduction::<Shop>::new()
            .setting("folder.path", folder.path().display())
            // Whether a file is quiet is told by the clock of its file system, which no test turns.
            .setting("folder.stable", "0s")
            .stub("till", Stub::<Till>::new())
            .crashes(crashes)
            .start()
            .await;
        shop.until("both parts are on the shelf", async |shop| {
            (shop.requests_to("shelf").await.len() == 2).then_some(())
        })
        .await;
        shop.advance(Duration::from_secs(60)).await;
        shop.until_idle().await;
        let parts = shop.stored::<Part>().await;
        parts.into_iter().map(|part| part.text).collect::<Vec<_>>()
    })
    .await;
    assert_eq!(tried.outcome, ["one", "two"]);
    assert!(tried.crashes.iter().any(|crash| crash.to_string() == "after commit in `folder`"), "{:?}", tried.crashes);
}
