//! A whole production in the test's own process.

use std::time::Instant;

use iop::director::DirectorError;
use iop::engine::Stop;
use iop::message::Status;
use iop::prelude::*;
use iop::testing::{Stub, TestProduction, TestRun, Trace};

use crate::hospital::{Device, Hospital, Intake, Line, Lines, Measure, Order, Paper, Printer, Report, Value, Ward};

fn order(amounts: &[u32]) -> Order {
    Order { number: "A-1".to_owned(), amounts: amounts.to_vec() }
}

fn echo() -> Stub<Device> {
    Stub::<Device>::new().answer(|measure: Measure| Ok(Value { value: measure.amount }))
}

fn hospital() -> TestProduction<Hospital> {
    TestProduction::new().stub("device", echo()).stub("other", echo())
}

async fn only(run: &TestRun) -> Trace {
    let traces = run.traces().await;
    assert_eq!(traces.len(), 1, "{traces:?}");
    traces[0].clone()
}

#[tokio::test(start_paused = true)]
async fn a_call_gives_its_typed_response_and_its_session_is_a_trace() {
    let lines = Lines::default();
    let run = hospital().setting("ward.offset", 10).replace::<Printer, Paper>("printer", lines.paper()).start().await;
    let report = run.call("intake", order(&[1, 2])).await.unwrap();
    assert_eq!(report.lines, ["0: 11", "1: 12", "second: 11"]);
    let summary = run.until_idle().await;
    assert_eq!((summary.failed, summary.suspended), (0, 0));
    let mut printed = lines.all();
    printed.sort();
    assert_eq!(printed, report.lines);
    assert_eq!(run.stored::<Report>().await, [report.clone(), report]);
    let trace = only(&run).await;
    trace
        .assert_path(&["intake", "ward", "device", "printer", "device", "printer", "other", "printer"])
        .assert_count("device", 2)
        .assert_status("printer", Status::Completed)
        .assert_completed()
        .assert_snapshot(concat!(env!("CARGO_MANIFEST_DIR"), "/testing/golden/order.txt"));
    assert!(trace.to_string().contains("info intake: order A-1 came in\n"), "{trace}");
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_is_durable_and_worked_on_later() {
    let run = hospital().start().await;
    let session = run.send("ward", order(&[4])).await.unwrap();
    run.until_idle().await;
    run.trace(session).await.assert_count("device", 1).assert_status("ward", Status::Completed);
    assert!(run.stored::<Report>().await.is_empty(), "nobody wants a response");
}

#[tokio::test(start_paused = true)]
async fn an_hour_of_retries_takes_no_time() {
    let mut attempts = 0;
    let out_of_order = Stub::<Device>::new().answer(move |measure: Measure| {
        attempts += 1;
        if attempts < 200 { Err(Error::unavailable("no paper")) } else { Ok(Value { value: measure.amount }) }
    });
    let run = hospital().stub("device", out_of_order).start().await;
    let (began, real) = (run.now(), Instant::now());
    run.send("ward", order(&[1])).await.unwrap();
    run.until_idle().await;
    let waited = run.now().since(began);
    assert!(waited > Duration::from_secs(60 * 60), "{waited:?}");
    assert!(real.elapsed() < Duration::from_secs(30));
    let header = &run.requests_to("device").await[0];
    assert_eq!((header.status, header.attempt), (Status::Completed, 199));
}

#[tokio::test(start_paused = true)]
async fn time_passes_only_as_far_as_it_is_told_to() {
    let slow = Stub::<Device>::new()
        .answer_after(Duration::from_secs(20), |measure: Measure| Ok(Value { value: measure.amount }));
    let run = hospital().stub("device", slow).start().await;
    run.send("ward", order(&[1])).await.unwrap();
    run.advance(Duration::from_secs(19)).await;
    assert_eq!(run.item("device").completed, 0);
    run.advance(Duration::from_secs(2)).await;
    assert_eq!(run.item("device").completed, 1);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_person_is_seen_with_its_reason() {
    let broken = Stub::<Device>::new().answer(|_: Measure| Err(Error::fatal("no such substance")));
    let run = hospital().stub("device", broken).start().await;
    let report = run.call("intake", order(&[1])).await.unwrap();
    assert_eq!(report.lines[0], "0: `device` suspended the request (poison): no such substance");
    run.until_idle().await;
    let suspended = run.suspended().await;
    assert_eq!((suspended.len(), suspended[0].error.as_deref()), (1, Some("no such substance")));
    assert_eq!((run.queue("device").await.suspended, run.queue("printer").await.suspended), (1, 0));
    only(&run).await.assert_status("device", Status::Suspended);
    let failed = run.call("intake", order(&[])).await.unwrap_err();
    assert!(matches!(failed, DirectorError::Suspended { .. }), "{failed}");
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "3 requests reached `device`, not 2\noutside -> intake: Order {\"number\":\"A-1\"")]
async fn a_failed_assertion_shows_the_trace() {
    let run = hospital().start().await;
    run.call("intake", order(&[1, 2, 3])).await.unwrap();
    only(&run).await.assert_count("device", 2);
}

#[tokio::test(start_paused = true)]
async fn productions_of_one_process_do_not_see_each_other() {
    let (one, two) = tokio::join!(hospital().start(), hospital().setting("ward.offset", 1).start());
    let (first, second) = tokio::join!(one.call("intake", order(&[1])), two.call("intake", order(&[1])));
    assert_ne!(first.unwrap(), second.unwrap());
    tokio::join!(one.until_idle(), two.until_idle());
    let said = |run: Vec<iop::store::Event>| run.iter().filter(|event| event.text.contains("came in")).count();
    assert_eq!((said(one.log().await), said(two.log().await)), (1, 1));
    assert_eq!((one.traces().await.len(), two.traces().await.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_store_directory_keeps_virtual_time_still_while_it_writes() {
    let directory = tempfile::tempdir().unwrap();
    let run = hospital().store_in(directory.path()).start().await;
    let began = run.now();
    for number in 0..5 {
        run.call("intake", order(&[number])).await.unwrap();
    }
    run.until_idle().await;
    let passed = run.now().since(began);
    assert!(passed < Duration::from_secs(1), "{passed:?}: timeouts went off while the disk was busy");
    drop(run.stop(Stop::Drain(Duration::from_secs(1))).await);

    let run = hospital().store_in(directory.path()).start().await;
    assert_eq!(run.traces().await.len(), 5, "the next start finds what is there");
}

#[tokio::test]
#[should_panic(expected = "the settings of Hospital do not fit:\n`ward.ofset`")]
async fn settings_that_do_not_fit_fail_the_test_with_all_of_them() {
    hospital().setting("ward.ofset", 1).start().await;
}

#[test]
#[should_panic(expected = "there is no item `pritner` in Hospital; there are: intake, ward, device, other, printer")]
fn only_an_item_that_exists_is_replaced() {
    let _ = hospital().replace::<Printer, Paper>("pritner", Lines::default().paper());
}

#[test]
#[should_panic(expected = "the item `ward` of Hospital is a `testing::hospital::Ward`, not a \
                           `testing::hospital::Printer`")]
fn only_an_item_of_that_component_is_replaced() {
    let _ = hospital().replace::<Printer, Paper>("ward", Lines::default().paper());
}

#[test]
#[should_panic(expected = "`intake` is a service")]
fn a_service_is_not_replaced() {
    let _ = hospital().stub("intake", Stub::<Intake>::new());
}

#[tokio::test(start_paused = true)]
async fn a_stub_refuses_what_it_was_not_told() {
    let run = hospital().stub("ward", Stub::<Ward>::new()).start().await;
    let error = run.call("intake", order(&[1])).await.unwrap_err();
    assert!(error.to_string().contains("the stub of `ward` was not told what to answer to `Order`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_line_reaches_the_printer_by_its_own_handler() {
    let run = hospital().start().await;
    run.send("printer", Line { text: "alone".to_owned() }).await.unwrap();
    run.until_idle().await;
    assert!(run.log().await.iter().any(|event| event.text == "printed alone"));
}
