#![deny(warnings, missing_docs)]
#![allow(missing_debug_implementations, reason = "the macros ask for none")]
//! Passes.
#[path = "../../parts.rs"]
#[allow(missing_docs, reason = "what the cases are made of")]
mod parts;
use iop::prelude::*;
use parts::*;

/// Every kind of field.
#[business_process(name = "acme.desk")]
pub struct Desk {
    /// In seconds.
    #[setting(default = 3)]
    seconds: u16,
    #[setting]
    label: Option<String>,
    #[setting(default = "1h30m")]
    pause: Duration,
    #[target]
    one: Target<Bye>,
    #[target]
    maybe: Option<Target<Bye>>,
    #[target]
    many: Targets<Bye>,
    #[state]
    seen: Vec<String>,
    count: u64,
}

#[handlers]
impl Desk {
    async fn bye(&mut self, bye: Bye, cx: &mut Context) -> Result {
        self.seen.push(format!("{} {} {:?} {:?}", bye.name, self.seconds, self.label, self.pause));
        self.count += 1;
        if let Some(maybe) = &self.maybe {
            cx.send_request_async(maybe, Bye { name: "maybe".into() }).await?;
        }
        for target in &self.many {
            cx.send_request_async(target, Bye { name: "many".into() }).await?;
        }
        cx.send_request_async(&self.one, bye).await?;
        Ok(())
    }
}

production! {
    /// Wires them.
    pub Lab {
        #[item(standalone)]
        desk: Desk { label: "x", one: host, many: [host, other] },
        host: Host {},
        other: Host {},
    }
}
