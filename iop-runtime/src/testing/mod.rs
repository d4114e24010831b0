//! The test kit: one component without an engine ([`Harness`]), and a whole production in the test's own process
//! ([`TestProduction`]), with crashes where the test wants them ([`for_every_crash`]).
//!
//! It is behind the feature `testing`, for `[dev-dependencies]` only:
//!
//! ```toml
//! [dev-dependencies]
//! iop = { package = "iop-runtime", path = "../iop/iop-runtime", features = ["testing"] }
//! tokio = { version = "1", features = ["macros", "rt", "test-util"] }
//! ```
//!
//! Time is virtual in a test with `#[tokio::test(start_paused = true)]`, and in [`run`]: an hour of retries takes
//! milliseconds. Tests of one process run side by side and share nothing.

mod book;
mod crash;
mod frozen;
mod handled;
mod harness;
mod locked;
mod log;
mod production;
mod run;
mod streams;
mod stub;
mod trace;
mod turns;

pub use self::book::NoResponse;
pub use self::crash::{Crash, Crashes, EveryCrash, for_every_crash};
pub use self::handled::{Handled, Later, Sent, SentMessage};
pub use self::harness::{Harness, target};
pub use self::locked::{assert_messages_locked, assert_messages_locked_in};
pub use self::production::TestProduction;
pub use self::run::TestRun;
pub use self::stub::Stub;
pub use self::trace::Trace;
pub use crate::engine::CrashPoint;
pub use crate::replay::Replay;

/// Runs a test with virtual time, where `#[tokio::test(start_paused = true)]` is not at hand.
///
/// # Panics
/// Where the test does, or there is no runtime to be had.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    match runtime {
        Ok(runtime) => runtime.block_on(test),
        Err(error) => panic!("no runtime for the test: {error}"),
    }
}
