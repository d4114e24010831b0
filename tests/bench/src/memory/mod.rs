//! In memory: a struct of about 100 bytes goes in and one comes out, over one actor and over a chain of three.

mod actix;
mod iop;
mod kameo;
mod ractor;
mod tokio;

use std::time::Duration;

use crate::calibration;
use crate::report::Table;

/// What goes in.
#[derive(Debug, Clone)]
pub(crate) struct Ping {
    pub(crate) number: u64,
    pub(crate) text: String,
}

/// What comes out.
#[derive(Debug, Clone)]
#[expect(dead_code, reason = "it is made and dropped, as a response that nobody looks into")]
pub(crate) struct Pong {
    pub(crate) number: u64,
    pub(crate) text: String,
}

impl Ping {
    pub(crate) fn new(number: u64) -> Self {
        Self { number, text: TEXT.to_owned() }
    }

    pub(crate) fn answer(self) -> Pong {
        Pong { number: self.number + 1, text: self.text }
    }
}

/// About 100 bytes with the number.
pub(crate) const TEXT: &str = "the quick brown fox jumps over the lazy dog, and then the same once more, back again.";

/// The length of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A caller and one that answers.
    RoundTrip,
    /// A caller, a service, a process and an operation, and back.
    Chain,
}

/// How much of what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) shape: Shape,
    pub(crate) callers: u64,
    /// Of all callers together.
    pub(crate) operations: u64,
}

impl Load {
    pub(crate) fn each(&self) -> u64 {
        self.operations / self.callers
    }
}

/// Two worker threads, as the machine of the published figures had.
pub(crate) fn runtime() -> ::tokio::runtime::Runtime {
    #[expect(clippy::expect_used, reason = "without a runtime there is nothing to measure")]
    ::tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

const CANDIDATES: [(&str, fn(Load) -> Duration); 7] = [
    ("tokio mpsc + oneshot", tokio::run),
    ("kameo", kameo::run),
    ("ractor", ractor::run),
    ("actix (one thread)", actix::run),
    ("iop, transient", iop::run),
    ("iop, pools of 4", iop::pooled),
    ("iop, handlers on threads of their own", iop::apart),
];

/// One run of one candidate, as `CANDIDATE SHAPE CALLERS OPERATIONS`.
pub(crate) fn hop(arguments: &[String]) -> Result<(), String> {
    let usage = || "called as CANDIDATE SHAPE CALLERS OPERATIONS, with a SHAPE of round or chain".to_owned();
    let [name, shape, callers, operations] = arguments else { return Err(usage()) };
    let number = |text: &String| text.parse().ok().filter(|number| *number > 0).ok_or_else(usage);
    let shape = match shape.as_str() {
        "round" => Shape::RoundTrip,
        "chain" => Shape::Chain,
        _ => return Err(usage()),
    };
    let load = Load { shape, callers: number(callers)?, operations: number(operations)? };
    let (_, candidate) =
        CANDIDATES.iter().find(|(candidate, _)| candidate.contains(name.as_str())).ok_or_else(usage)?;
    let before = calibration::processor_time()?;
    let took = candidate(load);
    let worked = calibration::processor_time()? - before;
    let per_operation = |time: Duration| time.as_secs_f64() * 1e9 / (load.each() * load.callers) as f64;
    println!("{:.0} ns an operation, {:.0} ns of processor time", per_operation(took), per_operation(worked));
    Ok(())
}

pub(crate) fn run(rounds: usize, only: Option<&str>) -> Result<Vec<Table>, String> {
    let loads = [(Shape::RoundTrip, 1), (Shape::RoundTrip, 64), (Shape::Chain, 1), (Shape::Chain, 64)];
    let names = CANDIDATES.map(|(name, _)| name);
    let columns = ["round trip, 1 caller", "round trip, 64", "chain, 1", "chain, 64"];
    let table =
        Table::measured(("In memory", "ns per operation", names[0]), &names, &columns, rounds, |candidate, column| {
            if only.is_some_and(|only| !names[candidate].contains(only)) {
                return Ok(None);
            }
            let (shape, callers) = loads[column];
            // Long enough to drown the start, short enough to take turns.
            let load = Load { shape, callers, operations: 64 * 500 };
            let took = (CANDIDATES[candidate].1)(load);
            Ok(Some(took.as_secs_f64() * 1e9 / load.operations as f64))
        })?;
    Ok(vec![table])
}
