//! Input from an adapter: acknowledged after the commit, given again after a failure, set aside at the end.

use std::sync::{Mutex, MutexGuard, PoisonError};

use iop::adapter::{Committed, Inbound, InboundAdapter, Received};
use iop::component::{Fields, ItemConfig, Wiring};
use iop::prelude::*;
use iop::settings::SettingDecl;

use crate::kit::Lab;

#[message]
pub struct Paper {
    text: String,
}

/// Files papers.
#[business_operation]
pub struct Cabinet;

#[handlers]
impl Cabinet {
    async fn file(&mut self, paper: Paper) -> Result {
        info!("{}", paper.text);
        Ok(())
    }
}

/// Inputs that a test puts there.
static INBOX: Mutex<Vec<&str>> = Mutex::new(Vec::new());
/// What became of them.
static OUTCOMES: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn inbox() -> MutexGuard<'static, Vec<&'static str>> {
    INBOX.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(outcome: String) {
    OUTCOMES.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
}

/// Gives the first input again until it is acknowledged.
pub struct Tray;

#[derive(Default)]
pub struct TrayFields;

impl Fields for TrayFields {
    fn wiring(self) -> Wiring {
        Wiring::default()
    }
}

impl InboundAdapter for Tray {
    type Input = String;
    type Ticket = &'static str;
    type Fields = TrayFields;
    const SETTINGS: &'static [SettingDecl] = &[];

    fn build(_config: &ItemConfig) -> Result<Self> {
        Ok(Self)
    }

    async fn open(&mut self) -> Result {
        Ok(())
    }

    async fn receive(&mut self) -> Result<Received<String, &'static str>> {
        if inbox().first().is_some_and(|input| *input == "jams") {
            inbox().remove(0);
            panic!("the tray jams");
        }
        Ok(match inbox().first() {
            Some(input) => Received::Input(Inbound {
                input: (*input).to_owned(),
                identity: Some(MessageId::of_input(&[input.as_bytes()])),
                label: (*input).to_owned(),
                ticket: input,
            }),
            None => Received::Nothing,
        })
    }

    async fn accepted(&mut self, ticket: &'static str, receipt: Committed) -> Result {
        inbox().retain(|input| *input != ticket);
        note(format!("{ticket} {}", if receipt.duplicate() { "again" } else { "accepted" }));
        Ok(())
    }

    async fn refused(&mut self, ticket: &'static str, error: &str) -> Result {
        inbox().retain(|input| *input != ticket);
        note(format!("{ticket} refused: {error}"));
        Ok(())
    }
}

/// Takes what lies in the tray.
#[business_service(adapter = Tray)]
pub struct Clerk {
    #[target]
    out: Target<Paper>,
    inputs: u32,
}

#[handlers]
impl Clerk {
    async fn on_process_input(&mut self, input: String, cx: &mut Context) -> Result {
        self.inputs += 1;
        match input.as_str() {
            "panics" => panic!("number {} of this clerk", self.inputs),
            "fails" => Err(Error::retry(format!("number {} of this clerk", self.inputs))),
            "fatal" => Err(Error::fatal("never")),
            _ => {
                cx.send_request_async(&self.out, Paper { text: input }).await?;
                Ok(())
            }
        }
    }
}

production! {
    /// A clerk with a tray.
    pub Counter {
        #[item(attempts = 2)]
        clerk: Clerk { out: cabinet },
        cabinet: Cabinet {},
    }
}

#[tokio::test(start_paused = true)]
async fn an_input_that_fails_is_given_again_and_then_set_aside_and_one_that_came_before_is_not_processed_again() {
    *inbox() = vec!["fine", "fails", "panics", "fatal", "jams"];
    let lab = Lab::start::<Counter>().await;
    lab.until_idle().await;
    *inbox() = vec!["fine"];
    while !inbox().is_empty() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let outcomes = std::mem::take(&mut *OUTCOMES.lock().unwrap_or_else(PoisonError::into_inner));
    assert_eq!(
        outcomes,
        [
            "fine accepted",
            // The same clerk twice: a failure is no reason to replace it.
            "fails refused: number 3 of this clerk",
            // A panic is: the second attempt is the first input of a new one.
            "panics refused: the handler panicked: number 1 of this clerk",
            "fatal refused: never",
            "fine again",
        ]
    );
    assert_eq!(lab.requests_to("cabinet").await.len(), 1);
}
