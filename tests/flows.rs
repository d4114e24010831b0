//! Enterprise integration patterns, each by its sentence: fan-out, routers, splitters, aggregators, wire taps.

#![allow(missing_docs, unreachable_pub, reason = "the components of tests document themselves")]

#[path = "flows/fan_out.rs"]
mod fan_out;
#[path = "flows/fires.rs"]
mod fires;
#[path = "flows/groups.rs"]
mod groups;
#[path = "flows/kills.rs"]
mod kills;
#[path = "flows/routers.rs"]
mod routers;
#[path = "flows/taps.rs"]
mod taps;
#[path = "flows/warehouse.rs"]
mod warehouse;
