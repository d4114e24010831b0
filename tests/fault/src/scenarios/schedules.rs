//! Synchronisation made by hand: the files that share something between threads are tried in many orders of these. That takes a build
//! of the runtime for itself, with the locks of the scheduler in place of those of the standard library (`iop-runtime/src/sync.rs`).

use std::path::Path;
use std::process::Command;

use super::Scale;
use crate::figures::Figure;
use crate::trouble::Result;

/// In `iop-runtime/src/sync.rs`: at random, and as many of those that a few badly placed changes make.
const ORDERS: u64 = 2 * 10_000;

pub(super) fn orders(_: Scale) -> Result<Vec<Figure>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tests = Command::new("cargo")
        .args([
            "test",
            "--locked",
            "-p",
            "iop-runtime",
            "--lib",
            "--target-dir",
            "target/schedules",
            "--",
            "schedules::",
        ])
        .current_dir(&root)
        .env("RUSTFLAGS", "--cfg shuttle")
        .output();
    let output = match tests {
        Ok(output) => output,
        Err(error) => {
            let why = format!("it takes the repository and cargo: {error}");
            return Ok(vec![Figure::skipped("files that are tried in many orders of their threads", why)]);
        }
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let named: Vec<&str> =
        said.lines().filter(|line| line.starts_with("test ") && line.contains("schedules::")).collect();
    let held = named.iter().filter(|line| line.ends_with(" ok")).count() as u64;
    if !output.status.success() {
        eprintln!("{said}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let goal = "10000 of each";
    let found = format!("{} in {held} of {} tests", held * ORDERS, named.len());
    let holds = output.status.success() && held > 0 && held == named.len() as u64;
    Ok(vec![
        Figure::promise(
            "orders of threads in which nobody waits for ever, and nothing is lost or done twice",
            goal,
            found,
            holds,
        )?,
        Figure::shown(
            "what is tried",
            "the inbox of the store's writer, the loans of workers, the count of what is under way",
        ),
        Figure::shown(
            "what is not",
            "weak memory, for which the fences of a loan are; what a mutex alone guards: queues, waiters, instances, the log",
        ),
    ])
}
