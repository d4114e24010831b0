//! The test kit, tested: what it shows of a component and of a production, and that it says clearly what is wrong.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    reason = "components of tests document themselves"
)]

#[path = "testing/crashes.rs"]
mod crashes;
#[path = "testing/harness.rs"]
mod harness;
#[path = "testing/hospital.rs"]
mod hospital;
#[path = "testing/production.rs"]
mod production;
#[path = "testing/replay.rs"]
mod replay;
#[path = "testing/streams.rs"]
mod streams;
