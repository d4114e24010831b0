//! What a production does, seen from outside, each behaviour by its sentence. What must not compile is in `ui/`, failing
//! handlers and crashes are in `engine.rs`, the command line is in `cli.rs`.

#[path = "behaviours/bodies.rs"]
mod bodies;
#[path = "behaviours/items.rs"]
mod items;
#[path = "behaviours/order.rs"]
mod order;
#[path = "behaviours/outside.rs"]
mod outside;
#[path = "behaviours/requests.rs"]
mod requests;
#[path = "behaviours/routing.rs"]
mod routing;
#[path = "behaviours/terminal.rs"]
mod terminal;
#[path = "behaviours/threads.rs"]
mod threads;
