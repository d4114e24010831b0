#![deny(warnings, missing_docs, unused_qualifications)]
#![allow(missing_debug_implementations, reason = "the macros ask for none")]
//! Passes.
#[path = "../../parts.rs"]
#[allow(missing_docs, reason = "what the cases are made of")]
mod parts;

use iop::adapter::file::{FileInbound, ReceivedFile};
use iop::prelude::*;
use parts::*;

/// Takes files in.
#[business_service(adapter = FileInbound)]
pub struct Letterbox {
    /// Who hears of it.
    #[setting(default = "world")]
    name: String,
    #[target]
    out: Target<Bye>,
}

#[handlers]
impl Letterbox {
    async fn on_process_input(&mut self, file: ReceivedFile, cx: &mut Context) -> Result {
        let _ = file;
        cx.send_request_async(&self.out, Bye { name: self.name.clone() }).await?;
        Ok(())
    }
}

/// Ticks as often as the engine says.
#[business_service(poll)]
pub struct Ticker;

#[handlers]
impl Ticker {
    async fn on_process_input(&mut self) -> Result {
        Ok(())
    }
}

/// Is called.
#[business_service]
pub struct Desk;

#[handlers]
impl Desk {
    async fn on_process_input(&mut self, hello: Hello) -> Result<Greeting> {
        Ok(Greeting { text: hello.name })
    }
}

production! {
    /// The adapter's settings are given as if they were the service's.
    pub Lab {
        letterbox: Letterbox { path: "/tmp/in", call_interval: "3s", name: "x", out: host },
        ticker: Ticker { call_interval: Duration::from_millis(3), first_call: "after_interval" },
        desk: Desk {},
        host: Host {},
    }
}
