//! Disks: power cuts, a full one, one that fails, and files that are no store.

use std::fs;
use std::time::{Duration, Instant};

use super::kills::kept;
use super::trial::Trial;
use crate::audit::{Evidence, Verdict, judge};
use crate::books;
use crate::driver::{Driver, Load, order, put_file};
use crate::engine::{Site, is_there};
use crate::figures::Figure;
use crate::mounts::{self, Mount};
use crate::scenarios::Scale;
use crate::trouble::{Random, Result, until};

/// Scenario 3: the power is cut under load, on ext4 and on xfs.
pub(super) fn power(scale: Scale) -> Result<Vec<Figure>> {
    let cuts = scale.of(5, 100);
    let mut figures = Vec::new();
    for kind in ["ext4", "xfs"] {
        let why = match mounts::missing() {
            Some(why) => Some(why.to_owned()),
            None if !is_there(&format!("mkfs.{kind}")) => Some(format!("there is no mkfs.{kind}")),
            None => None,
        };
        let mount = match why {
            Some(why) => Err(why),
            None => Mount::image(kind).map_err(|error| error.to_string()),
        };
        let mount = match mount {
            Ok(mount) => mount,
            Err(why) => {
                figures.push(Figure::skipped(&format!("power cuts on {kind}"), why));
                continue;
            }
        };
        let (mut acked, mut unacked) = (0, 0);
        let mut random = Random::from_seed(3);
        for cut in 0..cuts {
            let (verdict, more) = one_cut(&mount, cut, random.between(100, 500))?;
            acked += verdict.acked;
            unacked += more;
        }
        figures.push(Figure::promise(&format!("{kind}: stores that opened after a cut"), cuts, cuts, true)?);
        figures.push(Figure::promise(&format!("{kind}: acknowledged and lost"), 0, 0, true)?);
        figures.push(Figure::shown(
            &format!("{kind}: acknowledged; sent and not acknowledged"),
            format!("{acked}; {unacked}"),
        ));
    }
    Ok(figures)
}

fn one_cut(mount: &Mount, cut: u64, after_ms: u64) -> Result<(Verdict, usize)> {
    let store = mount.place.join(format!("store-{cut}"));
    let trial = Trial::at(Site::new()?.with_store(store.clone()))?;
    let engine = trial.site.start()?;
    let driver = trial.drive(&Load::default());
    std::thread::sleep(Duration::from_millis(after_ms));
    // What is acknowledged after this may be a lie of the kernel: an fdatasync that races with the shutdown succeeds.
    let acked = trial.ledger.acked();
    mount.cut_power()?;
    drop(engine);
    driver.give_up()?;
    let delivered_before = trial.site.target.count();
    mount.power_up()?;
    trial.site.drain()?;
    let sent = trial.ledger.sent();
    let unacked = sent.len() - acked.len();
    let mut evidence = Evidence { sent, acked, delivered: trial.site.target.delivered(), rows: books::read(&store)? };
    // A machine without power would not have told the target anything after the cut.
    evidence.delivered.truncate(evidence.delivered.len().max(delivered_before));
    let verdict = judge(&evidence).holds().map_err(|error| format!("cut {cut}: {error}"))?;
    fs::remove_dir_all(&store)?;
    Ok((verdict, unacked))
}

/// Scenario 6: the disk is full, and then it is not.
pub(super) fn full(scale: Scale) -> Result<Vec<Figure>> {
    if let Some(why) = mounts::missing() {
        return Ok(vec![Figure::skipped("a full disk", why)]);
    }
    let rounds = scale.of(1, 3);
    let mount = Mount::memory("24m")?;
    let trial = Trial::at(Site::new()?.with_store(mount.place.join("store")))?;
    let mut engine = trial.site.start()?;
    let mut starts = 0;
    let driver = trial.drive(&Load { filler: 8_000, pause: Duration::ZERO, ..Load::default() });
    let (mut resumed, mut size) = (Vec::new(), 24);
    for _ in 0..rounds {
        fill(&trial, &driver)?;
        let before = trial.ledger.acked_count();
        size += 24;
        let begin = Instant::now();
        mount.resize(&format!("{size}m"))?;
        if engine.ended()?.is_some() {
            starts += 1;
            engine = trial.site.start()?;
        }
        until("it takes orders again", Duration::from_secs(30), || Ok(trial.ledger.acked_count() > before))?;
        resumed.push(begin.elapsed());
    }
    mount.resize("2g")?;
    let counters = std::sync::Arc::clone(&driver.counters);
    let verdict = trial.end(driver, engine)?;
    let slowest = resumed.iter().max().copied().unwrap_or_default();
    let refused = counters.refused.load(std::sync::atomic::Ordering::Relaxed);
    let timed = counters.refused_with_time.load(std::sync::atomic::Ordering::Relaxed);
    let mut figures = kept(&verdict)?;
    figures.extend([
        Figure::measured(
            "takes orders again after there is room",
            "1 s",
            format!("{slowest:.1?}"),
            slowest <= Duration::from_secs(1),
            "it looks for room less often",
        ),
        Figure::measured("starts that it needed", 0, starts, starts == 0, "the engine ends on a full disk"),
        Figure::shown("refusals that said so (503)", refused),
        Figure::measured(
            "of these with Retry-After",
            refused,
            timed,
            timed == refused,
            "the entrance does not say when",
        ),
        Figure::shown("audit", &verdict),
    ]);
    Ok(figures)
}

/// Waits until nothing is taken any more.
fn fill(trial: &Trial, driver: &Driver) -> Result<()> {
    let (mut count, mut since) = (0, Instant::now());
    let troubles = |driver: &Driver| {
        let count = |of: &std::sync::atomic::AtomicU64| of.load(std::sync::atomic::Ordering::Relaxed);
        count(&driver.counters.refused) + count(&driver.counters.unknown) + count(&driver.counters.other)
    };
    let before = troubles(driver);
    until("the disk is full", Duration::from_secs(120), || {
        let now = trial.ledger.acked_count();
        if now != count {
            (count, since) = (now, Instant::now());
        }
        Ok(troubles(driver) > before && since.elapsed() > Duration::from_millis(700))
    })
    .map(drop)
}

/// Scenario 7: a write or an fsync fails, once.
pub(super) fn failing(scale: Scale) -> Result<Vec<Figure>> {
    if !is_there("strace") {
        return Ok(vec![Figure::skipped("failing writes", "there is no strace")]);
    }
    let points = scale.of(12, 200);
    let (mut by_itself, mut not_made, mut ended) = (0, 0, 0);
    let mut random = Random::from_seed(7);
    for _ in 0..points {
        let call = ["pwrite64", "fsync,fdatasync"][usize::try_from(random.between(0, 2))?];
        let at = random.between(1, 60);
        match one_failure(call, at).map_err(|error| format!("{call} number {at} fails: {error}"))? {
            After::WentOn => by_itself += 1,
            After::NoStore => not_made += 1,
            After::Ended => ended += 1,
        }
    }
    let all = by_itself + not_made + ended;
    Ok(vec![
        Figure::promise("failures of a write or fsync, nothing lost", points, all, true)?,
        Figure::shown(
            "went on by itself; could not make its store, and did with the next start; ended, and went on with the next start",
            format!("{by_itself}; {not_made}; {ended}"),
        ),
        Figure::promise("wedged", 0, 0, true)?,
    ])
}

/// What the engine did when a call failed.
#[derive(Debug, Clone, Copy)]
enum After {
    WentOn,
    /// There is no store to go on with: the failure was in the making of it.
    NoStore,
    Ended,
}

fn one_failure(call: &str, at: u64) -> Result<After> {
    let mut trial = Trial::new()?;
    fs::create_dir_all(trial.site.inbox())?;
    for lane in ["file-0", "file-1", "file-0", "file-1"] {
        let number = trial.ledger.send(lane)?;
        put_file(&trial.site.inbox(), &format!("{number:08}.json"), &order(number, lane, "", 20))?;
    }
    let inject = format!("inject={call}:error=EIO:when={at}");
    trial.site.wrap(&["strace", "-f", "-qqq", "-o", "/dev/null", "-e", &inject]);
    let mut engine = trial.site.command(&["run", "--until-idle"])?.spawn()?;
    let mut code = None;
    let ended = until("it ends", Duration::from_secs(60), || {
        code = engine.try_wait()?.map(|status| status.code());
        Ok(code.is_some())
    });
    if ended.is_err() {
        engine.kill()?;
        engine.wait()?;
        return Err("it neither goes on nor ends".into());
    }
    trial.site.wrap(&[]);
    let is_made = trial.site.store().exists();
    trial.finish()?;
    let got = trial.site.target.delivered();
    if !(1..=4).all(|number| got.iter().any(|one| one.number == number)) {
        return Err("not every file was taken".into());
    }
    Ok(match code {
        Some(Some(0)) => After::WentOn,
        _ if is_made => After::Ended,
        _ => After::NoStore,
    })
}

/// Scenario 8: what is not a store, or not one that this program can read, is left as it is.
pub(super) fn no_store(_: Scale) -> Result<Vec<Figure>> {
    type Spoil = fn(&std::path::Path) -> Result<()>;
    let cases: [(&str, Spoil); 7] = [
        ("a foreign file", |store| {
            Ok(fs::write(store.join("iop.db"), "this is not a database, whatever it is called")?)
        }),
        ("an empty file", |store| Ok(fs::write(store.join("iop.db"), "")?)),
        ("half a header", |store| {
            let whole = fs::read(store.join("iop.db"))?;
            Ok(fs::write(store.join("iop.db"), &whole[..50])?)
        }),
        ("cut in half", |store| {
            let whole = fs::read(store.join("iop.db"))?;
            Ok(fs::write(store.join("iop.db"), &whole[..whole.len() / 2])?)
        }),
        ("of another program", |store| {
            let mut whole = fs::read(store.join("iop.db"))?;
            whole[68..72].copy_from_slice(&[1, 2, 3, 4]);
            Ok(fs::write(store.join("iop.db"), whole)?)
        }),
        ("a newer format", |store| {
            let mut whole = fs::read(store.join("iop.db"))?;
            whole[60..64].copy_from_slice(&[0, 0, 1, 0]);
            Ok(fs::write(store.join("iop.db"), whole)?)
        }),
        ("the database removed", |store| Ok(fs::remove_file(store.join("iop.db"))?)),
    ];
    let mut wrong = Vec::new();
    for (name, spoil) in &cases {
        let trial = Trial::new()?;
        let number = trial.ledger.send("http-0")?;
        let engine = trial.site.start()?;
        super::lives::post_all(&trial, "intake", &[number], |number| order(number, "http-0", "", 20))?;
        engine.stop()?;
        for file in ["iop.db-wal", "iop.db-shm"] {
            drop(fs::remove_file(trial.site.store().join(file)));
        }
        spoil(&trial.site.store())?;
        let before = mounts::files(&trial.site.store())?;
        let (code, _, said) = trial.site.run(&["run", "--until-idle"])?;
        let after = mounts::files(&trial.site.store())?;
        if code == Some(0) {
            wrong.push(format!("{name}: it ran"));
        }
        if before != after {
            wrong.push(format!("{name}: files changed"));
        }
        if !said.contains(&trial.site.store().display().to_string()) {
            wrong.push(format!("{name}: the error does not name the store: {said}"));
        }
    }
    Ok(vec![Figure::measured(
        "files that are no store: refused with an error, and unchanged",
        cases.len(),
        cases.len() - wrong.len().min(cases.len()),
        wrong.is_empty(),
        &wrong.join("; "),
    )])
}
