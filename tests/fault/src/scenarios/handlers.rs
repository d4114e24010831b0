//! Handlers that should not do what they do: poison, panics, aborts, hanging and blocking ones.

use std::time::{Duration, Instant};

use iop::message::{Status, SuspendReason};

use super::kills::kept;
use super::trial::Trial;
use crate::audit::Verdict;
use crate::books;
use crate::client::Client;
use crate::driver::{Load, order};
use crate::figures::Figure;
use crate::scenarios::Scale;
use crate::trouble::{Result, percentile, until};

/// Drives so many orders, and gives how many were delivered a second meanwhile, with what the auditor says.
fn run(trial: &Trial, load: &Load, orders: u64) -> Result<(f64, Verdict, bool)> {
    let engine = trial.site.start()?;
    let start = Instant::now();
    let driver = trial.drive(load);
    until("enough was acknowledged", Duration::from_secs(300), || Ok(trial.ledger.acked_count() as u64 >= orders))?;
    // What waits behind poison is delivered later: that it does is proved below, and is not what the rate is about.
    let rate = trial.site.target.count() as f64 / start.elapsed().as_secs_f64();
    driver.stop()?;
    let good = trial.ledger.acked().iter().filter(|acked| (load.trouble)(acked.number).is_empty()).count();
    until("good orders are delivered", Duration::from_secs(120), || Ok(trial.site.target.count() >= good))?;
    let mut engine = engine;
    let alive = engine.ended()?.is_none();
    // What is poison is suspended after its last attempt.
    let bad = trial.ledger.acked_count() - good;
    if bad > 0 {
        let mut client = Client::of(&trial.site.store());
        until("what is poison is suspended", Duration::from_secs(60), || {
            let status: serde_json::Value = serde_json::from_str(&client.get("/api/v1/status")?.body)?;
            let desk = status["items"].as_array().into_iter().flatten().find(|item| item["name"] == "desk").cloned();
            let waits = desk.is_some_and(|desk| desk["queued"] == 0 && desk["retrying"] == 0);
            Ok(waits)
        })?;
    }
    engine.stop()?;
    Ok((rate, trial.finish()?, alive))
}

fn suspended_for(trial: &Trial, reason: SuspendReason) -> Result<usize> {
    let rows = books::read(&trial.site.store())?;
    Ok(rows.iter().filter(|row| row.status == Status::Suspended && row.reason == Some(reason)).count())
}

const WIDE: Load = Load { lanes: 48, file_lanes: 0, pause: Duration::ZERO, trouble: |_| "", filler: 100 };

/// Scenario 10: one order of a hundred is poison. Runs without and with it take turns, for one is hardly longer than a second,
/// and the disk of a shared machine has moods that last longer.
pub(super) fn poison(scale: Scale) -> Result<Vec<Figure>> {
    let (orders, rounds) = (scale.of(1_000, 5_000), scale.of(1, 5));
    let load = Load { trouble: |number| if number % 100 == 50 { "poison" } else { "" }, ..WIDE };
    let (mut without, mut with, mut figures) = (Vec::new(), Vec::new(), Vec::new());
    let (mut bad, mut suspended) = (0, 0);
    for _ in 0..rounds {
        without.push(run(&Trial::new()?, &WIDE, orders)?.0);
        let trial = Trial::new()?;
        let (rate, verdict, _) = run(&trial, &load, orders)?;
        with.push(rate);
        figures = kept(&verdict)?;
        bad += trial.ledger.acked().iter().filter(|acked| acked.number % 100 == 50).count();
        suspended += suspended_for(&trial, SuspendReason::Poison)?;
    }
    let share = 100.0 * median(&mut with) / median(&mut without);
    figures.extend([
        Figure::promise("poison suspended after five attempts", bad, suspended, suspended == bad)?,
        Figure::measured(
            &format!("throughput of good orders beside poison, medians of {rounds} runs that took turns"),
            "90 % of a run without",
            format!("{share:.0} %"),
            share >= 90.0,
            "a poisoned order holds its lane, one of 48, for its five attempts",
        ),
    ]);
    Ok(figures)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Scenario 11: an order that ends the process.
pub(super) fn deadly(_: Scale) -> Result<Vec<Figure>> {
    let trial = Trial::new()?;
    let mut engine = trial.site.start()?;
    let driver = trial.drive(&Load { lanes: 4, file_lanes: 0, ..Load::default() });
    trial.acknowledged(50)?;
    let number = trial.ledger.send("deadly")?;
    let killer = order(number, "deadly", "abort", 10);
    // Whoever sends it may not live to hear the answer.
    drop(Client::of(&trial.site.store()).post("/api/v1/services/intake", &format!("order-{number}"), &killer));
    until("it ends the engine", Duration::from_secs(20), || Ok(engine.ended()?.is_some()))?;
    let mut deaths = 0;
    let engine = loop {
        // A start may be the one that it ends.
        let mut engine = trial.site.launch()?;
        let lived = engine.until_ready(&trial.site).is_ok() && {
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_secs(2) && engine.ended()?.is_none() {
                std::thread::sleep(Duration::from_millis(10));
            }
            engine.ended()?.is_none()
        };
        if lived {
            break engine;
        }
        deaths += 1;
        if deaths > 6 {
            return Err("the order ends every start".into());
        }
    };
    let verdict = trial.end(driver, engine)?;
    let suspects = suspended_for(&trial, SuspendReason::CrashSuspect)?;
    let mut figures = kept(&verdict)?;
    figures.extend([
        Figure::promise("isolated as the suspect", 1, suspects, suspects == 1)?,
        // The first death is that of the engine it was sent to.
        Figure::promise("deaths before it was isolated", 3, deaths + 1, deaths == 2)?,
    ]);
    Ok(figures)
}

/// Scenario 12: handlers that panic.
pub(super) fn panics(scale: Scale) -> Result<Vec<Figure>> {
    let panics = scale.of(500, 10_000);
    let mut trial = Trial::new()?;
    trial.site.set("IOP__DESK__BACKOFF", "1ms");
    trial.site.set("IOP__LOG", "error");
    // Every second order panics, on each of its five attempts.
    let load = Load { trouble: |number| if number % 2 == 0 { "panic" } else { "" }, ..WIDE };
    let (_, verdict, alive) = run(&trial, &load, panics / 5 * 2)?;
    let suspended = suspended_for(&trial, SuspendReason::Poison)?;
    let mut figures = kept(&verdict)?;
    figures.extend([
        Figure::promise("ends of the process", 0, u32::from(!alive), alive)?,
        Figure::promise(
            "panics",
            format!("{panics} or more"),
            suspended * 5,
            suspended as u64 * 5 >= panics - panics / 20,
        )?,
    ]);
    Ok(figures)
}

/// Scenario 13: handlers that hang, block their thread, and spin; other lanes go on.
pub(super) fn hung(_: Scale) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (trouble, count) in [("hang", 24), ("block", 2)] {
        let mut trial = Trial::new()?;
        trial.site.set("IOP__DESK__POOL_SIZE", "48");
        trial.site.set("IOP__DESK__ATTEMPTS", "1");
        let engine = trial.site.start()?;
        let mut client = Client::of(&trial.site.store());
        let latency = |client: &mut Client, calls: u32| -> Result<Vec<Duration>> {
            let mut took = Vec::new();
            for _ in 0..calls {
                let number = trial.ledger.send("honest")?;
                let begin = Instant::now();
                let honest = order(number, "honest", "", 10);
                let answer = client.post("/api/v1/services/intake", &format!("order-{number}"), &honest)?;
                if answer.status >= 300 {
                    return Err(format!("an honest order: {} {}", answer.status, answer.body).into());
                }
                took.push(begin.elapsed());
                trial.ledger.acknowledge(number, "honest")?;
            }
            Ok(took)
        };
        latency(&mut client, 50)?;
        let before = latency(&mut client, 200)?;
        for number in 0..count {
            let lane = format!("{trouble}-{number}");
            let sent = trial.ledger.send(&lane)?;
            let bad = order(sent, &lane, trouble, 10);
            // Where everything has stopped already, nobody answers.
            drop(client.post("/api/v1/services/intake", &format!("order-{sent}"), &bad));
        }
        let begin = Instant::now();
        client.patience(Duration::from_secs(5));
        let during = latency(&mut client, 200);
        let found = until("the trouble is found", Duration::from_secs(20), || {
            let Ok(answer) = client.get("/api/v1/status") else { return Ok(false) };
            let status: serde_json::Value = serde_json::from_str(&answer.body)?;
            let items = status["items"].as_array().cloned().unwrap_or_default();
            let desk = items.iter().find(|item| item["name"] == "desk").cloned().unwrap_or_default();
            let stuck = desk["workers"]["stuck"].as_u64().unwrap_or(0);
            let failed = desk["failed"].as_u64().unwrap_or(0);
            Ok(if trouble == "hang" { failed >= count } else { stuck >= 1 })
        });
        drop(engine);
        match (during, found) {
            (Ok(during), Ok(_)) => {
                let detection = begin.elapsed();
                let (p99, with) = (percentile(&before, 99), percentile(&during, 99));
                figures.push(Figure::measured(
                    &format!("{count} × {trouble}: p99 of others, before and with them"),
                    "at most twice",
                    format!("{p99:.1?}, {with:.1?}"),
                    with <= 2 * p99.max(Duration::from_millis(5)),
                    "24 hanging handlers are cut off and logged at once, on two cores that also send",
                ));
                figures.push(Figure::measured(
                    &format!("{count} × {trouble}: found after"),
                    "timeout (1 s) + 1 s",
                    format!("{detection:.1?}"),
                    detection <= Duration::from_millis(2_100),
                    "seen late on a busy machine",
                ));
            }
            (during, found) => {
                let why = during.err().or(found.err()).map(|error| error.to_string()).unwrap_or_default();
                figures.push(Figure::measured(
                    &format!("{count} × {trouble}: others go on"),
                    "yes",
                    "no",
                    false,
                    &format!("as many blocked handlers as the runtime has threads stop everything: {why}"),
                ));
            }
        }
    }
    Ok(figures)
}
