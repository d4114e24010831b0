//! Failing handlers: retries, suspension, panics, hangs, and what the caller learns.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use iop::director::DirectorError;
use iop::message::{Kind, Status, SuspendReason};
use iop::prelude::*;

use crate::kit::Lab;

#[message(response = Done)]
pub struct Job {
    /// How the operation behaves: `ok`, `flaky`, `fail`, `fatal`, `broken`, `panic`, `hang`, `slow`.
    how: String,
}

#[message]
pub struct Done {
    after: usize,
}

/// Passes jobs on.
#[business_service]
pub struct Desk {
    #[target]
    out: Target<Job>,
}

#[handlers]
impl Desk {
    async fn on_process_input(&mut self, job: Job, cx: &mut Context) -> Result<Done> {
        let wait = Duration::from_secs(if job.how == "slow" { 1 } else { 600 });
        Ok(cx.send_request_sync(&self.out, job).timeout(wait).await?)
    }
}

static ATTEMPTS: AtomicUsize = AtomicUsize::new(0);
static MENDED: AtomicBool = AtomicBool::new(false);

/// Behaves as it is told.
#[business_operation]
pub struct Worker;

#[handlers]
impl Worker {
    async fn work(&mut self, job: Job, cx: &mut Context) -> Result<Done> {
        let attempt = cx.message().map_or(0, |header| header.attempt) as usize + 1;
        ATTEMPTS.fetch_add(1, Ordering::SeqCst);
        match job.how.as_str() {
            "flaky" if attempt < 3 => Err(Error::retry("not yet")),
            "fail" => {
                "x".parse::<u32>()?;
                Ok(Done { after: attempt })
            }
            "fatal" => Err(Error::fatal("never")),
            "broken" if !MENDED.load(Ordering::SeqCst) => Err(Error::fatal("broken")),
            "panic" if attempt == 1 => panic!("on purpose"),
            "hang" if attempt == 1 => std::future::pending().await,
            "slow" => {
                tokio::time::sleep(Duration::from_secs(3)).await;
                Ok(Done { after: attempt })
            }
            _ => Ok(Done { after: attempt }),
        }
    }
}

production! {
    /// A desk and a worker.
    pub Shop {
        #[item(attempts = 1, request_timeout = "600s")]
        desk: Desk { out: worker },
        #[item(request_timeout = "600s")]
        patient: Desk { out: worker },
        #[item(timeout = "10s")]
        worker: Worker {},
    }
}

async fn run(how: &str) -> (Lab, Result<String, DirectorError>) {
    let lab = Lab::start::<Shop>().await;
    let answer = lab.call("desk", &format!(r#"{{"how":"{how}"}}"#)).await;
    (lab, answer)
}

#[tokio::test(start_paused = true)]
async fn a_failing_message_is_tried_again_with_growing_pauses_until_it_succeeds() {
    let begun = tokio::time::Instant::now();
    let (lab, answer) = run("flaky").await;
    assert_eq!(answer.as_deref(), Ok(r#"{"after":3}"#));
    // Two pauses: 0.5 to 1 s and 1 to 2 s.
    let took = begun.elapsed().as_millis();
    assert!((1_500..=3_100).contains(&took), "{took} ms");
    assert_eq!(lab.requests_to("worker").await[0].attempt, 2);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_fails_five_times_is_suspended_with_its_error_and_the_caller_is_told() {
    let (lab, answer) = run("fail").await;
    assert!(matches!(answer, Err(DirectorError::Suspended { .. })), "{answer:?}");
    let request = &lab.requests_to("worker").await[0];
    assert_eq!((request.status, request.attempt), (Status::Suspended, 5));
    assert_eq!(request.reason, Some(SuspendReason::Poison));
    assert_eq!(request.error.as_deref(), Some("invalid digit found in string"));
    // The queue goes on.
    assert_eq!(lab.call("worker", r#"{"how":"ok"}"#).await.as_deref(), Ok(r#"{"after":1}"#));
    assert_eq!(lab.until_idle().await.suspended, 2, "the desk's message is suspended as well");
}

#[tokio::test(start_paused = true)]
async fn a_fatal_error_suspends_at_once() {
    let begun = tokio::time::Instant::now();
    let (lab, answer) = run("fatal").await;
    assert!(matches!(answer, Err(DirectorError::Suspended { .. })), "{answer:?}");
    assert_eq!(lab.requests_to("worker").await[0].attempt, 1);
    assert!(begun.elapsed() < Duration::from_millis(100));
}

// What became of the request is on record: another attempt of its sender would only find the same.
#[tokio::test(start_paused = true)]
async fn whose_request_is_suspended_is_not_tried_again_until_a_person_resumes_both() {
    let begun = tokio::time::Instant::now();
    let lab = Lab::start::<Shop>().await;
    let answer = lab.call("patient", r#"{"how":"broken"}"#).await;
    assert!(matches!(answer, Err(DirectorError::Suspended { .. })), "{answer:?}");
    assert!(begun.elapsed() < Duration::from_millis(100));
    let asked = lab.requests_to("patient").await.remove(0);
    assert_eq!((asked.status, asked.attempt), (Status::Suspended, 1));

    MENDED.store(true, Ordering::SeqCst);
    let request = lab.requests_to("worker").await.remove(0);
    for id in [request.id, asked.id] {
        lab.director().resume(id, "eve").await.expect("it is suspended");
        lab.until_idle().await;
    }
    let statuses: Vec<_> = lab.messages().await.iter().map(|header| header.status).collect();
    assert_eq!(statuses, [Status::Completed; 4], "two requests, two responses, and nothing asked twice");
}

#[tokio::test(start_paused = true)]
async fn a_panic_counts_as_an_attempt_and_the_worker_goes_on() {
    let (lab, answer) = run("panic").await;
    assert_eq!(answer.as_deref(), Ok(r#"{"after":2}"#));
    assert_eq!(lab.requests_to("worker").await[0].status, Status::Completed);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_hangs_is_cut_off_by_its_timeout() {
    let begun = tokio::time::Instant::now();
    let (_lab, answer) = run("hang").await;
    assert_eq!(answer.as_deref(), Ok(r#"{"after":2}"#));
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_answered_in_time_fails_and_its_late_response_is_marked() {
    let begun = tokio::time::Instant::now();
    let (lab, answer) = run("slow").await;
    assert!(matches!(answer, Err(DirectorError::Suspended { .. })), "{answer:?}");
    assert_eq!(begun.elapsed().as_secs(), 1);
    lab.until_idle().await;
    let messages = lab.messages().await;
    let late: Vec<_> = messages.iter().filter(|header| header.kind == Kind::Response && header.late).collect();
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].source.as_deref(), Some("worker"));
}

#[tokio::test(start_paused = true)]
async fn stopping_an_item_fails_the_calls_that_wait_for_it_and_keeps_its_queue() {
    let lab = Lab::start::<Shop>().await;
    let director = lab.director();
    let caller = director.clone();
    let call = tokio::spawn(async move { caller.call_json("worker", None, br#"{"how":"hang"}"#, None).await });
    lab.until("worker", Status::InFlight).await;
    director.stop_item("worker", iop::engine::Stop::Now).await.expect("known item");
    let answer = call.await.expect("no panic");
    assert!(matches!(answer, Err(DirectorError::Stopped(_))), "{answer:?}");
    // New calls fail at once, nothing is stored for them.
    assert!(matches!(lab.call("worker", r#"{"how":"ok"}"#).await, Err(DirectorError::Stopped(_))));
    assert_eq!(lab.requests_to("worker").await.len(), 1);
    // Started again, it serves what it had.
    director.start_item("worker").await.expect("known item");
    lab.until_idle().await;
    assert_eq!(lab.requests_to("worker").await[0].status, Status::Completed);
}
