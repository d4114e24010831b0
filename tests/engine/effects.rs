//! Operations with `effect = "at_most_once"`: what may have reached the outside is never repeated by itself.

use std::fs;
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use iop::component::RequestError;
use iop::director::DirectorError;
use iop::message::{Header, Kind, Status, SuspendReason};
use iop::prelude::*;
use iop::store::sqlite::SqliteStore;
use iop::store::{Admin, MessageQuery, Store, Viewer};
use iop_tests::program::{Entrance, Program, until};

use crate::kit::Lab;

/// A sum to take.
#[message(response = Taken)]
pub struct Take {
    card: String,
    /// What goes wrong: `lost`, `panic`, `hang`, `refused`, `unreachable`, `unsent`, or nothing.
    how: String,
}

#[message]
pub struct Taken {
    attempt: u32,
}

/// The cards that were charged, each time.
static CHARGED: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn charges(card: &str) -> usize {
    CHARGED.lock().expect("no test panics with it").iter().filter(|charged| *charged == card).count()
}

/// Charges cards, which must not happen twice.
#[business_operation(effect = "at_most_once")]
pub struct Terminal;

#[handlers]
impl Terminal {
    async fn take(&mut self, take: Take, cx: &mut Context) -> Result<Taken> {
        let attempt = cx.message().map_or(0, |header| header.attempt);
        if attempt == 0 {
            match take.how.as_str() {
                "unreachable" => return Err(Error::unavailable("the network is down")),
                "unsent" => return Err(Error::not_sent("the card is not in the terminal")),
                _ => {}
            }
        }
        CHARGED.lock().expect("no test panics with it").push(take.card);
        match take.how.as_str() {
            "lost" => Err(Error::retry("the line broke while it was waiting for the receipt")),
            "panic" => panic!("no paper"),
            "refused" => Err(Error::fatal("the bank says no, after a while")),
            "hang" => std::future::pending().await,
            _ => Ok(Taken { attempt }),
        }
    }
}

/// Asks the terminal.
#[business_process]
pub struct Shop {
    #[target]
    terminal: Target<Take>,
    #[state]
    outcome: String,
}

#[message(response = Sold)]
pub struct Sell {
    card: String,
    how: String,
}

#[message]
pub struct Sold {
    outcome: String,
}

#[handlers]
impl Shop {
    async fn sell(&mut self, sell: Sell, cx: &mut Context) -> Result<Pending> {
        cx.send_request_async(&self.terminal, Take { card: sell.card, how: sell.how }).await?;
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<Take>) -> Result {
        self.outcome = match response.result {
            Ok(taken) => format!("taken at attempt {}", taken.attempt),
            Err(RequestError::Suspended { reason, .. }) => format!("suspended: {reason}"),
            Err(error) => error.to_string(),
        };
        Ok(())
    }

    async fn on_complete(&mut self, _: Sell) -> Result<Sold> {
        Ok(Sold { outcome: std::mem::take(&mut self.outcome) })
    }
}

production! {
    /// A shop with one terminal.
    pub Market {
        alerts none;
        #[item(standalone)]
        shop: Shop { terminal: terminal },
        #[item(timeout = "5s")]
        terminal: Terminal {},
    }
}

fn sell(card: &str, how: &str) -> String {
    format!(r#"{{"card":"{card}","how":"{how}"}}"#)
}

async fn outcome(lab: &Lab, card: &str, how: &str) -> String {
    lab.call("shop", &sell(card, how)).await.expect("the shop answers")
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_does_not_say_that_nothing_was_sent_leaves_the_message_in_doubt() {
    let lab = Lab::start::<Market>().await;
    for how in ["lost", "panic", "refused", "hang"] {
        assert_eq!(outcome(&lab, how, how).await, r#"{"outcome":"suspended: in_doubt"}"#, "{how}");
        assert_eq!(charges(how), 1, "{how}");
    }
    lab.until_idle().await;
    let asked = lab.requests_to("terminal").await;
    assert!(asked.iter().all(|header| header.reason == Some(SuspendReason::InDoubt)), "{asked:#?}");
    assert_eq!(asked[0].error.as_deref(), Some("the line broke while it was waiting for the receipt"));
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_says_that_nothing_was_sent_is_tried_again() {
    let lab = Lab::start::<Market>().await;
    for how in ["unreachable", "unsent"] {
        assert_eq!(outcome(&lab, how, how).await, r#"{"outcome":"taken at attempt 1"}"#, "{how}");
        assert_eq!(charges(how), 1, "{how}");
    }
    lab.until_idle().await;
    assert!(lab.messages().await.iter().all(|header| header.status.is_finished()));
}

#[tokio::test(start_paused = true)]
async fn what_a_crash_or_a_stop_cuts_off_is_in_doubt_and_a_person_may_let_it_run_again() {
    for crash in [true, false] {
        let card = if crash { "crash" } else { "stop" };
        let lab = Lab::start::<Market>().await;
        let director = lab.director();
        let body = format!(r#"{{"card":"{card}","how":"hang"}}"#);
        let id = Some(MessageId::random());
        let call = {
            let (director, body) = (director.clone(), body.clone());
            tokio::spawn(async move { director.call_json("terminal", None, body.as_bytes(), id).await })
        };
        while charges(card) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let lab = if crash {
            call.abort();
            lab.crash_and_restart::<Market>().await
        } else {
            director.stop_item("terminal", iop::engine::Stop::Now).await.expect("it is there");
            director.start_item("terminal").await.expect("it is there");
            lab
        };
        let doubted = lab.until("terminal", Status::Suspended).await;
        assert_eq!(doubted.reason, Some(SuspendReason::InDoubt));
        assert_eq!(charges(card), 1, "it is not repeated");
        let again = lab.director().call_json("terminal", None, body.as_bytes(), id).await;
        assert!(matches!(again, Err(DirectorError::Suspended { reason: SuspendReason::InDoubt, .. })), "{again:?}");

        assert_eq!(lab.store.admin(Admin::Resume(doubted.id)).await, Ok(true));
        let lab = lab.crash_and_restart::<Market>().await;
        while charges(card) < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(
            lab.until("terminal", Status::Suspended).await.reason,
            Some(SuspendReason::InDoubt),
            "it hung again"
        );
        assert_eq!(charges(card), 2);
    }
}

#[tokio::test]
async fn a_timer_and_a_deferred_response_outlive_the_process_that_was_killed_while_they_waited() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store");
    let program = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_requests_program"));
        command.env("REQUESTS_PRODUCTION", "wishing").arg("run");
        command.arg("--set").arg(format!("fairy.folder={}", folder.path().display()));
        Program::start(command, &store)
    };
    let wish = |entrance: &Entrance| {
        let headers = [("Idempotency-Key", "the one")];
        entrance.post("/api/v1/items/well/messages", &headers, r#"{"text": "rain"}"#)
    };
    let granted = || fs::read_to_string(folder.path().join("granted")).unwrap_or_default();

    let killed = program();
    let entrance = Entrance::of(&store);
    let caller = thread::spawn(move || wish(&entrance));
    while !kinds(&store).await.contains(&Kind::Timer) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    killed.kill();
    assert!(caller.join().expect("no panic").is_err(), "nobody can have answered");
    assert_eq!(granted(), "");

    let _program = program();
    let answer = wish(&Entrance::of(&store)).expect("it answers");
    assert!(answer.status == 200 && answer.body.contains("rain"), "{answer:?}");
    assert_eq!(granted(), "granted\n");
    assert_eq!(kinds(&store).await.iter().filter(|kind| **kind == Kind::Timer).count(), 1, "it was set once");
}

/// What is stored of the program, as another process sees it.
async fn kinds(store: &std::path::Path) -> Vec<Kind> {
    let viewer = SqliteStore::open_read_only(store).expect("the program has made it");
    let found = viewer.query(MessageQuery::default()).await.expect("it can be read");
    found.into_iter().map(|header| header.kind).collect()
}

/// The one stored message of the program, as another process sees it.
async fn stored(store: &std::path::Path) -> Option<Header> {
    let viewer = SqliteStore::open_read_only(store).expect("the program has made it");
    viewer.query(MessageQuery::default()).await.expect("it can be read").pop()
}

#[tokio::test]
async fn killed_in_the_middle_of_its_call_an_operation_that_acts_at_most_once_is_not_called_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store");
    let program = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_requests_program"));
        command.env("REQUESTS_PRODUCTION", "charging").arg("run");
        command.arg("--set").arg(format!("till.folder={}", folder.path().display()));
        Program::start(command, &store)
    };
    let call = |entrance: &Entrance| {
        let headers = [("Idempotency-Key", "the one")];
        entrance.post("/api/v1/items/till/messages", &headers, r#"{"card": "visa"}"#)
    };
    let charged = || fs::read_to_string(folder.path().join("charged")).unwrap_or_default();

    let killed = program();
    let entrance = Entrance::of(&store);
    let caller = thread::spawn(move || call(&entrance));
    until("the card is charged", || charged() == "visa\n");
    killed.kill();
    let broken = caller.join().expect("no panic");
    assert!(broken.is_err(), "nobody can have answered: {broken:?}");
    let in_flight = stored(&store).await.expect("it is stored");
    assert_eq!(in_flight.status, Status::InFlight, "the intent is durable, and nothing else");

    let _program = program();
    let answer = call(&Entrance::of(&store)).expect("it answers");
    assert!(answer.status != 200 && answer.body.contains("in_doubt"), "{answer:?}");
    let doubted = stored(&store).await.expect("it is stored");
    assert_eq!((doubted.status, doubted.reason), (Status::Suspended, Some(SuspendReason::InDoubt)));
    assert_eq!(charged(), "visa\n");
}
