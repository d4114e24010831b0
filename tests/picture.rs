//! The graph as a picture: what holds for every layout, five of them written down, and the SVG made from them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "picture/drawing.rs"]
mod drawing;
#[path = "picture/graphs.rs"]
mod graphs;
#[path = "picture/layout.rs"]
mod layout;
#[path = "picture/sequence.rs"]
mod sequence;
#[path = "picture/snapshots.rs"]
mod snapshots;
