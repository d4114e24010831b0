//! Durable: a chain service → process → operation and back, every message stored and synced before the caller hears of it.
//!
//! The limits beside it: a loop that writes the very rows that a chain leaves in the store, many chains to a commit, and
//! a raw file that takes their bytes. Both answer a caller when its rows are synced, as the engine does.

mod iop;
mod peers;
mod raw_file;
mod sqlite_loop;

use std::path::PathBuf;
use std::time::Duration;

use crate::calibration::{self, Calibration};
use crate::report::{Row, Table, median};

/// Where stores lie while they are measured: on a disk, which the directory for temporary files may not be.
pub(crate) fn directory() -> PathBuf {
    let directory = PathBuf::from("target/bench");
    // Whoever opens something in it reports what is wrong with it.
    let _ = std::fs::create_dir_all(&directory);
    directory
}

/// How much of what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) callers: usize,
    /// Bytes of text in each of the messages.
    pub(crate) body: usize,
    /// Chains of all callers together.
    pub(crate) chains: usize,
}

impl Load {
    pub(crate) fn each(&self) -> usize {
        self.chains / self.callers
    }
}

/// What a run took, and how many commits it needed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    pub(crate) time: Duration,
    pub(crate) commits: u64,
    pub(crate) messages: u64,
}

const CANDIDATES: [(&str, fn(Load) -> Result<Took, String>); 3] =
    [("plain SQLite loop, same rows", sqlite_loop::run), ("raw file, preallocated", raw_file::run), ("iop", iop::run)];

const LOADS: [(&str, Load); 7] = [
    ("1 caller, 256 B", Load { callers: 1, body: 256, chains: 800 }),
    ("16, 256 B", Load { callers: 16, body: 256, chains: 8_000 }),
    ("64, 256 B", Load { callers: 64, body: 256, chains: 16_000 }),
    ("256, 256 B", Load { callers: 256, body: 256, chains: 25_600 }),
    ("1, 2 KiB", Load { callers: 1, body: 2048, chains: 800 }),
    ("16, 2 KiB", Load { callers: 16, body: 2048, chains: 8_000 }),
    ("256, 2 KiB", Load { callers: 256, body: 2048, chains: 12_800 }),
];

/// One run of one candidate, as `CANDIDATE CALLERS BODY CHAINS`.
pub(crate) fn chain(arguments: &[String]) -> Result<(), String> {
    let usage = || "called as CANDIDATE CALLERS BODY CHAINS".to_owned();
    let [name, callers, body, chains] = arguments else { return Err(usage()) };
    let number = |text: &String| text.parse().map_err(|_| usage());
    let load = Load { callers: number(callers)?, body: number(body)?, chains: number(chains)? };
    let (_, candidate) =
        CANDIDATES.iter().find(|(candidate, _)| candidate.contains(name.as_str())).ok_or_else(usage)?;
    let fdatasync_us = Calibration::measure()?.fdatasync_us();
    let before = calibration::processor_time()?;
    let took = candidate(load)?;
    let worked = calibration::processor_time()? - before;
    println!(
        "{:.0} chains/s, {:.1} us each, {:.1} us of processor time, one fdatasync {fdatasync_us:.0} us, {:.2} commits a chain, {:.1} messages a commit",
        load.chains as f64 / took.time.as_secs_f64(),
        took.time.as_secs_f64() * 1e6 / load.each() as f64,
        worked.as_secs_f64() * 1e6 / load.chains as f64,
        took.commits as f64 / load.chains as f64,
        took.messages as f64 / took.commits as f64,
    );
    Ok(())
}

pub(crate) fn run(rounds: usize) -> Result<Vec<Table>, String> {
    let names = CANDIDATES.map(|(name, _)| name);
    let columns = LOADS.map(|(name, _)| name);
    let mut syncs = vec![Vec::new(); columns.len()];
    let mut latency = vec![Vec::new(); columns.len()];
    let mut table = Table::measured(
        ("Durable chains", "chains per second", names[0]),
        &names,
        &columns,
        rounds,
        |candidate, column| {
            let load = LOADS[column].1;
            let fdatasync_us = Calibration::measure()?.fdatasync_us();
            let took = (CANDIDATES[candidate].1)(load)?;
            if candidate == names.len() - 1 {
                syncs[column].push(took.messages as f64 / took.commits as f64);
                let chain_us = took.time.as_secs_f64() * 1e6 / load.each() as f64;
                latency[column].push(chain_us / fdatasync_us);
            }
            Ok(Some(load.chains as f64 / took.time.as_secs_f64()))
        },
    )?;
    let figures = |samples: Vec<Vec<f64>>| samples.into_iter().map(median).collect::<Vec<_>>();
    let beside = peers::beside_restate(&table);
    let of_iop = Table {
        title: "iop: commits".to_owned(),
        unit: "see the rows".to_owned(),
        base: "none".to_owned(),
        columns: table.columns.clone(),
        rows: vec![
            Row { name: "messages per commit".to_owned(), figures: figures(syncs) },
            Row { name: "time of a chain, in fdatasyncs".to_owned(), figures: figures(latency) },
        ],
        curves: false,
    };
    table.title.push_str(", the default store");
    Ok(vec![table, of_iop, peers::run(rounds)?, beside])
}
