//! The fault suite: the engine as a child process under kills, power cuts, full disks and the like, an auditor that proves
//! what became of every message, and the figures that come of it.
//!
//! `cargo run --release -p iop-fault -- all`; see `docs/how-to/run-the-fault-suite.md`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod audit;
mod books;
mod client;
mod driver;
mod engine;
mod figures;
mod ledger;
mod mounts;
mod production;
mod scenarios;
mod simulation;
mod stock;
mod target;
mod trouble;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::figures::Course;
use crate::scenarios::{SCENARIOS, Scale, Scenario};
use crate::trouble::Result;

fn main() -> ExitCode {
    if let Ok(production) = std::env::var(production::PRODUCTION) {
        return production::run(&production);
    }
    match wanted(std::env::args().skip(1)).and_then(|wanted| run(&wanted)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// What the command line says.
struct Wanted {
    scenarios: Vec<(&'static Scenario, Scale)>,
    page: Option<PathBuf>,
}

fn wanted(arguments: impl Iterator<Item = String>) -> Result<Wanted> {
    let mut wanted = Wanted { scenarios: Vec::new(), page: None };
    let mut scale = Scale::Short;
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "all" => wanted.scenarios.extend(SCENARIOS.iter().map(|scenario| (scenario, Scale::Full))),
            "short" => wanted.scenarios.extend(SCENARIOS.iter().map(|scenario| (scenario, Scale::Short))),
            "--full" => scale = Scale::Full,
            "--short" => scale = Scale::Short,
            "--page" => wanted.page = Some(arguments.next().ok_or("--page takes a file")?.into()),
            number => {
                let named = |scenario: &&Scenario| scenario.number == number;
                let found = SCENARIOS.iter().find(named);
                let known = || SCENARIOS.iter().map(|scenario| scenario.number).collect::<Vec<_>>().join(", ");
                let found = found.ok_or_else(|| {
                    format!(
                        "`{number}` is none of short, all, --full, --short, --page FILE, and no scenario: {}",
                        known()
                    )
                })?;
                wanted.scenarios.push((found, scale));
            }
        }
    }
    if wanted.scenarios.is_empty() {
        return Err("say `short`, `all`, or numbers of scenarios".into());
    }
    Ok(wanted)
}

/// The longest scenario of the full set takes half of it on two cores that have nothing else to do.
const LONGEST: Duration = Duration::from_secs(600);

/// `false` where a promise was broken.
fn run(wanted: &Wanted) -> Result<bool> {
    let before = figures::fdatasyncs_per_second()?;
    println!("{before:.0} fdatasync per second");
    let mut courses = Vec::new();
    let all = wanted.scenarios.len();
    for (at, (scenario, scale)) in wanted.scenarios.iter().enumerate() {
        println!("\n== {} {} ({} of {all})", scenario.number, scenario.name, at + 1);
        courses.push(course(scenario, *scale));
        let place = |course: &Course| course.number.parse::<u32>().unwrap_or(u32::MAX);
        courses.sort_by_key(place);
        // Whoever ends a long run has what came of it so far.
        if let Some(page) = &wanted.page {
            figures::write(page, &courses, [before, before])?;
        }
    }
    let after = figures::fdatasyncs_per_second()?;
    println!("\n{after:.0} fdatasync per second");
    let failed: Vec<_> = courses.iter().filter(|course| course.figures.is_err()).map(|course| course.number).collect();
    if let Some(page) = &wanted.page {
        figures::write(page, &courses, [before, after])?;
    }
    println!(
        "{} scenarios, failed: {}",
        courses.len(),
        if failed.is_empty() { "none".into() } else { failed.join(", ") }
    );
    Ok(failed.is_empty())
}

fn course(scenario: &Scenario, scale: Scale) -> Course {
    let start = Instant::now();
    let (run, (tell, told)) = (scenario.run, mpsc::channel());
    // A scenario that panics, or does not come to its end, is one that failed; the others go on.
    std::thread::spawn(move || {
        let ran = catch_unwind(AssertUnwindSafe(|| run(scale)));
        drop(tell.send(ran.map(|ran| ran.map_err(|error| error.to_string()))));
    });
    let figures = match told.recv_timeout(LONGEST) {
        Ok(Ok(ran)) => ran,
        Ok(Err(_)) => Err("it panicked".to_owned()),
        Err(_) => Err(format!("it did not come to its end within {} minutes", LONGEST.as_secs() / 60)),
    };
    let took = start.elapsed();
    match &figures {
        Ok(figures) => figures.iter().for_each(|figure| println!("   {figure}")),
        Err(error) => println!("   FAILED: {error}"),
    }
    println!("   {:.1} s", took.as_secs_f64());
    Course { number: scenario.number, name: scenario.name, goals: scenario.goals, scale, took, figures }
}
