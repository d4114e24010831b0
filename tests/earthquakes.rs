//! The example `earthquakes`, run as a program.

#[path = "earthquakes/desk.rs"]
mod desk;
#[path = "earthquakes/kills.rs"]
mod kills;
#[path = "earthquakes/results.rs"]
mod results;
