//! S7: one to ten requests in flight at once.
//!
//! IoP: `send_request_async_ng` gives something to await, and `asyncio.gather` awaits all. The names are the same; `gather` is in the
//! prelude. The responses come in the order of the requests, in the time that the slowest takes.
//!
//! ```text
//! cargo run --bin s7_gather -- test process -b '{"count": 5}'
//! ```

use iop::prelude::*;

use super::messages::{MyMessage, MyReply};

#[message(response = Gathered)]
pub struct Gather {
    /// How many requests to send, 1 to 10.
    pub count: usize,
}

#[message]
pub struct Gathered {
    pub messages: Vec<String>,
}

/// Asks one operation many things at once.
#[business_process]
pub struct MyAsyncNgProcess {
    #[target]
    out: Target<MyMessage>,
}

#[handlers]
impl MyAsyncNgProcess {
    async fn on_message(&mut self, request: Gather, cx: &mut Context) -> Result<Gathered> {
        let requests: Vec<_> = (0..request.count.clamp(1, 10))
            .map(|number| cx.send_request_async_ng(&self.out, MyMessage { message: format!("Message {number}") }))
            .collect();
        let mut messages = Vec::new();
        for response in gather(requests).await {
            let reply = response?;
            info!("received {:?}", reply.message);
            messages.push(reply.message);
        }
        Ok(Gathered { messages })
    }
}

/// Takes its time; the later the number in the message, the less of it.
#[business_operation]
pub struct SlowOperation {
    /// What `Message 0` takes; each later one takes a tenth less.
    #[setting(default = "1s")]
    longest: Duration,
}

#[handlers]
impl SlowOperation {
    async fn on_message(&mut self, request: MyMessage) -> Result<MyReply> {
        let number: u32 = request.message.trim_start_matches("Message ").parse()?;
        tokio::time::sleep(self.longest * (10 - number.min(9)) / 10).await;
        Ok(MyReply { message: format!("answer to {}", request.message) })
    }
}

production! {
    /// A process that asks ten workers at once.
    pub Gathering {
        #[item(standalone)]
        process: MyAsyncNgProcess { out: operation },
        #[item(pool_size = 10)]
        operation: SlowOperation {},
    }
}
