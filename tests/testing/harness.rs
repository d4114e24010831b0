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

#[message(response = Report)]
pub struct Remind {
    pub how: String,
}

/// A deferred response in a message.
#[message]
pub struct Errand {
    pub token: DeferredResponse<Report>,
}

/// Sets timers, and replies before it is done.
#[business_process]
pub struct Reminder {
    #[target]
    lab: Target<Measure>,
    #[state]
    said: Vec<String>,
}

#[handlers]
impl Reminder {
    async fn remind(&mut self, remind: Remind, cx: &mut Context) -> Result<Pending> {
        match remind.how.as_str() {
            "timer" => cx.set_timer(Duration::from_secs(3600), "later").await?,
            "deadline" => {
                cx.set_timer(Duration::from_secs(60), "deadline").while_waiting().await?;
                cx.send_request_async(&self.lab, Measure { amount: 1 }).await?;
            }
            _ => {
                let _replied = cx.reply(Report { lines: vec!["at once".to_owned()] }).await?;
                cx.set_timer(Duration::from_secs(1), "after").await?;
                self.said.push("replied".to_owned());
            }
        }
        Ok(Pending)
    }

    async fn on_timer(&mut self, timer: Timer, cx: &mut Context) -> Result {
        if &*timer.name == "later" && self.said.is_empty() {
            cx.set_timer(Duration::from_secs(60), "again").await?;
        }
        self.said.push(timer.name.to_string());
        Ok(())
    }

    async fn on_complete(&mut self, _remind: Remind) -> Result<Report> {
        Ok(Report { lines: std::mem::take(&mut self.said) })
    }
}

fn remind(how: &str) -> Remind {
    Remind { how: how.to_owned() }
}

#[tokio::test]
async fn a_timer_goes_off_when_the_test_says_so_and_the_process_waits_for_it() {
    let mut harness = Harness::<Reminder>::new();
    let set = harness.handle(remind("timer")).await;
    assert!(set.is_pending());
    assert_eq!(set.timers(), [("later".to_owned(), Duration::from_secs(3600))]);
    let first = harness.fire("later").await;
    assert!(first.is_pending());
    assert_eq!(first.timers(), [("again".to_owned(), Duration::from_secs(60))]);
    assert_eq!(harness.fire("again").await.completed::<Report>().lines, ["later", "again"]);
    assert_eq!(harness.run(remind("timer")).await.response().lines, ["later", "again"], "all of it at once");
}

#[tokio::test]
async fn a_timer_that_is_not_waited_for_ends_with_its_process() {
    let mut harness = Harness::<Reminder>::new();
    assert_eq!(harness.handle(remind("deadline")).await.timers().len(), 1);
    let last = harness.respond::<Measure>("", value(1)).await;
    assert!(last.completed::<Report>().lines.is_empty());
    assert!(last.timers().is_empty());
}

#[tokio::test]
#[should_panic(expected = "`reminder` has set no timer `never`; it has set: `later`")]
async fn a_timer_that_is_not_set_fails_the_test() {
    let mut harness = Harness::<Reminder>::new();
    harness.handle(remind("timer")).await;
    harness.fire("never").await;
}

#[tokio::test]
async fn a_reply_before_the_end_is_the_response() {
    let mut harness = Harness::<Reminder>::new();
    let handled = harness.handle(remind("reply")).await;
    assert_eq!(handled.replied::<Report>().map(|report| report.lines), Some(vec!["at once".to_owned()]));
    assert!(handled.is_pending());
    assert_eq!(harness.fire("after").await.completed::<Report>().lines, ["at once"], "`on_complete` answers nobody");
}

/// Leaves its answer to whoever gets the errand.
#[business_process]
pub struct Counter {
    #[target]
    clerk: Target<Errand>,
}

#[handlers]
impl Counter {
    async fn remind(&mut self, _: Remind, cx: &mut Context) -> Result<DeferredResponse<Report>> {
        let token = cx.defer_response()?;
        cx.send_request_async(&self.clerk, Errand { token }).response_required(false).await?;
        Ok(token)
    }
}

/// Answers in place of another.
#[business_operation]
pub struct Clerk;

#[handlers]
impl Clerk {
    async fn errand(&mut self, errand: Errand, cx: &mut Context) -> Result {
        cx.respond_to(&errand.token, Report { lines: vec!["from the clerk".to_owned()] }).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_deferred_response_is_given_by_whoever_has_the_token() {
    let handled = Harness::<Counter>::new().handle(remind("")).await;
    assert!(handled.is_deferred());
    let errand = handled.sent::<Errand>().remove(0).message;
    let request = errand.token.request();
    let given = Harness::of(Clerk).handle(errand).await;
    let answers = given.responded::<Report>();
    assert_eq!((answers.len(), answers[0].0), (1, request));
    assert_eq!(answers[0].1.lines, ["from the clerk"]);
}
