//! The one API: what a production shows of itself, who may ask, in process and from outside.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "api/access.rs"]
mod access;
#[path = "api/documented.rs"]
mod documented;
#[path = "api/drives.rs"]
mod drives;
#[path = "api/open.rs"]
mod open;
#[path = "api/reads.rs"]
mod reads;
#[path = "api/schema.rs"]
mod schema;
#[path = "api/secrets.rs"]
mod secrets;
#[path = "api/watches.rs"]
mod watches;
