//! Figures: what a scenario yields, beside its goal; and the page that they are written to.

#![allow(
    clippy::needless_pass_by_value,
    reason = "what is shown is anything that can be written: numbers, texts, references"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use iop::clock::{Clock as _, SystemClock};

use crate::scenarios::Scale;
use crate::trouble::Result;

/// One figure.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) what: String,
    /// What it should be.
    pub(crate) goal: String,
    /// What it is.
    pub(crate) found: String,
    pub(crate) standing: Standing,
}

/// How a figure stands to its goal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    Reached,
    /// It is what it is, with the reason.
    NotReached(String),
    /// This machine cannot do it, and why.
    Skipped(String),
    /// Shown for its own sake.
    Shown,
}

impl Figure {
    /// A promise. One that is broken fails the run.
    pub(crate) fn promise(what: &str, goal: impl ToString, found: impl ToString, holds: bool) -> Result<Self> {
        let (goal, found) = (goal.to_string(), found.to_string());
        if holds {
            Ok(Self { what: what.to_owned(), goal, found, standing: Standing::Reached })
        } else {
            Err(format!("{what}: {found}, and not {goal}").into())
        }
    }

    /// A measurement, which depends on the machine: one that is not reached is reported, with a reason.
    pub(crate) fn measured(what: &str, goal: impl ToString, found: impl ToString, reached: bool, why: &str) -> Self {
        let standing = if reached { Standing::Reached } else { Standing::NotReached(why.to_owned()) };
        Self { what: what.to_owned(), goal: goal.to_string(), found: found.to_string(), standing }
    }

    pub(crate) fn shown(what: &str, found: impl ToString) -> Self {
        Self { what: what.to_owned(), goal: String::new(), found: found.to_string(), standing: Standing::Shown }
    }

    pub(crate) fn skipped(what: &str, why: impl ToString) -> Self {
        let standing = Standing::Skipped(why.to_string());
        Self { what: what.to_owned(), goal: String::new(), found: String::new(), standing }
    }

    fn remark(&self) -> String {
        match &self.standing {
            Standing::Reached => "reached".to_owned(),
            Standing::NotReached(why) => format!("not reached: {why}"),
            Standing::Skipped(why) => format!("skipped: {why}"),
            Standing::Shown => String::new(),
        }
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.what, self.found)?;
        if !self.goal.is_empty() {
            write!(f, " (goal: {})", self.goal)?;
        }
        let remark = self.remark();
        if remark.is_empty() { Ok(()) } else { write!(f, ", {remark}") }
    }
}

/// What came of one scenario.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) number: &'static str,
    pub(crate) name: &'static str,
    pub(crate) goals: &'static str,
    pub(crate) scale: Scale,
    pub(crate) took: Duration,
    pub(crate) figures: Result<Vec<Figure>, String>,
}

/// What the machine does at this minute: a figure without it says nothing.
pub(crate) fn fdatasyncs_per_second() -> Result<f64> {
    use std::io::{Seek as _, SeekFrom, Write as _};
    const ROUNDS: u32 = 200;
    const PAGE: usize = 4096;
    let mut file = tempfile::tempfile()?;
    file.write_all(&vec![0; PAGE * usize::try_from(ROUNDS)?])?;
    file.sync_all()?;
    file.seek(SeekFrom::Start(0))?;
    let start = Instant::now();
    for _ in 0..ROUNDS {
        file.write_all(&[1; PAGE])?;
        file.sync_data()?;
    }
    Ok(f64::from(ROUNDS) / start.elapsed().as_secs_f64())
}

fn machine() -> String {
    let model = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(" unknown processor");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} cores,{}, {} {}", model.replace([':', '\t'], ""), std::env::consts::OS, kernel.trim())
}

/// What else the machine has to do.
fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(3).collect::<Vec<_>>().join(", ")
}

/// Writes the page.
pub(crate) fn write(page: &Path, courses: &[Course], calibration: [f64; 2]) -> Result<()> {
    let now = SystemClock.now().to_string();
    let date = now.split('T').next().unwrap_or_default();
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let mut text = format!(
        "# Figures of the fault suite\n\nWritten by the suite itself; [how to run it](../how-to/run-the-fault-suite.md) \
         says how. The scenarios and their goals are those of the plan; a goal that is not reached stands here as it is.\n\n\
         | | |\n|---|---|\n| date | {date} |\n| machine | {} |\n| build | {profile} |\n\
         | load of the machine, 1, 5 and 15 minutes | {} |\n| fdatasync per second, before and after | {:.0}, {:.0} |\n",
        machine(),
        load(),
        calibration[0],
        calibration[1],
    );
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    for course in courses {
        write!(text, "\n## {} {}\n\n", course.number, course.name)?;
        let goals = if course.goals.is_empty() { String::new() } else { format!(" Goals: {}.", course.goals) };
        let set = if course.scale == Scale::Full { "Full" } else { "Short" };
        writeln!(text, "{set} set, {:.1} s.{goals}\n", course.took.as_secs_f64())?;
        match &course.figures {
            Err(error) => writeln!(text, "Failed: {}", cell(error))?,
            Ok(figures) => {
                text.push_str("| what | goal | figure | |\n|---|---|---|---|\n");
                for figure in figures {
                    let (what, goal, found) = (cell(&figure.what), cell(&figure.goal), cell(&figure.found));
                    writeln!(text, "| {what} | {goal} | {found} | {} |", cell(&figure.remark()))?;
                }
            }
        }
    }
    fs::write(page, text)?;
    Ok(())
}
