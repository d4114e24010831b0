//! Processes whose turns run again, and calls that are answered more than once: each call counts once.

use std::sync::atomic::{AtomicUsize, Ordering};

use iop::director::DirectorError;
use iop::message::{Kind, MessageId, Status};
use iop::prelude::*;
use iop::store::{Admin, Store};

use crate::kit::Lab;

#[message(response = Report)]
pub struct Survey {
    how: String,
}

#[message]
pub struct Report {
    lines: Vec<String>,
}

#[message(response = Opinion)]
pub struct Ask {
    how: String,
    seconds: u64,
}

#[message]
pub struct Opinion {
    text: String,
}

static SUSPENSIONS: AtomicUsize = AtomicUsize::new(0);
static REFUSALS: AtomicUsize = AtomicUsize::new(0);

/// Has an opinion after a while; `refuses` once.
#[business_operation]
pub struct Citizen {
    #[setting]
    name: String,
}

#[handlers]
impl Citizen {
    async fn ask(&mut self, ask: Ask) -> Result<Opinion> {
        tokio::time::sleep(Duration::from_secs(ask.seconds)).await;
        match ask.how.as_str() {
            "refuses" if REFUSALS.fetch_add(1, Ordering::SeqCst) == 0 => Err(Error::fatal("no")),
            "never" => Err(Error::fatal("never")),
            _ => Ok(Opinion { text: format!("{} {}", self.name, ask.how) }),
        }
    }
}

/// Asks two citizens, in one of several ways.
#[business_process]
pub struct Pollster {
    #[target]
    first: Target<Ask>,
    #[target]
    second: Target<Ask>,
    #[state]
    lines: Vec<String>,
}

fn ask(how: &str, seconds: u64) -> Ask {
    Ask { how: how.to_owned(), seconds }
}

#[handlers]
impl Pollster {
    async fn on_message(&mut self, survey: Survey, cx: &mut Context) -> Result<Pending> {
        let attempt = cx.message().map_or(0, |header| header.attempt);
        match survey.how.as_str() {
            "refused" => {
                cx.send_request_async(&self.first, ask("refuses", 1)).completion_key("first").await?;
                cx.send_request_async(&self.second, ask("ok", 5)).completion_key("second").await?;
            }
            "otherwise" => {
                // Each attempt asks something else.
                let how = if attempt == 0 { "old" } else { "new" };
                cx.send_request_async(&self.first, ask(how, 5)).completion_key(how).await?;
                cx.send_request_sync(&self.second, ask("ok", 0)).await?;
            }
            "resumed" => {
                cx.send_request_async(&self.first, ask("slow", 1000))
                    .completion_key("first")
                    .timeout(Duration::from_secs(5))
                    .await?;
                cx.send_request_sync(&self.second, ask("ok", 1)).await?;
                if SUSPENSIONS.fetch_add(1, Ordering::SeqCst) == 0 {
                    return Err(Error::fatal("not now"));
                }
            }
            "early failure" => {
                cx.send_request_async(&self.first, ask("never", 0)).completion_key("first").await?;
                cx.send_request_sync(&self.second, ask("ok", 1)).await?;
            }
            _ => {
                cx.send_request_async(&self.first, ask("ok", 0)).completion_key("begin").await?;
            }
        }
        if attempt == 0 && matches!(survey.how.as_str(), "otherwise" | "early failure") {
            return Err(Error::retry("once more"));
        }
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<Ask>, cx: &mut Context) -> Result {
        let attempt = cx.message().map_or(0, |header| header.attempt);
        if &*response.completion_key == "begin" {
            cx.send_request_async(&self.first, ask("deeper", 0)).completion_key("deeper").await?;
            cx.send_request_sync(&self.second, ask("ok", 1)).await?;
            if attempt == 0 {
                return Err(Error::retry("once more"));
            }
        }
        let text = response.result.map_or_else(|_| "refused".to_owned(), |opinion| opinion.text);
        self.lines.push(format!("{}: {text}", response.completion_key));
        Ok(())
    }

    async fn on_complete(&mut self, _survey: Survey) -> Result<Report> {
        Ok(Report { lines: std::mem::take(&mut self.lines) })
    }
}

production! {
    /// A pollster with two workers and two citizens.
    pub Town {
        #[item(standalone, pool_size = 2, request_timeout = "100s")]
        pollster: Pollster { first: ann, second: bob },
        #[item(timeout = "2000s")]
        ann: Citizen { name: "ann" },
        bob: Citizen { name: "bob" },
    }
}

async fn report(how: &str) -> String {
    let lab = Lab::start::<Town>().await;
    let report = lab.call("pollster", &format!(r#"{{"how":"{how}"}}"#)).await;
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    lab.until_idle().await;
    report
}

#[tokio::test(start_paused = true)]
async fn a_call_of_a_turn_that_then_decided_otherwise_is_not_waited_for() {
    assert_eq!(report("otherwise").await, r#"{"lines":["new: ann new"]}"#);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_suspended_before_its_turn_had_succeeded_is_not_waited_for_in_vain() {
    assert_eq!(report("early failure").await, r#"{"lines":["first: refused"]}"#);
}

#[tokio::test(start_paused = true)]
async fn a_response_that_comes_before_the_callback_that_asked_has_succeeded_is_not_lost() {
    assert_eq!(report("in turn").await, r#"{"lines":["begin: ann ok","deeper: ann deeper"]}"#);
}

#[tokio::test(start_paused = true)]
async fn a_suspended_call_that_a_person_resumes_is_not_counted_twice() {
    let lab = Lab::start::<Town>().await;
    let director = lab.director();
    let id = Some(MessageId::random());
    let survey = br#"{"how":"refused"}"#;
    let call = tokio::spawn(async move { director.call_json("pollster", None, survey, id).await });
    let refused = lab.until("ann", Status::Suspended).await;
    // The pollster knows of the refusal, and the other citizen is still thinking.
    while !lab.messages().await.iter().any(|header| {
        header.kind == Kind::Response && header.source.as_deref() == Some("ann") && header.status == Status::Completed
    }) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    call.abort();
    assert_eq!(lab.store.admin(Admin::Resume(refused.id)).await, Ok(true));
    let lab = lab.crash_and_restart::<Town>().await;
    let called = lab.director().call_json("pollster", None, survey, id).await;
    let report = called.map(|called| called.response.unwrap_or_default());
    assert_eq!(report, Ok(r#"{"lines":["first: refused","second: bob ok"]}"#.into()));
}

#[tokio::test(start_paused = true)]
async fn a_suspended_turn_that_a_person_resumes_finds_what_it_had_asked_for_and_what_has_timed_out() {
    let lab = Lab::start::<Town>().await;
    let director = lab.director();
    let id = Some(MessageId::random());
    let survey = br#"{"how":"resumed"}"#;
    let suspended = director.call_json("pollster", None, survey, id).await;
    assert!(matches!(suspended, Err(DirectorError::Suspended { .. })), "{suspended:?}");
    tokio::time::sleep(Duration::from_secs(10)).await;
    let request = lab.until("pollster", Status::Suspended).await;
    assert_eq!(lab.store.admin(Admin::Resume(request.id)).await, Ok(true));
    // With an id, it goes to the queue by way of the store, and so the queue is read.
    let again = director.call_json("pollster", None, survey, id);
    let other = director.call_json("pollster", None, br#"{"how":"otherwise"}"#, Some(MessageId::random()));
    let (again, _other) = tokio::join!(again, other);
    let report = again.map(|called| called.response.unwrap_or_default());
    assert_eq!(report, Ok(r#"{"lines":["first: refused"]}"#.into()));
    let failed: u64 = director.status().items.iter().map(|item| item.failed).sum();
    assert_eq!(failed, 2, "the suspension and the other survey's first attempt");
}

#[message(transient, response = Pong)]
pub struct Ping {
    number: u32,
}

#[message]
pub struct Pong {
    number: u32,
}

/// Answers pings, each at the second attempt where it is told so.
#[business_operation]
pub struct Echo;

static PINGS: AtomicUsize = AtomicUsize::new(0);

#[handlers]
impl Echo {
    async fn ping(&mut self, ping: Ping, cx: &mut Context) -> Result<Pong> {
        if ping.number >= 100 {
            // So that all fail at the same moment.
            tokio::time::sleep(Duration::from_secs(1)).await;
            if cx.message().is_some_and(|header| header.attempt == 0) {
                return Err(Error::retry("once more"));
            }
            PINGS.fetch_add(1, Ordering::SeqCst);
        }
        Ok(Pong { number: ping.number })
    }
}

#[message(response = Pong)]
pub struct Play {
    number: u32,
}

/// Pings without a trace, and takes the answer at the second attempt.
#[business_process]
pub struct Player {
    #[target]
    echo: Target<Ping>,
    #[state]
    number: u32,
}

#[handlers]
impl Player {
    async fn on_message(&mut self, play: Play, cx: &mut Context) -> Result<Pending> {
        cx.send_request_async(&self.echo, Ping { number: play.number }).await?;
        if play.number >= 100 {
            for number in 101..104 {
                cx.send_request_async(&self.echo, Ping { number }).response_required(false).await?;
            }
        }
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<Ping>, cx: &mut Context) -> Result {
        if cx.message().is_some_and(|header| header.attempt == 0) {
            return Err(Error::retry("once more"));
        }
        self.number = response.result?.number;
        Ok(())
    }

    async fn on_complete(&mut self, _play: Play) -> Result<Pong> {
        Ok(Pong { number: self.number })
    }
}

production! {
    /// A player and an echo with several workers, whose failures are repeated at once.
    pub Court {
        #[item(standalone)]
        player: Player { echo: echo },
        #[item(pool_size = 4, backoff = "0s", backoff_cap = "0s")]
        echo: Echo {},
    }
}

#[tokio::test(start_paused = true)]
async fn the_response_to_a_transient_call_may_fail_at_first() {
    let lab = Lab::start::<Court>().await;
    assert_eq!(lab.call("player", r#"{"number":7}"#).await.as_deref(), Ok(r#"{"number":7}"#));
}

#[tokio::test(start_paused = true)]
async fn transient_messages_that_fail_at_the_same_moment_are_all_tried_again() {
    let lab = Lab::start::<Court>().await;
    assert_eq!(lab.call("player", r#"{"number":100}"#).await.as_deref(), Ok(r#"{"number":100}"#));
    lab.until_idle().await;
    assert_eq!(PINGS.load(Ordering::SeqCst), 4);
}
