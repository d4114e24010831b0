//! Interoperability productions: typed, stored messages between components whose wiring the compiler checks.

#![allow(
    rustdoc::private_intra_doc_links,
    reason = "the head of a module is for those who read its source; on the web such a link is plain text"
)]

extern crate self as iop;

#[doc(hidden)]
pub mod __private;
pub mod adapter;
mod cli;
pub mod clock;
pub mod component;
pub mod director;
pub mod engine;
pub mod events;
pub mod message;
pub mod production;
pub mod settings;
pub mod store;

pub use cli::run;
pub use iop_macros::{business_operation, business_process, business_service, handlers, message, production};

/// What a production's source file needs.
pub mod prelude {
    pub use std::process::ExitCode;
    pub use std::time::Duration;

    pub use tracing::{debug, error, info, trace, warn};

    // Not by way of this crate: its modules `message` and `production` would come along.
    pub use iop_macros::{business_operation, business_process, business_service, handlers, message, production};

    pub use crate::component::{
        Call, CallResult, Context, Error, Pending, RequestError, Response, Result, Target, Targets, gather,
    };
    pub use crate::message::{Message, MessageId, SessionId};
}
