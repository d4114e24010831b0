//! The simulation as a scenario: many seeds, and each that fails with how to run it again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::figures::Figure;
use crate::scenarios::Scale;
use crate::simulation::{Simulated, simulate};
use crate::trouble::Result;

/// Runs this seed alone, and shows its trace.
const SEED: &str = "FAULT_SEED";

/// What came of all seeds so far.
#[derive(Debug, Default)]
struct Sum {
    seeds: u64,
    acked: usize,
    crashes: u64,
    failed_commits: u64,
    steps: u64,
    failures: Vec<String>,
}

/// Scenario 38.
pub(super) fn seeds(scale: Scale) -> Result<Vec<Figure>> {
    if let Ok(seed) = std::env::var(SEED) {
        let Simulated { verdict, trace, crashes, .. } = simulate(seed.parse()?)?;
        println!("   seed {seed}: trace {trace:016x}, {crashes} crashes, {verdict}");
        verdict.holds()?;
        return Ok(vec![Figure::shown("seed", seed)]);
    }
    let seeds = scale.of(200, 1_000);
    let (next, sum) = (AtomicU64::new(1), Mutex::new(Sum::default()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > seeds {
                        return;
                    }
                    let came = one(seed);
                    sum.lock().unwrap_or_else(PoisonError::into_inner).add(seed, came);
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(first) = sum.failures.first() {
        let all = sum.failures.len();
        return Err(format!("{all} of {seeds} seeds fail, the first of them: {first}").into());
    }
    Ok(vec![
        Figure::promise("seeds without a finding", seeds, sum.seeds, sum.seeds == seeds)?,
        Figure::shown("simulated", format!("{} minutes", sum.seeds * 10)),
        Figure::shown(
            "crashes; commits that failed; steps; acknowledged",
            format!("{}; {}; {}; {}", sum.crashes, sum.failed_commits, sum.steps, sum.acked),
        ),
    ])
}

/// One seed; a panic is a failure like any other.
fn one(seed: u64) -> Result<Simulated, String> {
    match catch_unwind(AssertUnwindSafe(|| simulate(seed))) {
        Ok(Ok(simulated)) if simulated.verdict.findings.is_empty() => Ok(simulated),
        Ok(Ok(simulated)) => Err(simulated.verdict.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("it panicked".to_owned()),
    }
}

impl Sum {
    fn add(&mut self, seed: u64, came: Result<Simulated, String>) {
        match came {
            Ok(simulated) => {
                self.seeds += 1;
                self.acked += simulated.verdict.acked;
                self.crashes += simulated.crashes;
                self.failed_commits += simulated.failed_commits;
                self.steps += simulated.steps;
            }
            Err(why) => {
                let why = format!("seed {seed}: {why}\n   run it again: {SEED}={seed} cargo run -p iop-fault -- 38");
                println!("   {why}");
                self.failures.push(why);
            }
        }
    }
}
