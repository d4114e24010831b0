//! The benchmarks: what a production costs, as ratios to what was measured beside it in the same run.
//!
//! Candidates take turns, round by round, so that whatever else the machine does hits them all; a figure is the median of
//! its rounds. `--page` also puts what a part has found between its marks in a page of the documentation. `chain` and `hop`
//! are one run of one candidate, for a profiler.

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

const HELP: &str = "\
Measures what productions cost, beside what one would pick instead, in the same run.

  iop-bench [PART...] [--rounds N] [--out DIR] [--only NAME] [--page FILE]
  iop-bench chain CANDIDATE CALLERS BYTES CHAINS
  iop-bench hop CANDIDATE SHAPE CALLERS OPERATIONS

Parts, all of them where none is named:
  memory     transient messages, beside tokio channels, kameo, ractor and actix
  durable    chains on the default store, beside a plain SQLite loop, a raw file, apalis and effectum
  workload   IoP's own benchmark, beside what IoP has published
  growth     backlogs, items and pools of growing size
  all        all of them

Options:
  --rounds N    rounds, of which a figure is the median (5)
  --out DIR     where tables, JSON and pictures are left (target/bench)
  --only NAME   in memory, only the candidates with this in their name
  --page FILE   also puts each table between its marks in this page
  -h, --help    this text

One run of one candidate, for a profiler; it says the processor time as well, which other load on the machine moves little:
  chain    durable; CANDIDATE is part of a name in the table of `durable`: chain iop 64 256 6400
  hop      in memory; SHAPE is `round` or `chain`: hop 'iop, transient' round 64 320000
";

fn main() -> ExitCode {
    if let Some(child) = growth::child() {
        return child;
    }
    let mut arguments = std::env::args().skip(1).peekable();
    let done = match arguments.peek().map(String::as_str) {
        Some("chain") => durable::chain(&arguments.skip(1).collect::<Vec<_>>()),
        Some("hop") => memory::hop(&arguments.skip(1).collect::<Vec<_>>()),
        Some("-h" | "--help" | "help") => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => wanted(arguments).and_then(|wanted| run(&wanted)),
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
                    "`{other}` is neither a part ({}, all) nor an option; see --help",
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
