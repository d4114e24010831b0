//! S6: a process in the middle of a chain.
//!
//! IoP: `BusinessProcess` is `#[business_process]`, and its `on_message` is called by services, processes and operations. Where it
//! asks somebody else, IoP names the item in a string; here the target is a typed field and `production!` wires it.
//!
//! ```text
//! cargo run --bin s6_process -- test service -b '{"request_string": "hello"}'
//! ```

use iop::prelude::*;

use super::messages::{MyRequest, MyResponse};
use super::s1_operation::MyBusinessOperation;
use super::s2_catalogue::Announcer;

/// Asks an operation, and answers in its own name.
#[business_process]
pub struct MyBusinessProcess {
    #[target]
    operation: Target<MyRequest>,
}

#[handlers]
impl MyBusinessProcess {
    async fn on_message(&mut self, request: MyRequest, cx: &mut Context) -> Result<MyResponse> {
        info!("got {:?}", request.request_string);
        let response = cx.send_request_sync(&self.operation, request).await?;
        info!("the operation says {:?}", response.my_string);
        Ok(MyResponse { my_string: "MyBusinessProcess:on_message() echos".into() })
    }
}

production! {
    /// Service, process, operation.
    pub Chain {
        service: Announcer { out: process },
        process: MyBusinessProcess { operation: operation },
        operation: MyBusinessOperation {},
    }
}
