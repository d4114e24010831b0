//! S3: a service that other code calls.
//!
//! IoP: `BusinessService` with `on_process_input(message)`. The director calls it with a typed message or with JSON, and gets its
//! response; see S5 for both.
//!
//! ```text
//! cargo run --bin s3_service -- test service -b '{"request_string": "hello"}'
//! ```

use iop::prelude::*;

use super::messages::{MyRequest, MyResponse};

/// Answers whoever calls it.
#[business_service]
pub struct MyBusinessService;

#[handlers]
impl MyBusinessService {
    async fn on_process_input(&mut self, request: MyRequest) -> Result<MyResponse> {
        info!("got {:?}", request.request_string);
        Ok(MyResponse { my_string: "MyBusinessService:on_process_input() echos".into() })
    }
}

production! {
    /// One service.
    pub OneService {
        service: MyBusinessService {},
    }
}
