//! Durable job queues of the field. Each is a program of its own, since one program cannot hold two versions of SQLite:
//! `peers/NAME`, called as `NAME CALLERS JOBS BODY DIRECTORY`, prints the seconds that it took.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Load;
use crate::report::{Row, Table};

const PEERS: [&str; 2] = ["apalis", "effectum"];

const LOADS: [(&str, Load); 2] =
    [("1 caller", Load { callers: 1, body: 256, chains: 200 }), ("16", Load { callers: 16, body: 256, chains: 3_200 })];

/// Restate server 1.7 with 64 callers, in microseconds: a chain of two hops, and a request. Measured by hand on a machine
/// of two cores like that of the last figures, and not by this program.
const RESTATE_CHAIN: f64 = 1_663.0;
const RESTATE_REQUEST: f64 = 712.0;

/// A program that takes longer is not waited for.
const LONGEST: Duration = Duration::from_secs(30);

/// A job pushed, worked on and known to be done, beside a whole chain of the engine: four hops against one.
pub(super) fn run(rounds: usize) -> Result<Table, String> {
    let names = ["iop, a chain of three items", PEERS[0], PEERS[1]];
    let columns = LOADS.map(|(name, _)| name);
    let about = ("Durable job queues on SQLite, one hop", "µs per operation", names[0]);
    Table::measured(about, &names, &columns, rounds, |candidate, column| {
        let load = LOADS[column].1;
        let seconds = match candidate.checked_sub(1) {
            None => super::iop::run(load)?.time.as_secs_f64(),
            Some(peer) => match program(PEERS[peer], load)? {
                Some(seconds) => seconds,
                None => return Ok(None),
            },
        };
        Ok(Some(seconds * 1e6 / load.each() as f64 / load.callers as f64))
    })
}

/// The column of the chains of 64 callers, beside what is known of Restate.
pub(super) fn beside_restate(chains: &Table) -> Table {
    let chain = chains.figure("iop", "64, 256 B").map(|per_second| 1e6 / per_second);
    let row = |name: &str, figure| Row { name: name.to_owned(), figures: vec![figure] };
    let base = "iop, a chain of three items, 256 B";
    Table {
        title: "Beside Restate 1.7, measured by hand before, and not in this run".to_owned(),
        unit: "µs per operation".to_owned(),
        base: base.to_owned(),
        columns: vec!["64 callers".to_owned()],
        rows: vec![
            row(base, chain),
            row("Restate, a chain of two hops, by hand", Some(RESTATE_CHAIN)),
            row("Restate, a request, by hand", Some(RESTATE_REQUEST)),
        ],
        curves: false,
    }
}

/// `None`, said aloud, where the program was not built.
fn program(name: &str, load: Load) -> Result<Option<f64>, String> {
    let path = format!("peers/{name}/target/release/iop-bench-{name}");
    if !std::path::Path::new(&path).exists() {
        eprintln!("skipped: {name} is not built; `cargo build --release` in peers/{name}");
        return Ok(None);
    }
    let directory = tempfile::tempdir_in(super::directory()).map_err(|error| error.to_string())?;
    let mut child = Command::new(&path)
        .args([load.callers.to_string(), load.chains.to_string(), load.body.to_string()])
        .arg(directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{path}: {error}"))?;
    let started = Instant::now();
    while child.try_wait().map_err(|error| error.to_string())?.is_none() {
        if started.elapsed() > LONGEST {
            let _ = child.kill();
            eprintln!("{name} was not done with {} jobs after {LONGEST:?}", load.chains);
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() && started.elapsed() > LONGEST {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let seconds = text.trim().parse().ok();
    seconds.map(Some).ok_or_else(|| format!("{path}: {text}"))
}
