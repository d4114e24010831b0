#![deny(warnings, missing_docs)]
#![allow(missing_debug_implementations, reason = "the macros ask for none")]
//! Passes.
#[path = "../../parts.rs"]
#[allow(missing_docs, reason = "what the cases are made of")]
mod parts;
use iop::prelude::*;
use parts::*;

/// Answers before it is done.
#[business_operation]
pub struct Early;

#[handlers]
impl Early {
    async fn hello(&mut self, hello: Hello, cx: &mut Context) -> Result<Replied<Greeting>> {
        let replied = cx.reply(Greeting { text: hello.name }).await?;
        cx.sleep(Duration::from_secs(1)).await?;
        Ok(replied)
    }
}

/// Lets time and others answer.
#[business_process]
pub struct Late {
    #[state]
    waiting: Option<DeferredResponse<Greeting>>,
}

#[handlers]
impl Late {
    async fn hello(&mut self, _hello: Hello, cx: &mut Context) -> Result<DeferredResponse<Greeting>> {
        let token = cx.defer_response()?;
        self.waiting = Some(token);
        cx.set_timer(Duration::from_secs(60), "patience").await?;
        cx.set_timer(Duration::from_secs(30), "reminder").while_waiting().await?;
        Ok(token)
    }

    async fn on_timer(&mut self, timer: Timer, cx: &mut Context) -> Result {
        if let Some(token) = self.waiting.take().filter(|_| &*timer.name == "patience") {
            cx.respond_to(&token, Greeting { text: "late".into() }).await?;
            cx.cancel_timer("reminder")?;
        }
        Ok(())
    }
}

/// Replies when all has come.
#[business_process]
pub struct Last {
    #[target]
    out: Target<Hello>,
}

#[handlers]
impl Last {
    async fn hello(&mut self, hello: Hello, cx: &mut Context) -> Result<Pending> {
        cx.send_request_async(&self.out, hello).await?;
        Ok(Pending)
    }

    async fn on_complete(&mut self, hello: Hello, cx: &mut Context) -> Result<Replied<Greeting>> {
        Ok(cx.reply(Greeting { text: hello.name }).await?)
    }
}
