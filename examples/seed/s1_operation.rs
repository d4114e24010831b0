//! S1: an operation with its hooks, and the types of what it gets and gives.
//!
//! IoP: `BusinessOperation` is `#[business_operation]`; `on_init`, `on_teardown` and `on_message` keep their names;
//! `self.log_info(…)` is `info!(…)`. A handler may have any name, since its message chooses it: `on_message` is a custom here.
//!
//! ```text
//! cargo run --bin s1_operation -- test operation -b '{"request_string": "hello"}'
//! ```

use iop::prelude::*;

use super::messages::{MyRequest, MyResponse};

/// Gives every caller the same words.
#[business_operation]
pub struct MyBusinessOperation;

#[handlers]
impl MyBusinessOperation {
    async fn on_init(&mut self) -> Result {
        info!("a worker starts");
        Ok(())
    }

    async fn on_teardown(&mut self) -> Result {
        info!("a worker stops");
        Ok(())
    }

    async fn on_message(&mut self, request: MyRequest) -> Result<MyResponse> {
        info!("got {:?}", request.request_string);
        Ok(MyResponse { my_string: "MyBusinessOperation:on_message() echos".into() })
    }
}

production! {
    /// One operation. No item of the production calls it; the director and the command line do.
    pub OneOperation {
        #[item(standalone)]
        operation: MyBusinessOperation {},
    }
}
