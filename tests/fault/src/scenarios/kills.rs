//! Kills: of the engine at random moments under load, and at each of its system calls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use iop::message::Status;

use super::trial::Trial;
use crate::audit::{Invariant, Verdict};
use crate::driver::{Load, order, put_file};
use crate::engine::is_there;
use crate::figures::Figure;
use crate::scenarios::Scale;
use crate::trouble::{Random, Result, percentile};

/// Figures of the invariants that every scenario keeps.
pub(super) fn kept(verdict: &Verdict) -> Result<Vec<Figure>> {
    let promise = |what, invariant| {
        let broken = verdict.broken(invariant);
        Figure::promise(what, 0, broken, broken == 0)
    };
    Ok(vec![
        promise("acknowledged and lost", Invariant::A1)?,
        promise("breaks of order", Invariant::A4)?,
        promise("derived twice inside, or not at all", Invariant::A3)?,
    ])
}

/// The rate of what the target got more than once.
pub(super) fn repeated(verdict: &Verdict) -> Figure {
    let rate = 100.0 * verdict.duplicates as f64 / verdict.delivered.max(1) as f64;
    Figure::shown("delivered more than once, under the same key", format!("{} ({rate:.2} %)", verdict.duplicates))
}

/// Scenario 1: kill -9, 20 to 500 ms after the engine is ready, load on.
pub(super) fn random(scale: Scale) -> Result<Vec<Figure>> {
    let kills = scale.of(20, 200);
    let trial = Trial::new()?;
    let driver = trial.drive(&Load::default());
    let mut random = Random::from_seed(1);
    let mut ready = Vec::new();
    for _ in 0..kills {
        let mut engine = trial.site.launch()?;
        ready.push(engine.until_ready(&trial.site)?);
        std::thread::sleep(Duration::from_millis(random.between(20, 500)));
        engine.kill()?;
    }
    let engine = trial.site.start()?;
    let verdict = trial.end(driver, engine)?;
    let mut figures = kept(&verdict)?;
    figures.extend([
        Figure::shown("kills survived without a person", format!("{kills} of {kills}")),
        Figure::shown("suspended as suspects of a crash", verdict.in_state(Status::Suspended)),
        repeated(&verdict),
        Figure::measured(
            "ready after a kill, p99",
            "2 s",
            format!("{:.0?}", percentile(&ready, 99)),
            percentile(&ready, 99) <= Duration::from_secs(2),
            "the machine was busy",
        ),
        Figure::shown("audit", verdict),
    ]);
    Ok(figures)
}

/// The system calls that change what is on the disk.
const WRITES: &str = "write,pwrite64,fdatasync,fsync,rename,renameat,renameat2,unlink,ftruncate,linkat,mkdir";

/// Scenario 2: killed at the k-th call that changes the disk, from the making of the store to the last commit.
pub(super) fn each_call(scale: Scale) -> Result<Vec<Figure>> {
    if !is_there("strace") {
        return Ok(vec![Figure::skipped("crash points", "there is no strace")]);
    }
    let points = scale.of(60, 800);
    let (next, reached, beyond) = (AtomicU64::new(1), AtomicU64::new(0), AtomicU64::new(0));
    // The life of a few messages has so many of these calls; the short set tries some of them.
    let stride = scale.of(5, 1);
    let walk = || -> Result<()> {
        while reached.load(Ordering::Relaxed) < points && beyond.load(Ordering::Relaxed) < 6 {
            let at = next.fetch_add(stride, Ordering::Relaxed);
            let lap = at / LAP;
            if one_call(1 + at % LAP, lap)? {
                reached.fetch_add(1, Ordering::Relaxed);
                beyond.store(0, Ordering::Relaxed);
            } else if beyond.fetch_add(1, Ordering::Relaxed) == 4 {
                // Its end is behind us: another lap, with more messages.
                next.store((lap + 1) * LAP, Ordering::Relaxed);
                beyond.store(0, Ordering::Relaxed);
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| -> Result<()> {
        let other = scope.spawn(walk);
        walk()?;
        other.join().map_err(|_| "a walk panicked")?
    })?;
    let reached = reached.into_inner();
    let survived = reached;
    Ok(vec![
        Figure::promise("crash points survived", "all", format!("{survived} of {reached}"), survived == reached)?,
        Figure::measured(
            "crash points tried",
            format!("{points} or more"),
            reached,
            reached >= points,
            "the life of the messages has no more of them",
        ),
    ])
}

/// More calls than the life of a few messages has.
const LAP: u64 = 10_000;

/// `false` where the engine came to its end before the call; an error where anything was lost.
fn one_call(at: u64, lap: u64) -> Result<bool> {
    let mut trial = Trial::new()?;
    std::fs::create_dir_all(trial.site.inbox())?;
    let messages = 3 + 3 * lap;
    let lane_of = |number: u64| if number.is_multiple_of(2) { "file-1" } else { "file-0" };
    for lane in (1..=messages).map(lane_of) {
        let number = trial.ledger.send(lane)?;
        put_file(&trial.site.inbox(), &format!("{number:08}.json"), &order(number, lane, "", 20))?;
    }
    // Each call by itself: strace counts for each of them.
    let inject = format!("inject={WRITES}:signal=SIGKILL:when={at}");
    trial.site.wrap(&["strace", "-f", "-qqq", "-o", "/dev/null", "-e", &inject]);
    let killed = trial.site.finish()?.code() != Some(0);
    trial.site.wrap(&[]);
    for number in 1..=messages {
        let name = format!("{number:08}.json");
        if trial.site.inbox().join(".archive").join(&name).exists() {
            trial.ledger.acknowledge(number, lane_of(number))?;
        }
    }
    trial.finish().map_err(|error| format!("killed at call {at}: {error}"))?;
    // Whether acknowledged or not, a file that was put there is taken once.
    let got = trial.site.target.delivered();
    let all = (1..=messages).all(|number| got.iter().any(|one| one.number == number));
    if all { Ok(killed) } else { Err(format!("killed at call {at}: not every file was taken").into()) }
}
