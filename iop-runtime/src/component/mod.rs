//! Components: what the attribute macros describe, and what a handler works with.
//!
//! A component is a Rust type; an *item* is its named place in a production. Nothing here knows a production or the
//! engine: a handler reaches them through [`Context`], behind the trait [`Turn`].

mod answers;
mod classes;
mod context;
mod describe;
mod effect;
mod error;
mod fan_out;
mod fields;
mod handlers;
mod input;
mod requests;
mod returns;
mod split;
mod streams;
mod target;
mod timers;

pub use answers::{DeferredResponse, Replied, RespondError};
pub use classes::{Classify, ErrorTable};
pub use context::{ByValue, Coming, Context, Incoming, Outgoing, Reach, Turn};
#[cfg(feature = "testing")]
pub(crate) use describe::instance_of;
pub use describe::{
    AdapterEntrance, Component, ComponentKind, ComponentType, Entrance, Instance, ItemConfig, TargetDecl,
};
pub use effect::Effect;
pub use error::{Disposition, Error, RequestError, Result};
pub use fan_out::{Chosen, NoAnswer, ToAll};
pub use fields::{Fields, IntoSetting, ItemOptions, Outlet, SettingField, TargetField, TargetsField, Wiring};
pub use handlers::{
    Answer, Answered, Answers, CheckHook, Checks, Completes, CompletionHandler, ErasedResponse, HandledMessage,
    HandlerTable, Handlers, Handles, Hook, Init, MessageHandler, Pending, Responds, Response, ResponseArgument,
    ResponseHandler, ResultOf, Teardown, check_hook, handled, init_hook, teardown_hook,
};
pub use input::{AdapterInput, InputHandler, PlainInput, PollInput, ProcessInput};
pub use requests::{AsyncRequest, Awaited, Call, CallResult, Calls, NgRequest, SyncRequest, gather};
pub use returns::{HandlerError, HandlerResult, NoValue, ResponseOf};
pub use split::{Piece, Pieces};
pub use streams::{Channel, Chunks, Duplex, DuplexRequest, EmitError, GeneratorRequest, Part};
pub use target::{
    Accepted, Awaitable, Carries, Each, MayBeAwaited, Messages, NeverAwaited, Only, Outward, Receives, Target,
    TargetDeclared, Targets,
};
pub use timers::{OnTimer, SetTimer, Timer, TimerArgument, TimerHook, timer_hook};
