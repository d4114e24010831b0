//! Shared fixtures of the tests.

pub mod rig;
