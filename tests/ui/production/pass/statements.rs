#![deny(warnings, missing_docs)]
#![allow(missing_debug_implementations, reason = "the macros ask for none")]
//! What `production!` can say of the whole, and what `#[item(…)]` fixes at compile time.

#[path = "../../parts.rs"]
#[allow(missing_docs, reason = "what the cases are made of")]
mod parts;

use iop::prelude::*;
use parts::{Bye, Clock, Greeting, Hello};

/// The outside knows the idempotency key.
#[business_operation(effect = "keyed")]
struct Filing;

#[handlers]
impl Filing {
    async fn hello(&mut self, hello: Hello) -> Result<Greeting> {
        Ok(Greeting { text: hello.name })
    }

    async fn bye(&mut self, _bye: Bye) -> Result {
        Ok(())
    }
}

/// Waits for nobody.
#[business_process]
struct Router {
    #[target(async)]
    next: Target<Hello>,
    #[target(async)]
    copy: Option<Target<(Hello, Bye)>>,
    #[target(async)]
    others: Targets<Hello>,
}

#[handlers]
impl Router {
    async fn hello(&mut self, hello: Hello, cx: &mut Context) -> Result<Greeting> {
        for other in &self.others {
            cx.send_request_async(other, Hello { name: hello.name.clone() }).await?;
        }
        if let Some(copy) = &self.copy {
            cx.send_request_async(copy, Bye { name: hello.name.clone() }).response_required(false).await?;
        }
        cx.send_request_async(&self.next, hello).await?;
        Ok(Greeting { text: String::new() })
    }
}

production! {
    /// A laboratory.
    pub Lab {
        require order fifo from router to filing;
        clock: Clock { out: router },
        #[item(order = fifo, failing = block, max_hops = 3)]
        router: Router { next: filing, copy: filing },
        #[item(order = fifo, failing = block)]
        filing: Filing {},
        alerts none;
    }
}
