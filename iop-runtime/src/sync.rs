//! What threads share: the locks and atomics of the standard library, in the files whose order of steps is worth trying.
//!
//! In the tests named `schedules`, built with `--cfg shuttle`, they are those of a scheduler that runs one thread at a time and
//! changes between them wherever they touch each other, thousands of times in other orders. It knows no weak memory: what a fence
//! is for, it does not see.

#[cfg(all(test, shuttle))]
pub(crate) use shuttle::sync::{Condvar, Mutex, MutexGuard, atomic};
#[cfg(not(all(test, shuttle)))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, atomic};

/// Orders that a test is run in: so many at random, and as many of those that a few badly placed changes make.
#[cfg(all(test, shuttle))]
const ORDERS: usize = 10_000;

/// Runs a test in many orders of its threads. One in which they wait for each other for ever fails, and so does what
/// panics; the output says how to run that order again.
#[cfg(all(test, shuttle))]
pub(crate) fn in_many_orders(test: impl Fn() + Clone + Send + Sync + 'static) {
    shuttle::check_random(test.clone(), ORDERS);
    shuttle::check_pct(test, ORDERS, 3);
}
