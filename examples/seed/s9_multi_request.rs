//! S9: several requests at once, each with its own outcome.
//!
//! IoP: `send_multi_request_sync` takes pairs of a target's name and a request, and gives back target, request, response and status of
//! each. The name is the same; a pair is a `Call`, and the status is the `Result` that holds the response. One that fails does not
//! hide the others.
//!
//! ```text
//! cargo run --bin s9_multi_request -- test process -b '{"messages": ["one", "", "three"]}'
//! ```

use iop::prelude::*;

use super::messages::{MyMessage, MyReply};

#[message(response = Outcomes)]
pub struct Ask {
    pub messages: Vec<String>,
}

#[message]
pub struct Outcomes {
    pub outcomes: Vec<Outcome>,
}

#[message]
pub struct Outcome {
    pub target: String,
    pub request: String,
    pub response: Option<String>,
    pub error: Option<String>,
}

/// Asks all and reports on each.
#[business_process]
pub struct MyMultiProcess {
    #[target]
    out: Target<MyMessage>,
}

#[handlers]
impl MyMultiProcess {
    async fn on_message(&mut self, request: Ask, cx: &mut Context) -> Result<Outcomes> {
        let calls: Vec<_> =
            request.messages.into_iter().map(|message| Call::new(&self.out, MyMessage { message })).collect();
        let mut outcomes = Vec::new();
        for result in cx.send_multi_request_sync(calls).await {
            let (response, error) = match result.response {
                Ok(reply) => (Some(reply.message), None),
                Err(error) => (None, Some(error.to_string())),
            };
            outcomes.push(Outcome {
                target: result.target.to_string(),
                request: result.request.map(|request| request.message).unwrap_or_default(),
                response,
                error,
            });
        }
        Ok(Outcomes { outcomes })
    }
}

/// Answers everything but nothing.
#[business_operation]
pub struct Choosy;

#[handlers]
impl Choosy {
    async fn on_message(&mut self, request: MyMessage) -> Result<MyReply> {
        if request.message.is_empty() {
            return Err(Error::fatal("there is nothing in the message"));
        }
        Ok(MyReply { message: format!("answer to {}", request.message) })
    }
}

production! {
    /// A process that asks many things, some of which cannot be answered.
    pub MultiRequest {
        #[item(standalone)]
        process: MyMultiProcess { out: operation },
        #[item(pool_size = 4)]
        operation: Choosy {},
    }
}
