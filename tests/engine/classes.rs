//! A table of errors that an operation declares: what the engine does about each class of them.

use std::fmt;
use std::num::ParseIntError;

use iop::director::DirectorError;
use iop::message::{Status, SuspendReason};
use iop::prelude::*;
use iop::testing::Harness;

use crate::kit::Lab;

#[message]
pub struct Sample {
    /// What the laboratory answers.
    answer: String,
}

/// What a laboratory can answer that is no result.
#[derive(Debug)]
pub enum LabError {
    Busy,
    NoSuchSample,
    Down,
}

impl fmt::Display for LabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the laboratory: {self:?}")
    }
}

impl std::error::Error for LabError {}

impl Classify for LabError {
    fn class(&self) -> Disposition {
        match self {
            Self::Busy => Disposition::Retry,
            Self::NoSuchSample => Disposition::Fatal,
            Self::Down => Disposition::Unavailable,
        }
    }
}

/// An error of somebody else's, around one of the laboratory.
#[derive(Debug)]
pub struct Wrapped(LabError);

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no result")
    }
}

impl std::error::Error for Wrapped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Asks the laboratory.
#[business_operation(errors = LabError)]
pub struct Analyser;

#[handlers]
impl Analyser {
    async fn sample(&mut self, sample: Sample) -> Result {
        match sample.answer.as_str() {
            "busy" => Err(LabError::Busy)?,
            "no such sample" => Err(LabError::NoSuchSample)?,
            "wrapped" => Err(Wrapped(LabError::NoSuchSample))?,
            "said otherwise" => return Err(Error::retry(LabError::NoSuchSample)),
            "no number" => drop("x".parse::<u32>()?),
            "down" => Err(LabError::Down)?,
            _ => {}
        }
        Ok(())
    }
}

/// The same, but that nothing else than the laboratory's errors can leave its handler.
#[business_operation(errors = LabError)]
pub struct StrictAnalyser;

#[handlers]
impl StrictAnalyser {
    async fn sample(&mut self, sample: Sample) -> Result<(), LabError> {
        let Sample { answer } = sample;
        if answer == "no such sample" { Err(LabError::NoSuchSample) } else { Ok(()) }
    }
}

production! {
    pub Samples {
        alerts none;
        #[item(standalone)]
        analyser: Analyser {},
        #[item(standalone)]
        strict: StrictAnalyser {},
    }
}

#[message]
pub struct Batch {
    samples: Vec<Sample>,
}

/// Has samples analysed one after the other.
#[business_process]
pub struct Bench {
    #[target]
    out: Target<Sample>,
}

#[handlers]
impl Bench {
    async fn batch(&mut self, batch: Batch, cx: &mut Context) -> Result {
        for sample in batch.samples {
            cx.send_request_sync(&self.out, sample).await?;
        }
        Ok(())
    }
}

production! {
    /// An analyser that is not up at first.
    pub Bay {
        alerts none;
        #[item(standalone)]
        bench: Bench { out: analyser },
        #[item(enabled = false)]
        analyser: Analyser {},
    }
}

#[tokio::test(start_paused = true)]
async fn an_outside_that_the_table_calls_unavailable_outlasts_the_attempts() {
    let lab = Lab::start::<Samples>().await;
    lab.director().send_json("analyser", None, br#"{"answer": "down"}"#, None).await.expect("taken");
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    let header = lab.requests_to("analyser").await.remove(0);
    assert!(header.attempt > 100 && header.status == Status::Retrying, "{header:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_to_an_item_that_is_stopped_is_made_again_until_it_is_up() {
    let lab = Lab::start::<Bay>().await;
    lab.director().send_json("bench", None, br#"{"samples": [{"answer": "fine"}]}"#, None).await.expect("taken");
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    let header = lab.requests_to("bench").await.remove(0);
    assert!(header.attempt > 100 && header.status == Status::Retrying, "{header:#?}");
    assert_eq!(header.error.as_deref(), Some("`analyser` is stopped"));
    lab.director().start_item("analyser").await.expect("it starts");
    lab.until("bench", Status::Completed).await;
}

/// What is left of a sample that gets this answer: its attempts, and why it is suspended.
async fn suspended(item: &str, answer: &str) -> (u32, Option<SuspendReason>, String) {
    let lab = Lab::start::<Samples>().await;
    let called = lab.call(item, &format!(r#"{{"answer": "{answer}"}}"#)).await;
    assert!(matches!(called, Err(DirectorError::Suspended { .. })), "{answer}: {called:?}");
    let header = lab.requests_to(item).await.remove(0);
    assert_eq!(header.status, Status::Suspended);
    (header.attempt, header.reason, header.error.as_deref().unwrap_or_default().to_owned())
}

#[tokio::test(start_paused = true)]
async fn what_the_table_calls_fatal_is_suspended_at_the_first_attempt_and_what_it_calls_retry_at_the_fifth() {
    let poison = Some(SuspendReason::Poison);
    let fatal = "the laboratory: NoSuchSample".to_owned();
    assert_eq!(suspended("analyser", "no such sample").await, (1, poison, fatal.clone()));
    assert_eq!(suspended("strict", "no such sample").await, (1, poison, fatal));
    assert_eq!(suspended("analyser", "busy").await, (5, poison, "the laboratory: Busy".to_owned()));
}

#[tokio::test]
async fn the_table_knows_causes_and_leaves_what_was_said_where_the_error_happened() {
    let mut harness = Harness::of(Analyser);
    let mut failed = async |answer: &str| {
        let handled = harness.handle(Sample { answer: answer.to_owned() }).await;
        (handled.error().disposition(), handled.error().downcast_ref::<ParseIntError>().is_some())
    };
    assert_eq!(failed("down").await, (Disposition::Unavailable, false));
    assert_eq!(failed("wrapped").await, (Disposition::Fatal, false));
    assert_eq!(failed("said otherwise").await, (Disposition::Retry, false));
    assert_eq!(failed("no number").await, (Disposition::Retry, true), "an error that the table does not know");
}
