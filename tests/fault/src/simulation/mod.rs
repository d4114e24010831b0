//! The engine's core in a simulation: one thread, virtual time, a store that fails, a target that is out, crashes at any
//! moment; all of it by chance from a seed, and the same again for the same seed.
//!
//! A run lasts ten minutes of virtual time and more. At its end everything heals, the production comes to rest, and the auditor
//! judges as it does after a real fault.

mod faulty;
mod world;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use iop::clock::{Timestamp, TokioClock};
use iop::message::MessageId;
use iop::store::Store;
use iop::store::memory::MemoryStore;
use iop::testing::{TestProduction, TestRun};

use self::faulty::{Faulty, Handle};
use self::world::{Wire, World};
use crate::audit::{Evidence, Verdict, judge};
use crate::books;
use crate::driver::order;
use crate::production::{Outside, Works};
use crate::trouble::{Random, Result};

/// How long the faults of a run last, in virtual time.
const TIME: Duration = Duration::from_secs(600);

/// After this much virtual time without faults everything is at rest, or never will be.
const REST: Duration = Duration::from_secs(3_600);

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Simulated {
    pub(crate) verdict: Verdict,
    /// The same for the same seed.
    pub(crate) trace: u64,
    pub(crate) crashes: u64,
    pub(crate) failed_commits: u64,
    pub(crate) steps: u64,
}

/// Runs one seed.
pub(crate) fn simulate(seed: u64) -> Result<Simulated> {
    iop::testing::run(run(seed))
}

async fn run(seed: u64) -> Result<Simulated> {
    let clock = Arc::new(TokioClock::starting_at(Timestamp(1_700_000_000_000_000)));
    let faulty = Faulty::before(MemoryStore::new(clock.clone()), seed ^ 0x5707e);
    let store: Arc<dyn Store> = Arc::new(Handle(Arc::clone(&faulty)));
    let world = Arc::new(World::from_seed(seed ^ 0x3041d));
    let wire = {
        let world = Arc::clone(&world);
        move || Wire { world: Arc::clone(&world) }
    };
    let production = TestProduction::<Works>::new()
        .replace::<Outside, Wire>("outside", wire)
        .without_services()
        .store(Arc::clone(&store), clock);
    let run = production.start().await;
    let end = tokio::time::Instant::now() + TIME;
    let senders = join_all((0..4).map(|lane| send(&run, &world, seed, lane, end)));
    let (_, crashes) = tokio::join!(senders, trouble(&run, &faulty, &world, seed, end));
    world.set_out(false);
    if tokio::time::timeout(REST, run.until_idle()).await.is_err() {
        return Err(format!("it does not come to rest: {:?}", store.queues().await).into());
    }
    let rows = books::of(&*store).await?;
    let mut trace = DefaultHasher::new();
    world.hash().hash(&mut trace);
    for row in &rows {
        (&row.id, row.sequence, row.status.as_str()).hash(&mut trace);
    }
    let evidence = Evidence { sent: world.sent(), acked: world.acked(), delivered: world.delivered(), rows };
    let counts = faulty.counts();
    Ok(Simulated {
        verdict: judge(&evidence),
        trace: trace.finish(),
        crashes,
        failed_commits: counts.refused + counts.unknown,
        steps: counts.steps,
    })
}

/// A lane that sends orders in bursts, each when the last one was taken; and now and then a case or an alarm.
async fn send(run: &TestRun, world: &World, seed: u64, lane: u64, end: tokio::time::Instant) {
    let mut random = Random::from_seed(seed ^ (lane + 1) << 32);
    let name = format!("lane-{lane}");
    while tokio::time::Instant::now() < end {
        for _ in 0..random.between(1, 5) {
            let number = world.send();
            match random.between(0, 40) {
                0 => taken(run, seed, number, "casework", &format!(r#"{{"number":{number}}}"#)).await,
                1 => {
                    let after = random.between(10, 60_000);
                    taken(run, seed, number, "waking", &format!(r#"{{"number":{number},"after_ms":{after}}}"#)).await;
                }
                chance => {
                    let trouble = match chance {
                        2 => "poison",
                        3 => "hang",
                        4 | 5 => "slow",
                        _ => "",
                    };
                    taken(run, seed, number, "intake", &order(number, &name, trouble, 8)).await;
                    world.acknowledge(number, &name);
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(random.between(1, 60_000))).await;
    }
}

/// Calls until the call is answered, under one id.
async fn taken(run: &TestRun, seed: u64, number: u64, service: &str, body: &str) {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&seed.to_be_bytes());
    id[8..].copy_from_slice(&number.to_be_bytes());
    let id = MessageId::from_bytes(id);
    loop {
        let director = run.director();
        let call = director.call_json(service, None, body.as_bytes(), Some(id));
        if matches!(tokio::time::timeout(Duration::from_secs(5), call).await, Ok(Ok(_))) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Crashes, outages, items that are stopped and started; how often it crashed.
async fn trouble(run: &TestRun, faulty: &Faulty, world: &World, seed: u64, end: tokio::time::Instant) -> u64 {
    let mut random = Random::from_seed(seed ^ 0x7a0b1e);
    let mut crashes = 0;
    let mut next = tokio::time::Instant::now();
    loop {
        // Looked at often: a store that stalls is a machine that is off.
        tokio::time::sleep(Duration::from_millis(100)).await;
        if faulty.is_stalled() {
            crash(run, faulty, world, &mut crashes).await;
        }
        let now = tokio::time::Instant::now();
        if now >= end {
            break;
        }
        if now < next {
            continue;
        }
        next = now + Duration::from_millis(random.between(100, 40_000));
        match random.between(0, 10) {
            0..4 => crash(run, faulty, world, &mut crashes).await,
            4 | 5 => world.set_out(true),
            6 | 7 => world.set_out(false),
            8 => {
                let item = ["desk", "outside", "tally", "clerk"][usize::try_from(random.between(0, 4)).unwrap_or(0)];
                let stop = iop::engine::Stop::Drain(Duration::from_millis(random.between(0, 500)));
                // A production that is starting over has no item to stop.
                drop(run.director().stop_item(item, stop).await);
                tokio::time::sleep(Duration::from_millis(random.between(0, 2_000))).await;
                drop(run.director().start_item(item).await);
            }
            _ => {}
        }
    }
    faulty.heal();
    // Whatever was stopped or has given up runs again.
    crash(run, faulty, world, &mut crashes).await;
    crashes
}

async fn crash(run: &TestRun, faulty: &Faulty, world: &World, crashes: &mut u64) {
    *crashes += 1;
    world.note("crash", *crashes);
    let faults = faulty.works_again();
    run.crash().await;
    faulty.goes_on(faults);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_trace_again_and_another_one_another() {
        let trace = |seed| simulate(seed).expect("it comes to rest").trace;
        for seed in [3, 4] {
            assert_eq!(trace(seed), trace(seed), "seed {seed}");
        }
        assert_ne!(trace(3), trace(4));
    }
}
