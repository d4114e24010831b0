//! The one API: what a production shows of itself, who may ask, in process and from outside.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "api/reads.rs"]
mod reads;
