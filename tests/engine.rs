//! The engine, against a store in memory and with virtual time: order, failures, recovery, processes that wait.

#![allow(missing_docs, unreachable_pub, reason = "the components of tests document themselves")]

#[path = "engine/control.rs"]
mod control;
#[path = "engine/front.rs"]
mod front;
#[path = "engine/jobs.rs"]
mod jobs;
#[path = "engine/keys.rs"]
mod keys;
#[path = "engine/kit.rs"]
mod kit;
#[path = "engine/limits.rs"]
mod limits;

#[path = "engine/again.rs"]
mod again;
#[path = "engine/alerts.rs"]
mod alerts;
#[path = "engine/answers.rs"]
mod answers;
#[path = "engine/brought.rs"]
mod brought;
#[path = "engine/callers.rs"]
mod callers;
#[path = "engine/classes.rs"]
mod classes;
#[path = "engine/cut.rs"]
mod cut;
#[path = "engine/decisions.rs"]
mod decisions;
#[path = "engine/effects.rs"]
mod effects;
#[path = "engine/express.rs"]
mod express;
#[path = "engine/failures.rs"]
mod failures;
#[path = "engine/hops.rs"]
mod hops;
#[path = "engine/housekeeping.rs"]
mod housekeeping;
#[path = "engine/inputs.rs"]
mod inputs;
#[path = "engine/moving.rs"]
mod moving;
#[path = "engine/order.rs"]
mod order;
#[path = "engine/outside.rs"]
mod outside;
#[path = "engine/panics.rs"]
mod panics;
#[path = "engine/pausing.rs"]
mod pausing;
#[path = "engine/processes.rs"]
mod processes;
#[path = "engine/recorded.rs"]
mod recorded;
#[path = "engine/recovery.rs"]
mod recovery;
#[path = "engine/speculation.rs"]
mod speculation;
#[path = "engine/store_failure.rs"]
mod store_failure;
#[path = "engine/streams.rs"]
mod streams;
#[path = "engine/timers.rs"]
mod timers;
#[path = "engine/waiting.rs"]
mod waiting;
