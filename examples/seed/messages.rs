//! The messages that travel in the seed productions.
//!
//! IoP: classes that derive from `Message` with `@dataclass`. There, which response a request has is left to its receiver;
//! here the request says it, and the receiver is held to it.

use iop::prelude::*;

#[message(response = MyResponse)]
pub struct MyRequest {
    pub request_string: String,
}

#[message]
pub struct MyResponse {
    pub my_string: String,
}

#[message(response = MyReply)]
pub struct MyMessage {
    pub message: String,
}

#[message]
pub struct MyReply {
    pub message: String,
}
