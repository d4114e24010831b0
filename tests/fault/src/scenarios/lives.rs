//! Lives of the engine: two at once, long-running processes over restarts, drains, an edited production.

use std::collections::BTreeMap;
use std::time::Duration;

use iop::message::{Status, SuspendReason};

use super::kills::{kept, repeated};
use super::trial::Trial;
use crate::books;
use crate::client::Client;
use crate::driver::Load;
use crate::engine::tail;
use crate::figures::Figure;
use crate::scenarios::Scale;
use crate::trouble::{Random, Result, percentile, until};

/// Scenario 9: a second engine on the store of one that runs, and after it was killed.
pub(super) fn two(scale: Scale) -> Result<Vec<Figure>> {
    let rounds = scale.of(5, 20);
    let trial = Trial::new()?;
    let mut slowest = Duration::ZERO;
    for _ in 0..rounds {
        let engine = trial.site.start()?;
        let mut second = trial.site.command(&["run"])?.spawn()?;
        let begin = std::time::Instant::now();
        let status = second.wait()?;
        slowest = slowest.max(begin.elapsed());
        if status.success() {
            return Err("a second engine ran on the store".into());
        }
        let said = tail(&trial.site.said());
        if !said.contains(&format!("process {} ", engine.id())) {
            return Err(format!("the refusal does not name the holder, process {}: {said}", engine.id()).into());
        }
        engine.kill()?;
    }
    Ok(vec![
        Figure::promise("second engines refused, and the holder named", rounds, rounds, true)?,
        Figure::measured(
            "refused within",
            "1 s",
            format!("{slowest:.0?}"),
            slowest < Duration::from_secs(1),
            "the machine was busy",
        ),
        Figure::promise("starts after a kill -9 of the holder", rounds, rounds, true)?,
    ])
}

/// Posts numbered bodies until each was taken.
pub(super) fn post_all(trial: &Trial, service: &str, numbers: &[u64], body: impl Fn(u64) -> String) -> Result<()> {
    let mut client = Client::of(&trial.site.store());
    for number in numbers {
        until("it is taken", Duration::from_secs(60), || {
            let answer =
                client.post(&format!("/api/v1/services/{service}"), &format!("{service}-{number}"), &body(*number));
            Ok(answer.is_ok_and(|answer| answer.status < 300))
        })?;
    }
    Ok(())
}

/// Scenario 20: processes that wait for three responses each, while the engine is killed again and again.
pub(super) fn waiting(scale: Scale) -> Result<Vec<Figure>> {
    let (cases, kills) = (scale.of(300, 10_000), scale.of(8, 40));
    let mut trial = Trial::new()?;
    trial.site.set("IOP__CLERK__PAUSE", "100ms");
    trial.site.set("IOP__CLERK__POOL_SIZE", "256");
    let numbers: Vec<u64> = (0..cases).map(|_| trial.ledger.send("case")).collect::<Result<_>>()?;
    let mut kill = 0;
    std::thread::scope(|scope| -> Result<()> {
        let trial = &trial;
        let sending: Vec<_> = numbers
            .chunks(numbers.len().div_ceil(8))
            .map(|numbers| {
                scope.spawn(|| post_all(trial, "casework", numbers, |number| format!(r#"{{"number":{number}}}"#)))
            })
            .collect();
        while kill < kills {
            let engine = trial.site.start()?;
            std::thread::sleep(Duration::from_millis(300));
            engine.kill()?;
            kill += 1;
        }
        let engine = trial.site.start()?;
        for sending in sending {
            sending.join().map_err(|_| "a sender panicked")??;
        }
        drop(engine);
        Ok(())
    })?;
    let verdict = trial.finish()?;
    let rows = books::read(&trial.site.store())?;
    let mut deliveries: BTreeMap<u64, u32> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is("Delivery") && row.status == Status::Completed) {
        *deliveries.entry(row.said.number).or_default() += 1;
    }
    let once = numbers.iter().filter(|number| deliveries.get(number) == Some(&1)).count();
    Ok(vec![
        Figure::promise("cases finished exactly once", cases, once, once as u64 == cases)?,
        no_suspects(&trial)?,
        Figure::shown("kills meanwhile", kill),
        repeated(&verdict),
    ])
}

/// Who is killed from outside has no message to suspect.
fn no_suspects(trial: &Trial) -> Result<Figure> {
    let rows = books::read(&trial.site.store())?;
    let suspects = rows.iter().filter(|row| row.reason == Some(SuspendReason::CrashSuspect)).count();
    Figure::promise("suspended as suspects of a crash", 0, suspects, suspects == 0)
}

/// Scenario 21: SIGTERM under load.
pub(super) fn drain(scale: Scale) -> Result<Vec<Figure>> {
    let drains = scale.of(8, 100);
    let mut trial = Trial::new()?;
    trial.site.set("IOP__IOP__STOP_GRACE", "10s");
    trial.site.set("IOP__STOP_GRACE", "10s");
    let driver = trial.drive(&Load::default());
    let mut random = Random::from_seed(21);
    let mut took = Vec::new();
    for _ in 0..drains {
        let engine = trial.site.start()?;
        std::thread::sleep(Duration::from_millis(random.between(50, 250)));
        let (time, status) = engine.stop()?;
        if !status.success() {
            return Err(format!("a drain ended with {status}: {}", tail(&trial.site.said())).into());
        }
        took.push(time);
    }
    let engine = trial.site.start()?;
    let engine_stopped = {
        driver.stop()?;
        engine.stop()?
    };
    took.push(engine_stopped.0);
    let verdict = trial.finish()?;
    let slowest = percentile(&took, 100);
    let mut figures = kept(&verdict)?;
    figures.extend([
        Figure::promise("duplicates that a drain made", 0, verdict.duplicates, verdict.duplicates == 0)?,
        Figure::measured(
            "ended within",
            "grace (10 s) + 1 s",
            format!("{slowest:.1?}"),
            slowest < Duration::from_secs(11),
            "the machine was busy",
        ),
        Figure::shown("drains under load", drains),
    ]);
    Ok(figures)
}

/// Scenario 23: the production is edited under its messages, again and again.
pub(super) fn edited(scale: Scale) -> Result<Vec<Figure>> {
    let edits = scale.of(6, 100);
    let mut trial = Trial::new()?;
    let driver = trial.drive(&Load::default());
    let mut random = Random::from_seed(23);
    let mut refused = 0;
    for edit in 0..edits {
        trial.site.run_production(if edit % 2 == 0 { "works" } else { "edited" });
        let engine = match trial.site.start() {
            Ok(engine) => engine,
            Err(_) => {
                // It says what would be orphaned: a person decides that it is held.
                refused += 1;
                trial.site.start_holding()?
            }
        };
        std::thread::sleep(Duration::from_millis(random.between(50, 250)));
        engine.kill()?;
    }
    trial.site.run_production("works");
    let engine = match trial.site.start() {
        Ok(engine) => engine,
        Err(_) => trial.site.start_holding()?,
    };
    let verdict = trial.end(driver, engine)?;
    let mut figures = kept(&verdict)?;
    figures.extend([
        no_suspects(&trial)?,
        Figure::shown("edits under load, each with a kill -9", edits),
        Figure::shown("starts that wanted a decision (`--orphans=hold --changed=hold`)", refused),
        Figure::shown("audit", &verdict),
    ]);
    Ok(figures)
}
