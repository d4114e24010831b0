//! Shared fixtures of the tests.

pub mod http;
pub mod lab;
pub mod rig;
