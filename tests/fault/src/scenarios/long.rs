//! Much and long: back pressure, a backlog of a million, a soak, purges and backups under load.

use std::fs;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use iop::store::{MessageQuery, Store as _, Viewer as _};

use super::kills::kept;
use super::trial::Trial;
use crate::audit::{Evidence, judge};
use crate::driver::Load;
use crate::engine::{Engine, Site};
use crate::figures::Figure;
use crate::mounts;
use crate::scenarios::Scale;
use crate::stock;
use crate::trouble::{Result, percentile, until};

/// A limit on the memory of processes, where this machine has one.
#[derive(Debug)]
struct Limit {
    group: std::path::PathBuf,
}

impl Limit {
    /// `Err` says why there is none.
    fn of(bytes: u64) -> std::result::Result<Self, String> {
        let root = std::path::Path::new("/sys/fs/cgroup/memory");
        if !root.join("memory.limit_in_bytes").exists() {
            return Err("there is no memory controller of cgroup v1".to_owned());
        }
        let group = root.join(format!("iop-fault-{}", std::process::id()));
        let make = || -> std::io::Result<()> {
            fs::create_dir_all(&group)?;
            fs::write(group.join("memory.limit_in_bytes"), bytes.to_string())
        };
        make().map_err(|error| error.to_string())?;
        Ok(Self { group })
    }

    fn hold(&self, engine: &Engine) -> Result<()> {
        Ok(fs::write(self.group.join("cgroup.procs"), engine.id().to_string())?)
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        // Its processes have ended; one that has not is moved nowhere by us.
        let _ = fs::remove_dir(&self.group);
    }
}

const MIB: u64 = 1 << 20;

/// Scenario 14: input much faster than what takes it, in 128 MiB.
pub(super) fn pressure(scale: Scale) -> Result<Vec<Figure>> {
    let time = Duration::from_secs(scale.of(5, 20));
    let trial = Trial::new()?;
    let limit = Limit::of(128 * MIB);
    let mut engine = trial.site.start()?;
    if let Ok(limit) = &limit {
        limit.hold(&engine)?;
    }
    let load = Load { lanes: 64, file_lanes: 0, pause: Duration::ZERO, trouble: |_| "slow", filler: 1_000 };
    let driver = trial.drive(&load);
    std::thread::sleep(time);
    let alive = engine.ended()?.is_none();
    let (sent, delivered, peak) = (trial.ledger.acked_count(), trial.site.target.count(), engine.peak());
    driver.give_up()?;
    drop(engine);
    // What is left would take its time, and is the same as in every other scenario.
    let verdict = judge(&Evidence {
        sent: trial.ledger.sent(),
        acked: trial.ledger.acked(),
        delivered: trial.site.target.delivered(),
        rows: crate::books::read(&trial.site.store())?,
    })
    .holds()?;
    let mut figures = kept(&verdict)?;
    figures.extend([
        Figure::promise("ended by the system for want of memory", "no", if alive { "no" } else { "yes" }, alive)?,
        Figure::shown("taken; delivered meanwhile", format!("{sent}; {delivered}")),
        Figure::measured(
            "peak memory",
            "100 MiB",
            format!("{} MiB", peak / 1024),
            peak <= 100 * 1024,
            "see the profile of the build",
        ),
    ]);
    if let Err(why) = limit {
        figures.push(Figure::skipped("a limit of 128 MiB", why));
    }
    Ok(figures)
}

/// Memory and start of an engine with so many messages of 1 KiB waiting.
struct Backlog {
    ready: Duration,
    memory: u64,
    peak: u64,
    page: Duration,
    rate: f64,
}

fn backlog(messages: u64) -> Result<Backlog> {
    let mut trial = Trial::new()?;
    let store = stock::open(&trial.site.store())?;
    stock::block_on(async {
        let body =
            |number| format!(r#"{{"number":{number},"lane":"lane-{}","filler":"{}"}}"#, number % 100, "z".repeat(980));
        let make = (0..messages).map(|number| {
            let lane = format!("lane-{}", number % 100);
            stock::message("outside", "Delivery", body(number), Some(("lane", &lane)))
        });
        stock::put(&*store, make).await?;
        Ok(store.close().await?)
    })?;
    drop(store);
    trial.site.set("IOP__OUTSIDE__ENABLED", "true");
    let limit = Limit::of(128 * MIB);
    let mut engine = trial.site.launch()?;
    if let Ok(limit) = &limit {
        limit.hold(&engine)?;
    }
    engine.until_ready(&trial.site)?;
    engine.kill()?;
    // The second start is the one after a kill -9.
    let mut engine = trial.site.launch()?;
    if let Ok(limit) = &limit {
        limit.hold(&engine)?;
    }
    let ready = engine.until_ready(&trial.site)?;
    let (count, begin) = (trial.site.target.count(), Instant::now());
    std::thread::sleep(Duration::from_secs(3));
    let rate = (trial.site.target.count() - count) as f64 / begin.elapsed().as_secs_f64();
    let page = pages(&trial.site)?;
    let backlog = Backlog { ready, memory: engine.memory(), peak: engine.peak(), page, rate };
    engine.kill()?;
    Ok(backlog)
}

/// The slowest of a hundred in a hundred looks at a page of the list, while the engine works.
fn pages(site: &Site) -> Result<Duration> {
    let viewer = iop::store::sqlite::SqliteStore::open_read_only(&site.store())?;
    stock::block_on(async {
        let mut took = Vec::new();
        let mut after = None;
        for _ in 0..100 {
            let begin = Instant::now();
            let page = viewer.query(MessageQuery { limit: 50, after, ..MessageQuery::default() }).await?;
            took.push(begin.elapsed());
            after = page.last().map(|last| last.sequence);
        }
        Ok(percentile(&took, 99))
    })
}

/// Scenario 15: a million messages wait.
pub(super) fn burst(scale: Scale) -> Result<Vec<Figure>> {
    let (few, many) = (10_000, scale.of(50_000, 1_000_000));
    let (small, large) = (backlog(few)?, backlog(many)?);
    let growth = large.memory as f64 / small.memory.max(1) as f64;
    let text = |small: u64, large: u64| format!("{} MiB, {} MiB", small / 1024, large / 1024);
    Ok(vec![
        Figure::measured(
            &format!("ready after kill -9 with {few}, {many} waiting"),
            "2 s",
            format!("{:.0?}, {:.0?}", small.ready, large.ready),
            large.ready <= Duration::from_secs(2),
            "a busy machine",
        ),
        Figure::measured(
            "memory while it works, of both",
            "the second 1.1 times the first",
            text(small.memory, large.memory),
            growth <= 1.1,
            "the cache of the writer, of 16 MiB, is full in one of them",
        ),
        Figure::measured(
            "peak memory of both, in 128 MiB",
            "100 MiB",
            text(small.peak, large.peak),
            large.peak <= 100 * 1024,
            "see above",
        ),
        Figure::measured(
            "a page of the message list, p99 of both",
            "50 ms",
            format!("{:.1?}, {:.1?}", small.page, large.page),
            large.page <= Duration::from_millis(50),
            "beside an engine at full load on two cores",
        ),
        Figure::shown("delivered per second from both", format!("{:.0}, {:.0}", small.rate, large.rate)),
    ])
}

/// Scenario 35: half load, for a while; memory must not grow.
pub(super) fn soak(scale: Scale) -> Result<Vec<Figure>> {
    // The first part fills caches: the writer's, of 16 MiB, takes three minutes.
    let (filling, seconds) = (scale.of(10, 240), scale.of(20, 540));
    let mut trial = Trial::new()?;
    // What is kept is a matter of the disk; here it is about memory.
    trial.site.set("IOP__RETENTION", "10s");
    trial.site.set("IOP__PURGE_INTERVAL", "5s");
    let engine = trial.site.start()?;
    let driver = trial.drive(&Load { pause: Duration::from_millis(20), ..Load::default() });
    let mut points = Vec::new();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(seconds) {
        std::thread::sleep(Duration::from_millis(500));
        if begin.elapsed() > Duration::from_secs(filling) {
            points.push((begin.elapsed().as_secs_f64(), engine.memory() as f64));
        }
    }
    driver.stop()?;
    let acked = trial.ledger.acked_count();
    until("all is delivered", Duration::from_secs(60), || Ok(trial.site.target.count() >= acked))?;
    engine.stop()?;
    let growth = slope(&points) * 600.0 / 1024.0;
    Ok(vec![
        Figure::measured(
            &format!(
                "growth of memory in ten minutes, from the last {} s of {seconds} s at half load",
                seconds - filling
            ),
            "1 MiB",
            format!("{growth:.1} MiB"),
            growth < 1.0,
            "ten minutes are extrapolated, and a few pages of the allocator weigh in it",
        ),
        Figure::shown("orders meanwhile", acked),
    ])
}

/// The slope of the line of least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len().max(1) as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let above: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let below: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    if below == 0.0 { 0.0 } else { above / below }
}

/// Scenario 36: backups under load; each is restored, finished and audited.
pub(super) fn backup(scale: Scale) -> Result<Vec<Figure>> {
    let backups = scale.of(3, 20);
    let trial = Trial::new()?;
    let engine = trial.site.start()?;
    let driver = trial.drive(&Load::default());
    let mut good = 0;
    for number in 0..backups {
        trial.acknowledged(60)?;
        let acked = trial.ledger.acked();
        let to = trial.site.folder.join(format!("backup-{number}"));
        let (code, out, err) = trial.site.run(&["store", "backup", &to.display().to_string()])?;
        if err.contains("unrecognized subcommand") {
            driver.give_up()?;
            drop(engine);
            return Ok(vec![Figure::skipped("backups under load", "this build has no `store backup`")]);
        }
        if code != Some(0) {
            return Err(format!("backup {number}: {code:?} {out} {err}").into());
        }
        // What was acknowledged before the backup began is in it; deliveries that it does not know may come again.
        let rows = crate::books::read(&to)?;
        let delivered = trial.site.target.delivered();
        let verdict = judge(&Evidence { sent: trial.ledger.sent(), acked, delivered, rows });
        let lost = verdict.broken(crate::audit::Invariant::A1) + verdict.broken(crate::audit::Invariant::A3);
        if lost > 0 {
            return Err(format!("backup {number}: {verdict}").into());
        }
        good += 1;
    }
    let verdict = trial.end(driver, engine)?;
    let mut figures = kept(&verdict)?;
    figures.push(Figure::promise("backups that open and pass the audit", backups, good, good == backups)?);
    Ok(figures)
}

/// Scenario 37: purges under load.
pub(super) fn purge(scale: Scale) -> Result<Vec<Figure>> {
    let time = Duration::from_secs(scale.of(4, 20));
    let mut trial = Trial::new()?;
    let mut slowest = Vec::new();
    let mut purged = 0;
    for purges in [false, true] {
        trial.site.set("IOP__RETENTION", "forever");
        let engine = trial.site.start()?;
        let driver = trial.drive(&Load { pause: Duration::from_millis(4), ..Load::default() });
        std::thread::sleep(Duration::from_millis(500));
        driver.counters.slowest_us.store(0, Ordering::Relaxed);
        let mut samples = Vec::new();
        let begin = Instant::now();
        // Purges follow each other beside the watch, which is the same with and without them.
        let site = &trial.site;
        purged += std::thread::scope(|scope| -> Result<u32> {
            let purging = scope.spawn(move || -> Result<u32> {
                let mut purged = 0;
                while purges && begin.elapsed() < time {
                    let (code, ..) = site.run(&["purge", "--older-than", "0s", "--yes"])?;
                    purged += u32::from(code == Some(0));
                }
                Ok(purged)
            });
            while begin.elapsed() < time {
                std::thread::sleep(Duration::from_millis(100));
                samples.push(Duration::from_micros(driver.counters.slowest_us.swap(0, Ordering::Relaxed)));
            }
            purging.join().map_err(|_| "the purging panicked")?
        })?;
        slowest.push(percentile(&samples, 50));
        driver.stop()?;
        let acked = trial.ledger.acked_count();
        until("all is delivered", Duration::from_secs(60), || Ok(trial.site.target.count() >= acked))?;
        engine.stop()?;
    }
    trial.site.drain()?;
    // What is purged is gone from the books; the target has it, once at least, and nothing that was not finished went.
    let delivered: std::collections::BTreeSet<u64> =
        trial.site.target.delivered().iter().map(|one| one.number).collect();
    let missing = trial.ledger.acked().iter().filter(|acked| !delivered.contains(&acked.number)).count();
    let left = crate::books::read(&trial.site.store())?.len();
    let files: usize = mounts::files(&trial.site.store())?.iter().map(|(_, bytes)| bytes.len()).sum();
    let (without, with) = (slowest[0], slowest[1]);
    Ok(vec![
        Figure::promise("acknowledged, and purged before they were delivered", 0, missing, missing == 0)?,
        Figure::measured(
            "the slowest acknowledgement of a tenth of a second, median without and with purges",
            "at most twice",
            format!("{without:.1?}, {with:.1?}"),
            with <= 2 * without,
            "a purge of everything shares two cores and the one writer, and each is asked for by a program that starts",
        ),
        Figure::shown("purges; messages left; size of the store", format!("{purged}; {left}; {} KiB", files / 1024)),
    ])
}
