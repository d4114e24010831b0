//! One component without an engine.

use iop::component::Disposition;
use iop::message::Invocation;
use iop::prelude::*;
use iop::testing::{Harness, NoResponse, target};

use crate::hospital::{Intake, Line, Measure, Order, Printer, Report, Value, Ward};

fn order(amounts: &[u32]) -> Order {
    Order { number: "A-1".to_owned(), amounts: amounts.to_vec() }
}

fn value(value: u32) -> Result<Value, NoResponse> {
    Ok(Value { value })
}

#[tokio::test]
async fn a_handler_gives_its_response_its_sends_and_what_it_said() {
    let mut harness = Harness::<Intake>::new().named("desk").answer(|order: Order| {
        assert_eq!(order.number, "A-1");
        Ok(Report { lines: vec!["fine".to_owned()] })
    });
    let handled = harness.input(order(&[1])).await;
    assert_eq!(handled.completed::<Report>().lines, ["fine"]);
    let sent = handled.sent::<Order>();
    assert_eq!((sent.len(), &*sent[0].target, sent[0].invocation), (1, "out", Invocation::Sync));
    assert_eq!(sent[0].message, order(&[1]));
    assert_eq!(handled.log(), ["order A-1 came in"]);
    assert!(handled.sent::<Line>().is_empty());
}

#[tokio::test]
async fn each_harness_has_its_own_lines() {
    let (mut one, mut two) = (Harness::of(Printer), Harness::of(Printer));
    let line = |text: &str| Line { text: text.to_owned() };
    let (first, second) = tokio::join!(one.handle(line("one")), two.handle(line("two")));
    assert_eq!((first.log(), second.log()), (&["printed one".to_owned()][..], &["printed two".to_owned()][..]));
    assert_eq!(one.handle(line("three")).await.log(), ["printed three"], "lines of earlier turns are gone");
}

#[tokio::test]
async fn a_process_waits_for_its_calls_and_answers_with_the_last_in_any_order() {
    let mut harness = Harness::<Ward>::new().setting("offset", 100);
    let handled = harness.handle(order(&[1, 2])).await;
    assert!(handled.is_pending());
    let calls: Vec<_> = handled.sent::<Measure>().into_iter().map(|sent| (sent.target, sent.completion_key)).collect();
    let call = |target: &str, key: &str| (target.to_owned(), Some(key.to_owned()));
    assert_eq!(calls, [call("lab", "0"), call("lab", "1"), call("second", "second")]);

    let first = harness.respond::<Measure>("1", value(7)).await;
    assert_eq!(first.sent::<Line>()[0].message.text, "1: 107");
    assert!(first.is_pending());
    assert_eq!(harness.state()["lines"], serde_json::json!(["1: 107"]));
    assert!(harness.respond::<Measure>("second", Err(NoResponse::TimedOut)).await.is_pending());
    let last = harness.respond::<Measure>("0", value(8)).await;
    assert_eq!(last.completed::<Report>().lines, ["0: 108", "1: 107", "second: `second` did not respond within 30s"]);
}

#[tokio::test]
async fn a_script_answers_all_calls_of_a_process_by_type_and_by_item() {
    let mut harness = Harness::<Ward>::new()
        .answer(|measure: Measure| value(measure.amount))
        .answer_from("second", |_: Measure| Err(NoResponse::Suspended("broken".to_owned())));
    let handled = harness.run(order(&[5])).await;
    assert_eq!(handled.response().lines, ["0: 5", "second: `second` suspended the request (poison): broken"]);
    assert_eq!(handled.sent::<Line>().len(), 2, "the sends of all turns are there");
}

#[tokio::test]
async fn an_optional_target_may_be_left_unwired_and_others_lead_elsewhere() {
    let mut harness = Harness::<Ward>::new().wired("second", &[]).wired("lab", &["annex"]);
    let handled = harness.handle(order(&[5])).await;
    let sent = handled.sent::<Measure>();
    assert_eq!((sent.len(), &*sent[0].target), (1, "annex"));
}

#[tokio::test]
async fn a_failed_turn_has_its_error_and_sends_only_what_was_committed_with_a_request_that_it_awaited() {
    let mut harness = Harness::<Ward>::new();
    let handled = harness.handle(order(&[])).await;
    assert!(!handled.is_ok());
    assert_eq!(handled.error().disposition(), Disposition::Fatal);
    assert!(handled.all_sent().is_empty());

    let mut harness = Harness::<Noter>::new().answer(|_: Measure| Err(NoResponse::Stopped));
    let handled = harness.handle(Line { text: "x".to_owned() }).await;
    assert_eq!(handled.error().to_string(), "`lab` is stopped");
    let sent: Vec<_> = handled.all_sent().iter().map(|sent| sent.type_name).collect();
    assert_eq!(sent, ["Line", "Measure"], "what was sent before it is stored with it, the rest is not");
}

/// Sends before it waits.
#[business_operation]
pub struct Noter {
    #[target]
    lab: Target<Measure>,
    #[target]
    printer: Target<Line>,
    hooks: Vec<&'static str>,
}

#[handlers]
impl Noter {
    async fn on_init(&mut self, cx: &mut Context) -> Result {
        self.hooks.push("init");
        info!("{} is up", cx.item());
        Ok(())
    }

    async fn on_teardown(&mut self) -> Result {
        self.hooks.push("teardown");
        Ok(())
    }

    async fn note(&mut self, line: Line, cx: &mut Context) -> Result {
        cx.send_request_async(&self.printer, line).await?;
        let lab = cx.send_request_sync(&self.lab, Measure { amount: 1 }).timeout(Duration::from_secs(2)).await;
        cx.send_request_async(&self.printer, Line { text: "measured".to_owned() }).await?;
        lab.map(drop).map_err(Error::from)
    }
}

#[tokio::test]
async fn an_instance_of_the_test_is_used_and_its_hooks_are_called() {
    let mut harness = Harness::of(Noter { lab: target("a"), printer: target("b"), hooks: Vec::new() });
    assert_eq!(harness.init().await.log(), ["noter is up"]);
    assert!(harness.teardown().await.is_ok());
    assert_eq!(harness.component().hooks, ["init", "teardown"]);
}

#[tokio::test]
#[should_panic(expected = "`noter` waits for `lab` to answer a `Measure`, and nothing was said of that; write \
                           `.answer(|message: Measure| Ok(…))`")]
async fn a_request_without_a_script_fails_the_test_and_says_what_to_write() {
    Harness::<Noter>::new().handle(Line { text: "x".to_owned() }).await;
}

#[tokio::test]
#[should_panic(expected = "there is no response: `ward` failed (Fatal): nothing to measure")]
async fn asking_a_failed_turn_for_its_response_shows_how_it_failed() {
    let handled = Harness::<Ward>::new().handle(order(&[])).await;
    let _ = handled.response();
}

#[tokio::test]
#[should_panic(expected = "`ward` waits for no `Measure` with the key `3`, but for: `Measure` to `lab`, key `0`")]
async fn a_response_to_nothing_fails_the_test_and_says_what_is_waited_for() {
    let mut harness = Harness::<Ward>::new().wired("second", &[]);
    harness.handle(order(&[1])).await;
    harness.respond::<Measure>("3", value(1)).await;
}

#[test]
#[should_panic(expected = "`Ward` has no setting `ofset`; it has: offset")]
fn an_unknown_setting_fails_the_test() {
    let _ = Harness::<Ward>::new().setting("ofset", 1);
}

#[test]
#[should_panic(expected = "`Device` needs settings: `password`")]
fn a_missing_setting_fails_the_test() {
    Harness::<crate::hospital::Device>::new().component();
}
