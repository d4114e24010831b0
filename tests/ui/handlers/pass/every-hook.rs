#![deny(warnings, missing_docs)]
#![allow(missing_debug_implementations, reason = "the macros ask for none")]
//! Passes.
#[path = "../../parts.rs"]
#[allow(missing_docs, reason = "what the cases are made of")]
mod parts;
use iop::prelude::*;
use parts::*;

/// Uses every hook.
#[business_process]
pub struct Desk {
    #[target]
    out: Target<(Hello, Bye)>,
    #[state]
    answers: Vec<String>,
    turns: u32,
}

#[handlers]
impl Desk {
    async fn on_init(&mut self) -> Result {
        self.turns = 0;
        Ok(())
    }

    async fn on_message(&mut self, hello: Hello, cx: &mut Context) -> Result<Pending> {
        self.turns += 1;
        cx.send_request_async(&self.out, hello).completion_key("a").timeout(Duration::from_secs(3)).await?;
        cx.send_request_async(&self.out, Bye { name: "b".into() }).response_required(false).await?;
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<Hello>) -> Result {
        self.answers.push(response.result?.text);
        Ok(())
    }

    async fn on_response_bye(&mut self, response: Response<Bye>, _cx: &mut Context) -> Result<(), RequestError> {
        response.result
    }

    async fn on_complete(&mut self, _hello: Hello) -> Result<Greeting> {
        Ok(Greeting { text: self.answers.join(", ") })
    }

    async fn bye(&mut self, _bye: Bye) -> Result<(), std::num::ParseIntError> {
        "1".parse::<u32>().map(drop)
    }

    async fn on_check(&self) -> Result {
        Ok(())
    }

    async fn on_teardown(&mut self, cx: &mut Context) -> Result {
        info!("{} {}", cx.item(), self.turns);
        Ok(())
    }
}
