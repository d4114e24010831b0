//! Answers that a handler does not return: given early, or by somebody else, later.

use std::sync::atomic::{AtomicUsize, Ordering};

use iop::component::RespondError;
use iop::director::DirectorError;
use iop::message::{Kind, Status, SuspendReason};
use iop::prelude::*;
use tokio::time::Instant;

use crate::kit::Lab;

#[message(response = Answer)]
pub struct Question {
    how: String,
}

#[message]
#[derive(Clone)]
pub struct Answer {
    text: String,
}

/// A pending question, for whoever knows.
#[message]
pub struct Pass {
    token: DeferredResponse<Answer>,
    how: String,
}

/// What an oracle does with its second attempt.
static FAILURES: AtomicUsize = AtomicUsize::new(0);
static CRASHES: AtomicUsize = AtomicUsize::new(0);
static HANDED_OVER: AtomicUsize = AtomicUsize::new(0);

fn answer(text: impl Into<String>) -> Answer {
    Answer { text: text.into() }
}

/// Replies early, and goes on.
#[business_operation]
pub struct Oracle;

#[handlers]
impl Oracle {
    async fn ask(&mut self, question: Question, cx: &mut Context) -> Result<Replied<Answer>> {
        let attempt = cx.message().map_or(0, |header| header.attempt);
        let replied = cx.reply(answer(format!("first {attempt}"))).await?;
        match question.how.as_str() {
            "late" => tokio::time::sleep(Duration::from_secs(20)).await,
            "twice" => {
                let again = cx.reply(answer("second")).await;
                assert!(matches!(again, Err(RespondError::AlreadyAnswered { .. })), "{again:?}");
            }
            "fails late" if FAILURES.fetch_add(1, Ordering::SeqCst) < 10 => {
                return Err(Error::retry("too much incense"));
            }
            "dies late" if CRASHES.fetch_add(1, Ordering::SeqCst) == 0 => std::future::pending().await,
            _ => {}
        }
        Ok(replied)
    }
}

/// Returns a response although it has replied; or replies with another type.
#[business_operation]
pub struct Confused;

#[handlers]
impl Confused {
    async fn ask(&mut self, question: Question, cx: &mut Context) -> Result<Answer> {
        if question.how == "other" {
            cx.reply(()).await?;
        }
        cx.reply(answer("first")).await?;
        Ok(answer("second"))
    }
}

/// Hands its questions on to somebody who never answers it, but the token.
#[business_process]
pub struct Desk {
    #[target]
    back: Target<Pass>,
    #[state]
    kept: Option<DeferredResponse<Answer>>,
}

#[handlers]
impl Desk {
    async fn ask(&mut self, question: Question, cx: &mut Context) -> Result<DeferredResponse<Answer>> {
        let token = cx.defer_response()?;
        if question.how == "timer" {
            self.kept = Some(token);
            cx.set_timer(Duration::from_secs(30), "answer").await?;
            return Ok(token);
        }
        let pass = Pass { token, how: question.how };
        cx.send_request_async(&self.back, pass).response_required(false).await?;
        Ok(token)
    }

    async fn on_timer(&mut self, _: Timer, cx: &mut Context) -> Result {
        if let Some(token) = self.kept.take() {
            cx.respond_to(&token, answer("out of the state")).await?;
        }
        Ok(())
    }
}

/// Answers with the token alone.
#[business_operation]
pub struct BackOffice;

#[handlers]
impl BackOffice {
    async fn pass(&mut self, pass: Pass, cx: &mut Context) -> Result {
        HANDED_OVER.fetch_add(1, Ordering::SeqCst);
        match pass.how.as_str() {
            "never" => return Ok(()),
            "late" => tokio::time::sleep(Duration::from_secs(100)).await,
            "slow" => tokio::time::sleep(Duration::from_secs(10)).await,
            _ => {}
        }
        cx.respond_to(&pass.token, answer("from the back office")).await?;
        let again = cx.respond_to(&pass.token, answer("again")).await;
        assert!(matches!(again, Err(RespondError::AlreadyAnswered { .. })), "{again:?}");
        Ok(())
    }
}

/// A token from somewhere.
#[message(response = Answer)]
pub struct Use {
    token: DeferredResponse<Answer>,
}

/// Uses a token that it is given.
#[business_operation]
pub struct Forger;

#[handlers]
impl Forger {
    async fn forge(&mut self, r#use: Use, cx: &mut Context) -> Result<Answer> {
        Ok(match cx.respond_to(&r#use.token, answer("forged")).await {
            Ok(()) => answer("accepted"),
            Err(error) => answer(error.to_string()),
        })
    }
}

/// Asks in all ways, and says what it got and when.
#[business_process]
pub struct Asker {
    #[target]
    oracle: Target<Question>,
    #[target]
    desk: Target<Question>,
    #[state]
    lines: Vec<String>,
}

#[message(response = Lines)]
pub struct AskAll {
    oracle: String,
    desk: String,
}

#[message]
#[derive(PartialEq, Debug)]
pub struct Lines {
    lines: Vec<String>,
}

#[handlers]
impl Asker {
    async fn ask(&mut self, all: AskAll, cx: &mut Context) -> Result<Pending> {
        let ask = |how: String| Question { how };
        cx.send_request_async(&self.oracle, ask(all.oracle)).completion_key("oracle").await?;
        let desk = cx.send_request_async(&self.desk, ask(all.desk)).completion_key("desk");
        desk.timeout(Duration::from_secs(50)).await?;
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<Question>) -> Result {
        let text = response.result.map_or_else(|error| error.to_string(), |answer| answer.text);
        self.lines.push(format!("{}: {text}", response.completion_key));
        Ok(())
    }

    async fn on_complete(&mut self, _: AskAll) -> Result<Lines> {
        Ok(Lines { lines: std::mem::take(&mut self.lines) })
    }
}

/// Replies as soon as the first response has come, and is complete with the second.
#[business_process]
pub struct Hasty {
    #[target]
    oracle: Target<Question>,
    #[target]
    desk: Target<Question>,
    #[state]
    answers: u32,
}

#[handlers]
impl Hasty {
    async fn ask(&mut self, all: AskAll, cx: &mut Context) -> Result<Pending> {
        cx.send_request_async(&self.oracle, Question { how: all.oracle }).await?;
        cx.send_request_async(&self.desk, Question { how: all.desk }).await?;
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<Question>, cx: &mut Context) -> Result {
        self.answers += 1;
        if self.answers == 1 {
            cx.reply(Lines { lines: vec![response.result?.text] }).await?;
        }
        Ok(())
    }

    async fn on_complete(&mut self, _: AskAll) -> Result<Lines> {
        info!("{} answers", self.answers);
        Ok(Lines { lines: vec!["nobody gets this".to_owned()] })
    }
}

production! {
    /// Questions and answers.
    pub Delphi {
        #[item(standalone)]
        asker: Asker { oracle: oracle, desk: desk },
        #[item(standalone)]
        hasty: Hasty { oracle: oracle, desk: desk },
        oracle: Oracle {},
        desk: Desk { back: back_office },
        #[item(timeout = "1000s", pool_size = 4)]
        back_office: BackOffice {},
        #[item(standalone)]
        confused: Confused {},
        #[item(standalone)]
        forger: Forger {},
    }
}

async fn ask(lab: &Lab, item: &str, how: &str) -> Result<String, DirectorError> {
    let response = lab.call(item, &format!(r#"{{"how":"{how}"}}"#)).await?;
    Ok(response.trim_start_matches(r#"{"text":""#).trim_end_matches(r#""}"#).to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_caller_has_a_reply_before_the_handler_is_done() {
    let lab = Lab::start::<Delphi>().await;
    let start = Instant::now();
    assert_eq!(ask(&lab, "oracle", "late").await.as_deref(), Ok("first 0"));
    assert!(start.elapsed() < Duration::from_secs(1), "it took {:?}", start.elapsed());
    assert!(!lab.requests_to("oracle").await[0].status.is_finished());
    lab.until_idle().await;
    assert_eq!(lab.requests_to("oracle").await[0].status, Status::Completed);
    assert!(start.elapsed() > Duration::from_secs(19));
}

#[tokio::test(start_paused = true)]
async fn a_second_reply_is_refused_and_a_returned_response_after_a_reply_as_well() {
    let lab = Lab::start::<Delphi>().await;
    assert_eq!(ask(&lab, "oracle", "twice").await.as_deref(), Ok("first 0"));
    assert_eq!(ask(&lab, "confused", "returns").await.as_deref(), Ok("first"));
    lab.until_idle().await;
    let confused = lab.until("confused", Status::Suspended).await;
    let error = confused.error.expect("it has one");
    assert!(error.contains("returns a response although it has replied"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_is_not_the_response_of_the_request_is_refused() {
    let lab = Lab::start::<Delphi>().await;
    let refused = ask(&lab, "confused", "other").await;
    let Err(DirectorError::Suspended { error, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(error, "`Question` is answered by `Answer`, not by nothing");
}

#[tokio::test(start_paused = true)]
async fn what_fails_after_a_reply_is_visible_on_the_message_and_does_not_reach_the_caller() {
    let lab = Lab::start::<Delphi>().await;
    let lines = lab.call("asker", r#"{"oracle":"fails late","desk":"at once"}"#).await.expect("it answers");
    assert_eq!(lines.matches("first 0").count(), 1, "{lines}");
    lab.until_idle().await;
    let failed = lab.until("oracle", Status::Suspended).await;
    assert_eq!((failed.reason, failed.attempt, failed.late), (Some(SuspendReason::Poison), 5, false));
    let responses: Vec<_> = lab.messages().await.into_iter().filter(|header| header.kind == Kind::Response).collect();
    let of_oracle: Vec<_> = responses.iter().filter(|header| header.source.as_deref() == Some("oracle")).collect();
    assert!(of_oracle.len() == 1 && !of_oracle[0].late, "one response, and no failure: {of_oracle:?}");
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_is_repeated_after_a_crash_does_not_reply_again() {
    let lab = Lab::start::<Delphi>().await;
    let id = Some(MessageId::random());
    let call = |lab: &Lab| {
        let director = lab.director();
        async move { director.call_json("oracle", None, br#"{"how":"dies late"}"#, id).await }
    };
    let first = call(&lab).await.expect("it replies").response;
    let lab = lab.crash_and_restart::<Delphi>().await;
    lab.until("oracle", Status::Completed).await;
    assert_eq!(call(&lab).await.expect("it has replied").response, first);
    assert_eq!(CRASHES.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_process_may_reply_in_a_callback_and_is_complete_later() {
    let lab = Lab::start::<Delphi>().await;
    let start = Instant::now();
    let lines = lab.call("hasty", r#"{"oracle":"ok","desk":"slow"}"#).await;
    assert_eq!(lines.as_deref(), Ok(r#"{"lines":["first 0"]}"#));
    assert!(start.elapsed() < Duration::from_secs(1), "it took {:?}", start.elapsed());
    lab.until_idle().await;
    let messages = lab.messages().await;
    assert!(messages.iter().all(|header| header.status.is_finished()), "{messages:#?}");
    let given = messages.iter().filter(|header| header.kind == Kind::Response && &*header.type_name == "Lines").count();
    assert_eq!(given, 1, "what on_complete gives goes to nobody");
}

#[tokio::test(start_paused = true)]
async fn a_deferred_response_is_given_by_another_item_or_by_a_later_turn() {
    let lab = Lab::start::<Delphi>().await;
    assert_eq!(ask(&lab, "desk", "at once").await.as_deref(), Ok("from the back office"));
    let start = Instant::now();
    assert_eq!(ask(&lab, "desk", "timer").await.as_deref(), Ok("out of the state"));
    assert_eq!(start.elapsed().as_secs(), 30);
    let lines = lab.call("asker", r#"{"oracle":"ok","desk":"slow"}"#).await.expect("it answers");
    assert_eq!(lines, r#"{"lines":["oracle: first 0","desk: from the back office"]}"#);
    lab.until_idle().await;
    let messages = lab.messages().await;
    assert!(messages.iter().all(|header| header.status.is_finished()), "{messages:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_response_that_nobody_gives_times_out_and_one_that_is_given_too_late_is_marked() {
    let lab = Lab::start::<Delphi>().await;
    let timed_out = ask(&lab, "desk", "never").await;
    assert!(matches!(timed_out, Err(DirectorError::TimedOut { .. })), "{timed_out:?}");
    let lines = lab.call("asker", r#"{"oracle":"ok","desk":"late"}"#).await.expect("it answers");
    assert_eq!(lines, r#"{"lines":["oracle: first 0","desk: `desk` did not respond within 50s"]}"#);
    lab.until_idle().await;
    let messages = lab.messages().await;
    let late: Vec<_> = messages.iter().filter(|header| header.kind == Kind::Response && header.late).collect();
    assert!(late.len() == 1 && late[0].source.as_deref() == Some("back_office"), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_token_survives_a_crash() {
    let lab = Lab::start::<Delphi>().await;
    let id = Some(MessageId::random());
    let call = |lab: &Lab, how: &'static str| {
        let director = lab.director();
        async move { director.call_json("desk", None, format!(r#"{{"how":"{how}"}}"#).as_bytes(), id).await }
    };
    let before = HANDED_OVER.load(Ordering::SeqCst);
    let waiting = tokio::spawn(call(&lab, "slow"));
    while HANDED_OVER.load(Ordering::SeqCst) == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    waiting.abort();
    let lab = lab.crash_and_restart::<Delphi>().await;
    let answered = call(&lab, "slow").await.expect("it is answered").response.expect("with a response");
    assert_eq!(&answered[..], br#"{"text":"from the back office"}"#);
    assert_eq!(lab.requests_to("desk").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_response_type_of_no_request_or_of_an_answered_one_is_refused() {
    let lab = Lab::start::<Delphi>().await;
    let unknown = MessageId::random();
    let forge = |request: MessageId, response: &str| {
        let body = format!(r#"{{"token":{{"request":"{request}","response":"{response}"}}}}"#);
        let director = lab.director();
        async move { director.call_json("forger", None, body.as_bytes(), None).await }
    };
    let refused = forge(unknown, "Lines").await.expect_err("of another type").to_string();
    let wrong =
        "the body is not a `Use`: field `token`: the token is for a response `Lines`, and a `Answer` cannot answer it";
    assert_eq!(refused, wrong);
    let text =
        |called: iop::director::Called| String::from_utf8_lossy(&called.response.unwrap_or_default()).into_owned();
    let refused = text(forge(unknown, "Answer").await.expect("it is handled"));
    assert_eq!(refused, format!(r#"{{"text":"the request {unknown} is not in the store"}}"#));
    ask(&lab, "desk", "at once").await.expect("it is answered");
    let answered = lab.requests_to("desk").await[0].id;
    let refused = text(forge(answered, "Answer").await.expect("it is handled"));
    assert!(refused.contains("is answered already"), "{refused}");
}
