//! Tests of the file adapters, without an engine.

mod inbound;
mod outbound;
