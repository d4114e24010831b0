//! Shared fixtures of the tests.

pub mod http;
pub mod lab;
pub mod program;
pub mod rig;
