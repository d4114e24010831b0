//! Clocks that jump, and stores with messages of types that have changed.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use iop::message::{Status, SuspendReason};
use iop::store::Store as _;

use super::kills::kept;
use super::lives::post_all;
use super::trial::Trial;
use crate::driver::Load;
use crate::figures::Figure;
use crate::scenarios::Scale;
use crate::stock;
use crate::trouble::{Result, until};

/// Where the library of `faketime` may be.
const LIBRARIES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];

/// Scenario 19: the clock on the wall jumps by an hour and by a day, forth and back, while timers run and orders pass.
pub(super) fn jumps(scale: Scale) -> Result<Vec<Figure>> {
    let Some(library) = LIBRARIES.iter().find(|path| fs::exists(path).unwrap_or(false)) else {
        return Ok(vec![Figure::skipped("clock jumps", "there is no faketime")]);
    };
    let alarms = scale.of(40, 400);
    let mut trial = Trial::new()?;
    let clock = trial.site.folder.join("clock");
    fs::write(&clock, "+0")?;
    trial.site.set("LD_PRELOAD", library);
    trial.site.set("FAKETIME_TIMESTAMP_FILE", &clock.display().to_string());
    trial.site.set("FAKETIME_NO_CACHE", "1");
    trial.site.set("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    trial.site.set("DONT_FAKE_MONOTONIC", "1");
    let mut engine = trial.site.start()?;
    let load = Load { lanes: 4, file_lanes: 1, pause: Duration::from_millis(10), ..Load::default() };
    let driver = trial.drive(&load);
    // Half an hour: only the first jump brings their time.
    let long = set(&trial, 5, |_| 1_800_000)?;
    let mut numbers = long.clone();
    let mut late = Duration::ZERO;
    let (mut waiting, mut long_late) = (Vec::new(), None);
    for jump in ["+3600", "+0", "+86400", "-86400", "-3600", "+90000"] {
        let some = set(&trial, alarms / 6, |number| 300 + number % 7 * 100)?;
        numbers.extend(&some);
        waiting.extend(some);
        fs::write(&clock, jump)?;
        // What was set before a jump back rings when its time comes again.
        if ["+3600", "+86400"].contains(&jump) {
            let all = || Ok(rung(&trial, &waiting));
            late = late.max(until(&format!("timers ring after a jump to {jump}"), Duration::from_secs(30), all)?);
            waiting.clear();
            let all = || Ok(rung(&trial, &long));
            long_late = long_late.or(until("long timers ring", Duration::from_secs(5), all).ok());
        }
    }
    let without_a_start = until("all ring", Duration::from_secs(5), || Ok(rung(&trial, &numbers))).is_ok();
    if !without_a_start {
        engine.kill()?;
        engine = trial.site.start()?;
        until("all ring after a start", Duration::from_secs(30), || Ok(rung(&trial, &numbers)))?;
    }
    let verdict = trial.end(driver, engine)?;
    let delivered = trial.site.target.delivered();
    let early = delivered.iter().filter(|one| one.lane.starts_with("early-")).count();
    let rung: BTreeSet<u64> = delivered.iter().map(|one| one.number).collect();
    let lost = numbers.iter().filter(|number| !rung.contains(number)).count();
    let mut figures = kept(&verdict)?;
    figures.extend([
        Figure::promise("timers lost", 0, lost, lost == 0)?,
        Figure::measured(
            "timers early by the clock on the wall",
            0,
            early,
            early == 0,
            "a timer that was set before a jump back rings by the clock that never jumps",
        ),
        Figure::shown("the last short timer (0.9 s) after a jump forth", format!("{late:.1?}")),
        Figure::measured(
            "timers of half an hour ring after a jump of an hour",
            "within 1 s",
            long_late.map_or("not within 5 s".to_owned(), |late| format!("{late:.1?}")),
            long_late.is_some_and(|late| late <= Duration::from_secs(1)),
            "a waiting timer sleeps by the clock that never jumps, and is looked at again at the next start",
        ),
        Figure::shown("all rang without another start", if without_a_start { "yes" } else { "no" }),
    ]);
    Ok(figures)
}

/// Sets alarms.
fn set(trial: &Trial, alarms: u64, after_ms: impl Fn(u64) -> u64) -> Result<Vec<u64>> {
    let numbers: Vec<u64> = (0..alarms).map(|_| trial.ledger.send("alarm")).collect::<Result<_>>()?;
    let body = |number: u64| format!(r#"{{"number":{number},"after_ms":{}}}"#, after_ms(number));
    post_all(trial, "waking", &numbers, body)?;
    Ok(numbers)
}

fn rung(trial: &Trial, numbers: &[u64]) -> bool {
    let rung: BTreeSet<u64> = trial.site.target.delivered().iter().map(|one| one.number).collect();
    numbers.iter().all(|number| rung.contains(number))
}

/// Scenario 22: messages of an older program: with fields that are unknown now, without ones that are needed now, and of
/// a type that is gone.
pub(super) fn schema(_: Scale) -> Result<Vec<Figure>> {
    let trial = Trial::new()?;
    let readable = r#"{"number":1,"lane":"a","trouble":"","filler":"","gone":[1,2]}"#;
    let needs_more = r#"{"number":2,"lane":"b"}"#;
    let unknown = r#"{"number":3}"#;
    let messages = vec![
        stock::message("desk", "Order", readable.to_owned(), Some(("lane", "a"))),
        stock::message("desk", "Order", needs_more.to_owned(), Some(("lane", "b"))),
        stock::message("desk", "Ordre", unknown.to_owned(), Some(("lane", "c"))),
    ];
    let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
    let store = stock::open(&trial.site.store())?;
    stock::block_on(async {
        stock::put(&*store, messages).await?;
        Ok(store.close().await?)
    })?;
    drop(store);
    trial.site.drain()?;
    let store = stock::open(&trial.site.store())?;
    let found = stock::block_on(async {
        let mut found = Vec::new();
        for id in &ids {
            let message = iop::store::Viewer::find(&*store, *id).await?.ok_or("a message is gone")?;
            let body = String::from_utf8_lossy(&message.body).into_owned();
            found.push((message.header.status, message.header.reason, body));
        }
        store.close().await?;
        Ok(found)
    })?;
    let suspended = (Status::Suspended, Some(SuspendReason::Schema));
    let expected = [
        (Status::Completed, None, readable.to_owned()),
        (suspended.0, suspended.1, needs_more.to_owned()),
        (suspended.0, suspended.1, unknown.to_owned()),
    ];
    let right = found.iter().zip(&expected).filter(|(found, expected)| found == expected).count();
    Ok(vec![Figure::promise(
        "old messages: read where they can be, else suspended with their body as it was",
        expected.len(),
        format!("{right}{}", if right == expected.len() { String::new() } else { format!(" {found:?}") }),
        right == expected.len(),
    )?])
}
