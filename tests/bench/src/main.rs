//! The benchmarks: what a production costs, as ratios to what was measured beside it in the same run.
//!
//! `cargo run --release -- [memory|durable|workload|growth|all] [--rounds N] [--out DIR] [--only NAME] [--page FILE]`.
//! Candidates take turns, round by round, so that whatever else the machine does hits them all; a figure is the median of
//! its rounds. `--page` also puts what a part has found between its marks in a page of the documentation.
//!
//! `cargo run --release -- chain CANDIDATE CALLERS BODY CHAINS` is one run of one candidate, for a profiler.

mod calibration;
mod durable;
mod goals;
mod growth;
mod memory;
mod page;
mod plot;
mod report;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;

use self::calibration::Calibration;
use self::report::Report;

/// What the command line says.
struct Wanted {
    parts: Vec<String>,
    rounds: usize,
    out: PathBuf,
    /// In memory, the candidates with this in their name: for a profile.
    only: Option<String>,
    /// A page that has marks for each of the parts.
    page: Option<PathBuf>,
}

const PARTS: [&str; 4] = ["memory", "durable", "workload", "growth"];

fn main() -> ExitCode {
    if let Some(child) = growth::child() {
        return child;
    }
    let mut arguments = std::env::args().skip(1).peekable();
    let done = match arguments.next_if_eq("chain") {
        Some(_) => durable::chain(&arguments.collect::<Vec<_>>()),
        None => wanted(arguments).and_then(|wanted| run(&wanted)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn wanted(mut arguments: impl Iterator<Item = String>) -> Result<Wanted, String> {
    let mut wanted =
        Wanted { parts: Vec::new(), rounds: 5, out: PathBuf::from("target/bench"), only: None, page: None };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => {
                let rounds = arguments.next().and_then(|text| text.parse().ok()).filter(|rounds| *rounds > 0);
                wanted.rounds = rounds.ok_or("--rounds takes a number from 1")?;
            }
            "--out" => wanted.out = arguments.next().ok_or("--out takes a directory")?.into(),
            "--only" => wanted.only = Some(arguments.next().ok_or("--only takes a name")?),
            "--page" => wanted.page = Some(arguments.next().ok_or("--page takes a file")?.into()),
            "all" => wanted.parts.extend(PARTS.map(str::to_owned)),
            part if PARTS.contains(&part) => wanted.parts.push(part.to_owned()),
            other => {
                return Err(format!(
                    "`{other}` is none of {}, all, --rounds N, --out DIR, --only NAME, --page FILE",
                    PARTS.join(", ")
                ));
            }
        }
    }
    if wanted.parts.is_empty() {
        wanted.parts.extend(PARTS.map(str::to_owned));
    }
    Ok(wanted)
}

fn run(wanted: &Wanted) -> Result<(), String> {
    std::fs::create_dir_all(&wanted.out).map_err(|error| format!("{}: {error}", wanted.out.display()))?;
    for part in &wanted.parts {
        let before = Calibration::measure()?;
        let tables = match part.as_str() {
            "memory" => memory::run(wanted.rounds, wanted.only.as_deref()),
            "durable" => durable::run(wanted.rounds),
            "workload" => workload::run(wanted.rounds),
            _ => growth::run(wanted.rounds),
        }?;
        let after = Calibration::measure()?;
        let (place, rounds) = (page::place(), wanted.rounds);
        let goals = goals::of(part, &tables);
        let report = Report { part: part.clone(), place, rounds, calibration: [before, after], tables, goals };
        report.write(&wanted.out)?;
        if let Some(page) = &wanted.page {
            page::replace(page, part, &report.text())?;
        }
    }
    Ok(())
}
