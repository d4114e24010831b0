//! The figures as a page of the documentation.

use std::fmt::Write;
use std::process::Command;

use crate::measure::Cost;
use crate::{Figures, Generated, RUNS};

/// The page.
pub(crate) fn of(figures: &Figures) -> String {
    let mut page = String::from("# What a build costs\n\n");
    let mut say = |text: String| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(page, "{text}");
    };
    say("Written by `cargo run -p iop-tests --bin build_cost`, which measures it in a folder of its own. CPU is the time of all\n\
         processors together, without that of other programs; elapsed is the time on the clock, and has theirs in it. Of a\n\
         check the least of the runs counts."
        .replace("the runs", &format!("{RUNS} runs")));
    say(format!("\n{}\n", machine()));
    say("## The hello world\n".to_owned());
    say("| | elapsed | CPU |\n|---|---|---|".to_owned());
    say(row(&format!("cold `cargo build`, {} crates", figures.crates), figures.cold_build));
    say(row("cold `cargo check` behind it (macros and build scripts are there)", figures.cold_check));
    say(row("`cargo check` after one changed handler", figures.hello_changed));
    say("\n## Generated productions\n".to_owned());
    say("A line of processes that await each other, each with a message type, a component with two settings or targets and an\n\
         ordered item of its own; all of them send to one archive; a required order from the first to the last. So the proofs\n\
         of the compiler (wiring, circles, orders) have their longest way. One file of one crate, which is the worst case:\n\
         components in crates of their own are not checked again.\n"
        .to_owned());
    say("| items | routes | lines | `cargo check` of the crate | for each item | after one changed handler |"
        .to_owned());
    say("|---|---|---|---|---|---|".to_owned());
    for generated in &figures.generated {
        say(generated_row(generated));
    }
    say(format!("\n{}", growth(&figures.generated)));
    page
}

fn row(what: &str, cost: Cost) -> String {
    format!("| {what} | {:.1} s | {} |", cost.wall, cpu(cost))
}

fn cpu(cost: Cost) -> String {
    cost.cpu.map_or_else(|| "not measured".to_owned(), |cpu| format!("{cpu:.1} s"))
}

fn generated_row(of: &Generated) -> String {
    let Generated { items, routes, lines, whole, changed } = of;
    let each = whole.compared() * 1000.0 / as_number(*items);
    let (whole, changed) = (whole.compared(), changed.compared());
    format!("| {items} | {routes} | {lines} | {whole:.1} s | {each:.0} ms | {changed:.1} s |")
}

/// Whether it grows faster than the production.
fn growth(all: &[Generated]) -> String {
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return String::new() };
    let size = as_number(last.items) / as_number(first.items);
    let times = |cost: fn(&Generated) -> Cost| {
        let times = cost(last).compared() / cost(first).compared();
        let verdict = if times <= size { "linear or better" } else { "worse than linear" };
        format!("{times:.1} times ({verdict})")
    };
    format!(
        "{size:.0} times the items cost {} for a check of the crate, and {} for one\n\
         after a changed handler, in which rustc also keeps what it needs for the next. Times in the table are CPU times.",
        times(|generated| generated.whole),
        times(|generated| generated.changed)
    )
}

#[allow(clippy::cast_precision_loss, reason = "counts of items are small")]
fn as_number(count: usize) -> f64 {
    count as f64
}

/// Date, compiler and machine, without its name.
fn machine() -> String {
    let rustc = Command::new("rustc").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let rustc = String::from_utf8_lossy(&rustc).trim().to_owned();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = field("/proc/meminfo", "MemTotal:").and_then(|text| text.parse::<u64>().ok());
    let memory =
        memory.map_or_else(|| "unknown memory".to_owned(), |kib| format!("{} GiB of memory", kib.div_ceil(1 << 20)));
    let load = std::fs::read_to_string("/proc/loadavg").ok();
    let load = load.as_deref().and_then(|text| text.split(' ').nth(1)).and_then(|text| text.parse::<f64>().ok());
    // This program itself keeps the cores busy; what waits beyond them is others.
    let shared = load.map_or("", |load| {
        if load > as_number(cores) * 1.5 {
            " Other programs used the machine at the same time: read the elapsed times as upper bounds."
        } else {
            ""
        }
    });
    let date = date();
    format!("{date}, {rustc}, {}, {cores} cores, {memory}.{shared}", std::env::consts::OS)
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next().map(str::to_owned)
}

/// Of today, in UTC.
fn date() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(since.as_micros()).unwrap_or_default();
    iop::clock::Timestamp(micros).to_string().chars().take(10).collect()
}
