//! Groups and splits in a process that is killed, and in one that is measured.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use iop_tests::child::{Ground, read};
use rusqlite::{Connection, OpenFlags, Row};

const COUNT: u64 = 3_003;
const GROUPS: u64 = 7;

/// When each run is killed: so many numbers are in the store, so many lines are printed. Twice while the list is split: what
/// is in flight in three crashes is suspended.
const MOMENTS: [(u64, usize); 6] = [(700, 0), (1_500, 0), (COUNT, 30), (COUNT, 100), (COUNT, 180), (COUNT, 260)];

fn ground(production: &str) -> Ground {
    Ground::new(env!("CARGO_BIN_EXE_flows_program")).with("PRODUCTION", production).with("IOP__STORE", "store")
}

fn put(ground: &Ground, list: &str) {
    fs::create_dir_all(ground.path("in")).expect("the inbox");
    fs::write(ground.path("in/.part"), list).expect("a list");
    fs::rename(ground.path("in/.part"), ground.path("in/list.txt")).expect("and gets its name");
}

fn database(folder: &Path) -> Option<Connection> {
    Connection::open_with_flags(folder.join("store/iop.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).ok()
}

fn count(database: &Connection, from: &str) -> u64 {
    let count = database.query_row(&format!("SELECT count(*) FROM {from}"), (), |row| row.get::<_, u32>(0));
    // There is no table before the store is made.
    count.map(u64::from).unwrap_or(0)
}

fn stored(folder: &Path, type_name: &str) -> u64 {
    database(folder).map_or(0, |database| count(&database, &format!("messages WHERE type = '{type_name}'")))
}

/// What is not at its end, in a line each.
fn unfinished(database: &Connection) -> Vec<String> {
    let mut unfinished = database
        .prepare("SELECT sequence, type, status, error FROM messages WHERE status NOT IN ('completed', 'expired')")
        .expect("a view");
    let line = |row: &Row<'_>| {
        let (sequence, type_name): (u32, String) = (row.get(0)?, row.get(1)?);
        let (status, error): (String, Option<String>) = (row.get(2)?, row.get(3)?);
        Ok(format!("{sequence} {type_name} {status}: {}", error.unwrap_or_default()))
    };
    unfinished.query_map((), line).expect("rows").collect::<Result<_, _>>().expect("texts")
}

#[test]
fn killed_at_any_moment_every_number_is_in_one_batch_and_each_batch_is_sent_once() {
    let ground = ground("batches");
    put(&ground, &format!("{COUNT} {GROUPS}"));
    let folder = ground.path("");
    let lines = || read(&ground.path("printed.txt")).matches('\n').count();
    let mut in_the_middle = 0;
    for (numbers, printed) in MOMENTS {
        let mut run = ground.start(&["run"]);
        run.wait_for(&format!("{numbers} numbers and {printed} lines"), || {
            lines() >= printed && stored(&folder, "Number") >= numbers
        });
        run.kill();
        let batches = stored(&folder, "Batch");
        in_the_middle += usize::from(stored(&folder, "Number") > 0 && batches < COUNT / 10);
    }
    assert!(in_the_middle >= 3, "kills while there was something to gather: {in_the_middle}");
    let ended = ground.run(&["run", "--until-idle"]);
    let database = database(&folder).expect("the store");
    assert_eq!(unfinished(&database), Vec::<String>::new(), "{}", ended.err);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(count(&database, "state"), 0, "no group is left");
    let mut bodies =
        database.prepare("SELECT body FROM messages WHERE type = 'Batch' ORDER BY sequence").expect("a view");
    let bodies: Vec<String> =
        bodies.query_map((), |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("texts");
    let mut groups: BTreeMap<u64, Vec<Vec<u64>>> = BTreeMap::new();
    for body in bodies {
        let batch: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        let numbers = serde_json::from_value(batch["numbers"].clone()).expect("numbers");
        groups.entry(batch["group"].as_u64().expect("a number")).or_default().push(numbers);
    }
    assert_eq!(groups.len() as u64, GROUPS);
    for (group, batches) in groups {
        let numbers: Vec<u64> = batches.iter().flatten().copied().collect();
        let expected: Vec<u64> = (group..COUNT).step_by(usize::try_from(GROUPS).expect("few")).collect();
        assert_eq!(numbers, expected, "group {group}: each number once, in order");
        assert!(batches.iter().all(|batch| batch.len() <= 10), "group {group}: {batches:?}");
        // A restart takes longer than patience lasts, now and then: those batches are shorter.
        let full = batches.iter().filter(|batch| batch.len() == 10).count();
        assert!(full + MOMENTS.len() >= expected.len() / 10, "group {group}: {full} full batches");
    }
}

#[test]
fn killed_in_the_middle_of_a_stream_its_consumer_asks_anew_and_takes_every_chunk_once() {
    const ROWS: u64 = 1_000;
    let ground = ground("imports");
    put(&ground, &format!("{ROWS} 1"));
    let folder = ground.path("");
    for run in 1..=2 {
        let mut running = ground.start(&["run"]);
        running
            .wait_for("half of the rows are taken", || read(&folder.join("halves.txt")).matches('\n').count() >= run);
        running.kill();
    }
    fs::write(folder.join("go"), "").expect("the exporter may go on");
    let ended = ground.run(&["run", "--until-idle"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(read(&folder.join("tally.txt")), (ROWS * (ROWS - 1) / 2).to_string(), "each row once");

    let database = database(&folder).expect("the store");
    assert_eq!(count(&database, "messages WHERE status NOT IN ('completed', 'expired')"), 0, "{}", ended.err);
    let requests = |status: &str| count(&database, &format!("messages WHERE type = 'Export' AND status = '{status}'"));
    assert_eq!((requests("completed"), requests("expired")), (1, 2), "nobody takes what was asked for before a kill");
    assert_eq!((stored(&folder, "Exported"), stored(&folder, "Tally"), stored(&folder, "Row")), (1, 1, 0));
}

/// What the process took at most, in kilobytes.
#[cfg(target_os = "linux")]
fn peak(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// The most memory that it takes to split a list, send each part, and gather them.
#[cfg(target_os = "linux")]
fn memory_for(count: u64) -> u64 {
    let ground = ground("counts");
    put(&ground, &format!("{count} 1"));
    let mut run = ground.start(&["run"]);
    let (tally, id) = (ground.path("tally.txt"), run.id());
    // It exists before it is written.
    run.wait_for("everything is counted", || fs::read_to_string(&tally).is_ok_and(|text| !text.is_empty()));
    assert_eq!(read(&tally), count.to_string());
    let peak = peak(id);
    run.kill();
    peak
}

/// `IOP_PARTS=100000` measures as many; fewer show the same.
#[test]
#[cfg(target_os = "linux")]
fn ten_times_as_many_parts_take_no_more_memory() {
    let parts = std::env::var("IOP_PARTS").ok().and_then(|parts| parts.parse().ok()).unwrap_or(20_000);
    let (few, many) = (memory_for(parts / 10), memory_for(parts));
    println!("{} parts: {few} kB; {parts} parts: {many} kB", parts / 10);
    assert!(many < few + 16 * 1024, "{few} kB, and {many} kB");
}
