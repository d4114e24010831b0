//! HL7 over MLLP with an engine, a store and a network: what is acknowledged, what is refused, and what a kill, a stop and a
//! full disk leave.

#![cfg(unix)]

#[path = "mllp/caller.rs"]
mod caller;
#[path = "mllp/ends.rs"]
mod ends;
#[path = "mllp/forward.rs"]
mod forward;
#[path = "mllp/listens.rs"]
mod listens;
