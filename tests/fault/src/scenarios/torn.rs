//! Writes that reach the disk in part and in another order: images of a disk, made of what the engine wrote.
//!
//! A run is recorded with `strace`. An image is what the disk may hold after a cut at some moment: of each file everything that
//! was synced by then, and of what was written since any part, sector by sector. Every image must open, hold everything
//! that was acknowledged before the cut, and nothing by half.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use super::trial::Trial;
use crate::audit::{Evidence, Invariant, judge};
use crate::books;
use crate::driver::{order, put_file};
use crate::engine::is_there;
use crate::figures::Figure;
use crate::ledger::Acked;
use crate::mounts;
use crate::scenarios::Scale;
use crate::trouble::{Random, Result};

/// Messages of the run.
const MESSAGES: u64 = 12;

/// What a disk writes whole.
const SECTOR: usize = 512;

/// What the engine did to its disk.
#[derive(Debug)]
enum Deed {
    Write {
        file: String,
        at: usize,
        bytes: Vec<u8>,
    },
    /// What was written to the file before the deed of this place is on the disk.
    Sync {
        file: String,
        before: usize,
    },
    /// The input of this number was archived, so its sender knows that it was taken.
    Archived(u64),
}

/// Scenario 4.
pub(super) fn images(scale: Scale) -> Result<Vec<Figure>> {
    if !is_there("strace") {
        return Ok(vec![Figure::skipped("images of torn writes", "there is no strace")]);
    }
    let images = scale.of(100, 5_000);
    let trial = Trial::new()?;
    // The store is made before, and closed: what its making survives is another scenario.
    trial.site.drain()?;
    let base: BTreeMap<String, Vec<u8>> = mounts::files(&trial.site.store())?
        .into_iter()
        .map(|(path, bytes)| (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes))
        .collect();
    let deeds = record(trial)?;
    let mut random = Random::from_seed(4);
    let (mut acked, mut lines) = (0, Vec::new());
    for image in 0..images {
        let cut = usize::try_from(random.between(1, deeds.len() as u64))?;
        let folder = tempfile::tempdir()?;
        let told = make(&base, &deeds[..cut], &mut random, folder.path())?;
        acked += told.len();
        if let Err(error) = check(folder.path(), told) {
            lines.push(format!("image {image}, cut at {cut} of {}: {error}", deeds.len()));
        }
    }
    let good = images - lines.len() as u64;
    Ok(vec![
        Figure::shown("writes, syncs and acknowledgements recorded", deeds.len()),
        Figure::promise(
            "images that open, with all that was acknowledged and nothing by half",
            images,
            format!("{good}{}", lines.first().map(|first| format!("; {first}")).unwrap_or_default()),
            lines.is_empty(),
        )?,
        Figure::promise("acknowledged in them, together", "some", acked, acked > 0)?,
    ])
}

/// Runs the engine on a few inputs, with its deeds written down.
fn record(mut trial: Trial) -> Result<Vec<Deed>> {
    fs::create_dir_all(trial.site.inbox())?;
    for number in 1..=MESSAGES {
        put_file(
            &trial.site.inbox(),
            &format!("{number:08}.json"),
            &order(number, &format!("lane-{}", number % 3), "", 700),
        )?;
    }
    let log = trial.site.folder.join("trace");
    let log_text = log.display().to_string();
    let calls = "trace=pwrite64,fsync,fdatasync,ftruncate,link,linkat,rename,renameat,renameat2";
    trial.site.wrap(&["strace", "-f", "-y", "-xx", "-s", "200000", "-qqq", "-e", calls, "-o", &log_text]);
    trial.site.drain()?;
    let store = trial.site.store().canonicalize()?.display().to_string();
    Ok(read(&fs::read_to_string(log)?, &store))
}

/// The deeds in a log, up to where files of the store are shortened: that is its closing.
fn read(log: &str, store: &str) -> Vec<Deed> {
    let mut deeds = Vec::new();
    let mut syncing: HashMap<&str, (String, usize)> = HashMap::new();
    for line in log.lines() {
        let Some((process, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if call.starts_with("<... fsync resumed>") || call.starts_with("<... fdatasync resumed>") {
            if let Some((file, before)) = syncing.remove(process) {
                deeds.push(Deed::Sync { file, before });
            }
            continue;
        }
        let Some((name, arguments)) = call.split_once('(') else { continue };
        let texts: Vec<Vec<u8>> = arguments.split('"').skip(1).step_by(2).map(unescaped).collect();
        let file = file_of(arguments, store);
        match (name, file) {
            ("pwrite64", Some(file)) => {
                let at = arguments.rsplit('"').next().and_then(|rest| rest.split(", ").nth(2));
                let at = at.and_then(|at| at.split([')', ' ']).next()).and_then(|at| at.parse().ok());
                if let (Some(at), Some(bytes)) = (at, texts.into_iter().next()) {
                    deeds.push(Deed::Write { file, at, bytes });
                }
            }
            ("fsync" | "fdatasync", Some(file)) if call.contains("<unfinished") => {
                syncing.insert(process, (file, deeds.len()));
            }
            ("fsync" | "fdatasync", Some(file)) => deeds.push(Deed::Sync { file, before: deeds.len() }),
            ("ftruncate", Some(_)) => return deeds,
            ("rename" | "renameat" | "renameat2" | "link" | "linkat", _) => {
                let to = texts.last().map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default();
                let number = to.strip_suffix(".json").filter(|to| to.contains(".archive/"));
                let number = number.and_then(|to| to.rsplit('/').next()).and_then(|number| number.parse().ok());
                deeds.extend(number.map(Deed::Archived));
            }
            _ => {}
        }
    }
    deeds
}

/// The file of a descriptor, where it is one of the store.
fn file_of(arguments: &str, store: &str) -> Option<String> {
    let path = unescaped(arguments.split_once('<')?.1.split_once('>')?.0);
    let path = String::from_utf8_lossy(&path).into_owned();
    let name = path.strip_prefix(store)?.strip_prefix('/')?;
    ["iop.db", "iop.db-wal", "tip"].contains(&name).then(|| name.to_owned())
}

/// Bytes that are written as `\x2f`.
fn unescaped(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).filter_map(|pair| u8::from_str_radix(pair.get(..2)?, 16).ok()).collect()
}

/// Writes an image; the numbers that were acknowledged before it.
fn make(base: &BTreeMap<String, Vec<u8>>, deeds: &[Deed], random: &mut Random, folder: &Path) -> Result<BTreeSet<u64>> {
    let mut synced: HashMap<&str, usize> = HashMap::new();
    let mut told = BTreeSet::new();
    for deed in deeds {
        match deed {
            Deed::Sync { file, before } => _ = synced.insert(file, *before),
            Deed::Archived(number) => _ = told.insert(*number),
            Deed::Write { .. } => {}
        }
    }
    let mut files = base.clone();
    // Sometimes all of what was not synced is gone, sometimes little of it.
    let kept = random.between(0, 101);
    for (place, deed) in deeds.iter().enumerate() {
        let Deed::Write { file, at, bytes } = deed else { continue };
        let whole = synced.get(file.as_str()).is_some_and(|before| place < *before);
        let image = files.entry(file.clone()).or_default();
        for (sector, bytes) in bytes.chunks(SECTOR).enumerate() {
            if whole || random.between(0, 100) < kept {
                let from = at + sector * SECTOR;
                if image.len() < from + bytes.len() {
                    image.resize(from + bytes.len(), 0);
                }
                image[from..from + bytes.len()].copy_from_slice(bytes);
            }
        }
    }
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes)?;
    }
    Ok(told)
}

fn check(store: &Path, told: BTreeSet<u64>) -> Result<()> {
    let rows = books::read(store)?;
    let acked = told.into_iter().map(|number| Acked { number, lane: format!("lane-{}", number % 3) }).collect();
    let verdict = judge(&Evidence { sent: (1..=MESSAGES).collect(), acked, delivered: Vec::new(), rows });
    // What the target got is no matter of the disk.
    let broken = verdict.broken(Invariant::A1) + verdict.broken(Invariant::A3) + verdict.broken(Invariant::A7);
    if broken == 0 { Ok(()) } else { Err(verdict.to_string().into()) }
}
