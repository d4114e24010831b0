//! What is outside in the simulation: a target that is out now and then, and the ledger of who sends.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use iop::prelude::*;

use crate::ledger::Acked;
use crate::production::Delivery;
use crate::target::Delivered;
use crate::trouble::Random;

/// Everything outside, and a hash of all that happened there and when.
#[derive(Debug)]
pub(super) struct World(Mutex<State>);

#[derive(Debug)]
struct State {
    random: Random,
    begin: tokio::time::Instant,
    out: bool,
    numbers: u64,
    sent: BTreeSet<u64>,
    acked: Vec<Acked>,
    delivered: Vec<Delivered>,
    hash: DefaultHasher,
}

/// What a component starts with that no simulation has made: it is never used.
impl Default for World {
    fn default() -> Self {
        Self::from_seed(0)
    }
}

impl World {
    pub(super) fn from_seed(seed: u64) -> Self {
        Self(Mutex::new(State {
            random: Random::from_seed(seed),
            begin: tokio::time::Instant::now(),
            out: false,
            numbers: 0,
            sent: BTreeSet::new(),
            acked: Vec::new(),
            delivered: Vec::new(),
            hash: DefaultHasher::new(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From `low` up to but without `high`, by chance.
    pub(super) fn between(&self, low: u64, high: u64) -> u64 {
        self.state().random.between(low, high)
    }

    pub(super) fn send(&self) -> u64 {
        let mut state = self.state();
        state.numbers += 1;
        let number = state.numbers;
        state.sent.insert(number);
        number
    }

    pub(super) fn acknowledge(&self, number: u64, lane: &str) {
        let mut state = self.state();
        state.note("acked", number);
        state.acked.push(Acked { number, lane: lane.to_owned() });
    }

    /// The target cannot be reached, or can again.
    pub(super) fn set_out(&self, out: bool) {
        self.state().out = out;
    }

    /// Something happened that belongs to the trace.
    pub(super) fn note(&self, what: &str, number: u64) {
        self.state().note(what, number);
    }

    pub(super) fn sent(&self) -> BTreeSet<u64> {
        self.state().sent.clone()
    }

    pub(super) fn acked(&self) -> Vec<Acked> {
        self.state().acked.clone()
    }

    pub(super) fn delivered(&self) -> Vec<Delivered> {
        self.state().delivered.clone()
    }

    pub(super) fn hash(&self) -> u64 {
        self.state().hash.finish()
    }

    /// What becomes of a delivery: whether it arrives, and whether its sender hears of that.
    fn deliver(&self, delivery: &Delivery, key: &str) -> std::result::Result<(), &'static str> {
        let mut state = self.state();
        let chance = state.random.between(0, 100);
        if state.out || chance < 3 {
            return Err("the target is out");
        }
        state.note("delivered", delivery.number);
        let Delivery { number, lane } = delivery;
        state.delivered.push(Delivered { number: *number, lane: lane.clone(), key: key.to_owned() });
        if chance < 5 { Err("the target has it, and the answer was lost") } else { Ok(()) }
    }
}

impl State {
    fn note(&mut self, what: &str, number: u64) {
        (self.begin.elapsed().as_micros(), what, number).hash(&mut self.hash);
    }
}

/// Stands in for the operation that talks to the target.
#[business_operation]
pub(super) struct Wire {
    pub(super) world: Arc<World>,
}

#[handlers]
impl Wire {
    async fn deliver(&mut self, delivery: Delivery, cx: &mut Context) -> Result {
        let pause = self.world.between(100, 20_000);
        tokio::time::sleep(Duration::from_micros(pause)).await;
        self.world.deliver(&delivery, &cx.idempotency_key().to_string()).map_err(Error::unavailable)
    }
}
