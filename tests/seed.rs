//! The seed examples do what somebody who knows IoP expects of them: S1 to S9, each with what it must show.

#[path = "seed/s1_operation.rs"]
mod s1_operation;
#[path = "seed/s2_catalogue.rs"]
mod s2_catalogue;
#[path = "seed/s3_service.rs"]
mod s3_service;
#[path = "seed/s4_polling_service.rs"]
mod s4_polling_service;
#[path = "seed/s5_director.rs"]
mod s5_director;
#[path = "seed/s5_flask.rs"]
mod s5_flask;
#[path = "seed/s6_process.rs"]
mod s6_process;
#[path = "seed/s7_gather.rs"]
mod s7_gather;
#[path = "seed/s8_callbacks.rs"]
mod s8_callbacks;
#[path = "seed/s9_multi_request.rs"]
mod s9_multi_request;

use iop_examples::seed::messages::MyRequest;

/// The request of most of them.
fn my_request() -> MyRequest {
    MyRequest { request_string: "hello".into() }
}
