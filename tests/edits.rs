//! What people change while a production runs: settings that are read once more, lookup tables; and what no output of
//! it may say.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "edits/desk.rs"]
mod desk;
#[path = "edits/reload.rs"]
mod reload;
#[path = "edits/secrets.rs"]
mod secrets;
#[path = "edits/tables.rs"]
mod tables;
