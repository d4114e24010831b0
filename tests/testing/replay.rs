//! Recorded sessions against a changed build.

use std::sync::{Arc, Mutex};

use iop::prelude::*;
use iop::replay::{Change, Outcome, ReplayError, Report};
use iop::store::Store;
use iop::testing::{Replay, Stub, TestProduction};

use crate::hospital::{Device, Hospital, Intake, Line, Measure, Order, Printer, Report as WardReport, Value};

/// The ward as it is after a change: it rounds, says more, and asks the second laboratory no more.
#[business_process(name = "ChangedWard")]
pub struct NewWard {
    #[target]
    lab: Target<Measure>,
    #[target]
    printer: Target<Line>,
    #[state]
    lines: Vec<String>,
}

#[handlers]
impl NewWard {
    async fn order(&mut self, order: Order, cx: &mut Context) -> Result<Pending> {
        for (number, amount) in order.amounts.iter().enumerate() {
            let measure = Measure { amount: *amount };
            cx.send_request_async(&self.lab, measure).completion_key(number.to_string()).await?;
        }
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<Measure>, cx: &mut Context) -> Result {
        let value = response.result?.value / 10 * 10;
        let text = format!("{}: {value}", response.completion_key);
        cx.send_request_async(&self.printer, Line { text: text.clone() }).response_required(false).await?;
        self.lines.push(text);
        Ok(())
    }

    async fn on_complete(&mut self, _order: Order) -> Result<WardReport> {
        self.lines.sort();
        Ok(WardReport { lines: std::mem::take(&mut self.lines) })
    }
}

production! {
    /// The hospital after the change.
    pub NewHospital {
        intake: Intake { out: ward },
        ward: NewWard { lab: device, printer: printer },
        device: Device {},
        printer: Printer {},
    }
}

fn order(amounts: &[u32]) -> Order {
    Order { number: "A-1".to_owned(), amounts: amounts.to_vec() }
}

/// What a hospital with working devices has stored.
async fn recorded(orders: &[Order]) -> Arc<dyn Store> {
    let device = || {
        Stub::<Device>::new().answer(|measure: Measure| match measure.amount {
            13 => Err(Error::fatal("no such substance")),
            amount => Ok(Value { value: amount + 3 }),
        })
    };
    let run = TestProduction::<Hospital>::new().stub("device", device()).stub("other", device()).start().await;
    for order in orders {
        // One that cannot be measured is suspended, and part of the record as well.
        let _ = run.call("intake", order.clone()).await;
        run.until_idle().await;
    }
    run.store()
}

async fn replayed(replay: Replay, record: &Arc<dyn Store>) -> Report {
    replay.against_store(&**record).await.unwrap()
}

fn differences(report: &Report) -> Vec<String> {
    let of = |outcome: &Outcome| match outcome {
        Outcome::Differs(differences) => differences.iter().map(ToString::to_string).collect(),
        Outcome::Same => Vec::new(),
        Outcome::Skipped(why) => vec![why.clone()],
    };
    report.sessions.iter().flat_map(|session| of(&session.outcome)).collect()
}

#[tokio::test(start_paused = true)]
async fn the_same_build_does_the_same_also_where_it_failed() {
    let record = recorded(&[order(&[1, 2]), order(&[13]), order(&[])]).await;
    let report = replayed(Replay::of::<Hospital>(), &record).await;
    assert_eq!(report.sessions.len(), 3);
    report.assert_same();
    assert_eq!(report.skipped(), 0, "{report}");
    assert_eq!(report.to_string(), "3 sessions: 3 the same, 0 different, 0 not replayed\n");
}

#[tokio::test(start_paused = true)]
async fn a_changed_build_shows_what_it_does_otherwise_message_by_message() {
    let record = recorded(&[order(&[1])]).await;
    let report = replayed(Replay::of::<NewHospital>(), &record).await;
    assert_eq!(report.differing(), 1);
    assert_eq!(
        differences(&report).concat(),
        "  ~ ward -> printer: Line\n      text: \"0: 4\" -> \"0: 0\"\n\
         \x20 - ward -> other: Measure {\"amount\":1}\n\
         \x20 - ward <- other: Value {\"value\":4}\n\
         \x20 - ward -> printer: Line {\"text\":\"second: 4\"}\n\
         \x20 ~ intake <- ward: Report\n      lines[0]: \"0: 4\" -> \"0: 0\"\n      lines[1]: \"second: 4\" -> null\n\
         \x20 ~ outside <- intake: Report\n      lines[0]: \"0: 4\" -> \"0: 0\"\n      lines[1]: \"second: 4\" -> null\n"
    );
}

#[tokio::test(start_paused = true)]
async fn fields_that_always_differ_can_be_ignored() {
    let record = recorded(&[order(&[1])]).await;
    let report = replayed(Replay::of::<NewHospital>().ignore("lines").ignore("text"), &record).await;
    let found = differences(&report);
    assert!(found.iter().all(|difference| difference.starts_with("  - ")), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn an_operation_is_asked_only_where_it_is_named() {
    let record = recorded(&[order(&[1])]).await;
    let report = replayed(Replay::of::<NewHospital>().run("printer"), &record).await;
    assert_eq!(report.differing(), 1, "the ward still differs: {report}");
    let error = Replay::of::<Hospital>().run("ward").against_store(&*record).await.unwrap_err();
    assert!(matches!(error, ReplayError::NotAnOperation(_)));
    assert_eq!(error.to_string(), "`ward` is not an operation of this production");
}

/// Asks for something that was never asked.
#[business_process(name = "CuriousWard")]
pub struct CuriousWard {
    #[target]
    lab: Target<Measure>,
    asked: Arc<Mutex<u32>>,
}

#[handlers]
impl CuriousWard {
    async fn order(&mut self, _order: Order, cx: &mut Context) -> Result<WardReport> {
        *self.asked.lock().unwrap() += 1;
        let value = cx.send_request_sync(&self.lab, Measure { amount: 99 }).await?;
        cx.send_request_sync(&self.lab, Measure { amount: 100 + value.value }).await?;
        Ok(WardReport { lines: Vec::new() })
    }
}

production! {
    /// Its device is asked more than in the record.
    pub CuriousHospital {
        intake: Intake { out: ward },
        ward: CuriousWard { lab: device },
        device: Device {},
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_never_asked_has_no_answer_and_is_shown_as_new() {
    let record = recorded(&[order(&[1])]).await;
    let report = replayed(Replay::of::<CuriousHospital>(), &record).await;
    let Outcome::Differs(found) = &report.sessions[0].outcome else { panic!("{report}") };
    let added = found.iter().filter(|difference| matches!(difference.change, Change::Added { .. }));
    assert_eq!(added.map(|difference| difference.at.as_str()).collect::<Vec<_>>(), ["ward -> device: Measure"]);
    let ended: Vec<_> = found
        .iter()
        .filter(|difference| matches!(difference.change, Change::Status { .. }))
        .map(ToString::to_string)
        .collect();
    assert!(ended.iter().any(|text| text.contains("nothing like it is in the record")), "{ended:?}");
}

/// Handles nothing of what the ward did.
#[business_operation]
pub struct Archive;

#[handlers]
impl Archive {
    async fn line(&mut self, _: Line) -> Result {
        Ok(())
    }
}

production! {
    /// Its intake is gone.
    pub ClosedHospital {
        #[item(standalone)]
        archive: Archive {},
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_gone_is_a_difference() {
    let record = recorded(&[order(&[1])]).await;
    let report = replayed(Replay::of::<ClosedHospital>(), &record).await;
    let found = differences(&report);
    assert_eq!(found, ["  ! outside -> intake: Order: there is no item `intake` any more\n"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_finished_or_depends_on_time_is_skipped_and_says_why() {
    let slow = |seconds| {
        Stub::<Device>::new()
            .answer_after(Duration::from_secs(seconds), |measure: Measure| Ok(Value { value: measure.amount }))
    };
    let run = TestProduction::<Hospital>::new()
        .setting("intake.request_timeout", "5s")
        .stub("device", slow(20))
        .stub("other", slow(1))
        .start()
        .await;
    // Its first attempt gives up; the next one finds the late response.
    run.call("intake", order(&[1])).await.unwrap();
    run.until_idle().await;
    let unfinished = run.send("ward", order(&[2])).await.unwrap();
    run.advance(Duration::from_secs(2)).await;
    let report = replayed(Replay::of::<Hospital>(), &run.store()).await;
    let skipped = differences(&report);
    assert_eq!(report.skipped(), 2, "{report}");
    assert!(skipped[0].contains("what it did depends on time: "), "{skipped:?}");
    assert!(skipped[1].starts_with("not finished: "), "{skipped:?}");
    let only = replayed(Replay::of::<Hospital>().session(unfinished), &run.store()).await;
    assert_eq!(only.sessions.len(), 1);
    let later = replayed(Replay::of::<Hospital>().since(run.now()), &run.store()).await;
    assert!(later.sessions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_replay_leaves_its_record_as_it_is() {
    let record = recorded(&[order(&[1])]).await;
    let count = async || {
        let query = iop::store::MessageQuery { limit: 1000, ..iop::store::MessageQuery::default() };
        record.query(query).await.unwrap()
    };
    let before = count().await;
    replayed(Replay::of::<NewHospital>(), &record).await;
    assert_eq!(count().await, before);
}
