//! Growth: what a backlog costs in memory, at start and when somebody looks for a message, what items cost at start, and
//! what workers bring.
//!
//! Each measurement is a process of its own, this program called with `--child`, so that its memory is its own.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Instant;

use iop::clock::SystemClock;
use iop::engine::{self, StartOptions, Stop};
use iop::message::{Invocation, Kind, MessageId, Priority, SessionId, Status};
use iop::prelude::*;
use iop::production::Production as _;
use iop::settings::{self, Layers};
use iop::store::sqlite::SqliteStore;
use iop::store::{MessageQuery, NewMessage, Step, Store, Viewer};

use crate::report::{Row, Table};

#[message]
struct Parcel {
    #[key]
    number: u64,
    text: String,
}

#[business_operation]
struct Depot;

#[handlers]
impl Depot {
    async fn take(&mut self, _parcel: Parcel) -> Result {
        // It takes one and is busy with it: the backlog stays.
        std::future::pending().await
    }
}

production! { Backlog {
    #[item(standalone)]
    depot: Depot {},
} }

include!(concat!(env!("OUT_DIR"), "/items.rs"));

const ITEMS: [u64; 3] = [10, 100, 300];
const POOLS: [usize; 5] = [1, 4, 16, 32, 64];
const BACKLOGS: [u64; 3] = [10_000, 100_000, 1_000_000];
const MEASURED: [&str; 5] = [
    "start until the first is worked on, ms",
    "memory, MiB",
    "find by key, ms",
    "first page, ms",
    "first page of one item's failures, ms",
];

pub(crate) fn run(rounds: usize) -> Result<Vec<Table>, String> {
    let backlogs = curves(
        ("A backlog of messages of 512 bytes", &MEASURED),
        &BACKLOGS,
        rounds,
        |backlog, directory| call("fill", backlog, directory).map(drop),
        "open",
    )?;
    let at_start = ["start until every item is up, ms", "memory, MiB"];
    let items = curves(("Items of a production", &at_start), &ITEMS, rounds, |_, _| Ok(()), "items")?;
    let pools = Table::measured(
        ("100 requests at once that sleep 1 ms, by pool size", "requests per second", "iop"),
        &["iop"],
        &POOLS.map(|pool| pool.to_string()).each_ref().map(String::as_str),
        rounds,
        |_, column| crate::workload::at_once(POOLS[column]).map(|seconds| Some(100.0 / seconds)),
    )?;
    Ok(vec![backlogs, items, Table { curves: true, ..pools }])
}

/// What children of this program measure, for each of some sizes: `prepare` once, then `what` in each round.
fn curves(
    (title, measured): (&str, &[&str]),
    sizes: &[u64],
    rounds: usize,
    prepare: impl Fn(u64, &Path) -> Result<(), String>,
    what: &str,
) -> Result<Table, String> {
    let mut rows: Vec<Row> =
        measured.iter().map(|name| Row { name: (*name).to_owned(), figures: Vec::new() }).collect();
    for size in sizes {
        let directory = tempfile::tempdir_in(crate::durable::directory()).map_err(|error| error.to_string())?;
        prepare(*size, directory.path())?;
        let mut samples = vec![Vec::new(); measured.len()];
        for _ in 0..rounds {
            let printed = call(what, *size, directory.path())?;
            for (sample, figure) in samples.iter_mut().zip(printed.split_whitespace()) {
                sample.push(figure.parse::<f64>().map_err(|error| format!("`{figure}`: {error}"))?);
            }
        }
        for (row, sample) in rows.iter_mut().zip(samples) {
            row.figures.push(crate::report::median(sample));
        }
        eprintln!("{title}: {size}");
    }
    Ok(Table {
        title: title.to_owned(),
        unit: "see the rows".to_owned(),
        base: "none".to_owned(),
        columns: sizes.iter().map(u64::to_string).collect(),
        rows,
        curves: true,
    })
}

fn call(what: &str, backlog: u64, directory: &Path) -> Result<String, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .args(["--child", what, &backlog.to_string()])
        .arg(directory)
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What this process is called for, where it is a child.
pub(crate) fn child() -> Option<ExitCode> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, flag, what, backlog, directory] = arguments.as_slice() else { return None };
    if flag != "--child" {
        return None;
    }
    let backlog = backlog.parse().ok()?;
    let done = crate::memory::runtime().block_on(async {
        match what.as_str() {
            "fill" => fill(Path::new(directory), backlog).await,
            "items" => items(Path::new(directory), backlog).await,
            _ => open(Path::new(directory), backlog).await,
        }
    });
    Some(match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    })
}

async fn fill(directory: &Path, backlog: u64) -> Result<(), String> {
    let store =
        SqliteStore::open(&directory.join("store"), Arc::new(SystemClock)).map_err(|error| error.to_string())?;
    let numbers: Vec<u64> = (0..backlog).collect();
    for numbers in numbers.chunks(1000) {
        let emit = numbers.iter().map(|number| parcel(*number)).collect();
        let commit = store.submit(Step { emit, ..Step::default() }).commit;
        commit.wait().await.map_err(|error| error.to_string())?;
    }
    store.close().await.map_err(|error| error.to_string())
}

fn parcel(number: u64) -> NewMessage {
    let id = MessageId::random();
    NewMessage {
        id,
        session: SessionId::of(id),
        parent: None,
        position: 0,
        source: None,
        target: Some("depot".into()),
        instance: None,
        type_name: "Parcel".into(),
        type_version: 1,
        kind: Kind::Request,
        invocation: Invocation::OneWay,
        status: Status::Queued,
        priority: Priority::NORMAL,
        due: None,
        late: false,
        completion_key: None,
        description: None,
        body: format!("{{\"number\":{number},\"text\":\"{}\"}}", "x".repeat(480)).into(),
        keys: vec![("number", number.to_string())],
        leased: None,
        order_key: None,
        parks: false,
    }
}

async fn open(directory: &Path, backlog: u64) -> Result<(), String> {
    let started = Instant::now();
    let store =
        SqliteStore::open(&directory.join("store"), Arc::new(SystemClock)).map_err(|error| error.to_string())?;
    let resolved = settings::resolve(Backlog::GRAPH, Backlog::wiring(), &Layers::none()).map_err(|_| "bad settings")?;
    let running = engine::start(resolved, store.clone(), StartOptions::default()).await;
    let running = running.map_err(|error| error.to_string())?;
    let director = running.director();
    while director.status().items.iter().all(|item| item.workers.busy == 0) {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    let ready = started.elapsed();
    let by_key =
        timed(&*store, MessageQuery { key: Some(("number".into(), (backlog / 2).to_string().into())), ..page() })
            .await?;
    let first = timed(&*store, page()).await?;
    let failures = MessageQuery { item: Some("depot".into()), status: Some(Status::Suspended), ..page() };
    let failures = timed(&*store, failures).await?;
    println!("{:.3} {:.1} {by_key:.3} {first:.3} {failures:.3}", ready.as_secs_f64() * 1e3, peak_mib()?);
    running.stop(Stop::Now).await.map_err(|error| error.to_string())
}

async fn items(directory: &Path, count: u64) -> Result<(), String> {
    let (graph, wiring) = match count {
        10 => (Items10::GRAPH, Items10::wiring()),
        100 => (Items100::GRAPH, Items100::wiring()),
        _ => (Items300::GRAPH, Items300::wiring()),
    };
    let started = Instant::now();
    let store =
        SqliteStore::open(&directory.join("store"), Arc::new(SystemClock)).map_err(|error| error.to_string())?;
    let resolved = settings::resolve(graph, wiring, &Layers::none()).map_err(|_| "bad settings")?;
    let running = engine::start(resolved, store, StartOptions::default()).await;
    let running = running.map_err(|error| error.to_string())?;
    let up = started.elapsed();
    println!("{:.3} {:.1}", up.as_secs_f64() * 1e3, peak_mib()?);
    running.stop(Stop::Now).await.map_err(|error| error.to_string())
}

fn page() -> MessageQuery {
    MessageQuery { limit: 100, ..MessageQuery::default() }
}

async fn timed(store: &SqliteStore, query: MessageQuery) -> Result<f64, String> {
    let started = Instant::now();
    store.query(query).await.map_err(|error| error.to_string())?;
    Ok(started.elapsed().as_secs_f64() * 1e3)
}

/// The most memory that this process has had.
fn peak_mib() -> Result<f64, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kib = line.trim().trim_end_matches("kB").trim().parse::<f64>().map_err(|error| error.to_string())?;
    Ok(kib / 1024.0)
}
