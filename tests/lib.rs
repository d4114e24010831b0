//! Shared fixtures of the tests.

pub mod child;
pub mod http;
pub mod lab;
pub mod program;
pub mod rig;
