//! S8: a process that holds no worker while it waits.
//!
//! IoP: `send_request_async` with a `completion_key`, `on_response` for each response, `on_complete` after the last one. The names
//! are the same. What IoP keeps in attributes between the calls is a field with `#[state]` here. It is stored with each call, so a
//! process waits for days, and a crash between two responses loses nothing.
//!
//! ```text
//! cargo run --bin s8_callbacks -- test process -b '{"message": "hello"}'
//! ```

use iop::prelude::*;

use super::messages::{MyMessage, MyReply};

#[message(response = Joined)]
pub struct Join {
    pub message: String,
}

#[message]
pub struct Joined {
    pub one: String,
    pub two: String,
}

/// Sends two messages and answers when both have been answered, in whatever order.
#[business_process]
pub struct MyCallbackProcess {
    #[target]
    out: Target<MyMessage>,
    #[state]
    response_one: Option<String>,
    #[state]
    response_two: Option<String>,
}

#[handlers]
impl MyCallbackProcess {
    async fn on_message(&mut self, request: Join, cx: &mut Context) -> Result<Pending> {
        for key in ["1", "2"] {
            let message = MyMessage { message: format!("{} {key}", request.message) };
            cx.send_request_async(&self.out, message).completion_key(key).await?;
        }
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<MyMessage>) -> Result {
        let message = response.result?.message;
        info!("response {:?} to {}", message, response.completion_key);
        match &*response.completion_key {
            "1" => self.response_one = Some(message),
            _ => self.response_two = Some(message),
        }
        Ok(())
    }

    async fn on_complete(&mut self, request: Join) -> Result<Joined> {
        info!("{:?} is complete", request.message);
        Ok(Joined {
            one: self.response_one.take().unwrap_or_default(),
            two: self.response_two.take().unwrap_or_default(),
        })
    }
}

/// Answers with what it was asked.
#[business_operation]
pub struct Echo;

#[handlers]
impl Echo {
    async fn on_message(&mut self, request: MyMessage) -> Result<MyReply> {
        Ok(MyReply { message: format!("{}, answered", request.message) })
    }
}

production! {
    /// A process that waits for two responses.
    pub Callbacks {
        #[item(standalone)]
        process: MyCallbackProcess { out: operation },
        operation: Echo {},
    }
}
