//! The least that SQLite can do for it: one thread that writes, for each chain, the rows that a chain of the engine leaves
//! behind, takes whatever waits into one transaction, and answers when it is synced.

use std::path::Path;
use std::sync::mpsc;
use std::time::Instant;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use tokio::sync::oneshot;

use super::{Load, Took};

/// Chains in one commit at most, as many messages as the engine's store takes.
const BATCH: usize = 128;

/// A database of the engine, at rest.
pub(super) fn open(store: &Path) -> Result<Connection, String> {
    Connection::open(store.join("iop.db")).map_err(|error| error.to_string())
}

/// What one chain leaves in the store.
struct Recorded {
    /// The statements that make its tables.
    schema: Vec<String>,
    /// Statement and values of each row.
    rows: Vec<(String, Vec<Value>)>,
    /// Which of the values are ids.
    ids: Vec<Vec<bool>>,
}

/// Runs one chain and reads what it left.
fn record(body: usize) -> Result<Recorded, String> {
    let directory = tempfile::tempdir_in(super::directory()).map_err(|error| error.to_string())?;
    super::iop::run_in(directory.path(), Load { callers: 1, body, chains: 1 })?;
    let database = open(&directory.path().join("store"))?;
    read(&database).map_err(|error| error.to_string())
}

fn read(database: &Connection) -> rusqlite::Result<Recorded> {
    let mut recorded = Recorded { schema: Vec::new(), rows: Vec::new(), ids: Vec::new() };
    let mut schema = database.prepare(
        "SELECT sql FROM sqlite_schema WHERE tbl_name IN ('message', 'body', 'key') AND sql IS NOT NULL ORDER BY type DESC",
    )?;
    for sql in schema.query_map([], |row| row.get(0))? {
        recorded.schema.push(sql?);
    }
    for table in ["message", "body", "key"] {
        let mut rows = database.prepare(&format!("SELECT * FROM {table}"))?;
        let columns: Vec<String> = rows.column_names().map(str::to_owned).collect();
        let places = vec!["?"; columns.len()].join(", ");
        let insert = format!("INSERT INTO {table} VALUES ({places})");
        let mut found = rows.query([])?;
        while let Some(row) = found.next()? {
            let values = (0..columns.len()).map(|index| row.get(index)).collect::<rusqlite::Result<Vec<Value>>>()?;
            let is_id = |name: &String| ["id", "session", "parent", "instance", "sequence"].contains(&name.as_str());
            recorded.ids.push(columns.iter().map(is_id).collect());
            recorded.rows.push((insert.clone(), values));
        }
    }
    Ok(recorded)
}

/// Bytes of one chain's rows, for the raw file.
pub(super) fn bytes_of_a_chain(body: usize) -> Result<usize, String> {
    let sizes = record(body)?.rows.into_iter().flat_map(|(_, values)| values).map(|value| match value {
        Value::Null => 1,
        Value::Integer(_) | Value::Real(_) => 8,
        Value::Text(text) => text.len(),
        Value::Blob(blob) => blob.len(),
    });
    Ok(sizes.sum())
}

pub(super) fn run(load: Load) -> Result<Took, String> {
    let recorded = record(load.body)?;
    let directory = tempfile::tempdir_in(super::directory()).map_err(|error| error.to_string())?;
    let database = Connection::open(directory.path().join("loop.sqlite")).map_err(|error| error.to_string())?;
    let messages = recorded.rows.iter().filter(|(insert, _)| insert.contains("INTO message ")).count();
    let (sender, receiver) = mpsc::sync_channel(4096);
    let writer = std::thread::spawn(move || write(&database, &recorded, &receiver));
    let time = super::raw_file::drive(load, sender)?;
    let commits = writer.join().map_err(|_| "the writer panicked")?.map_err(|error| error.to_string())?;
    Ok(Took { time, commits, messages: (messages * load.chains) as u64 })
}

fn write(
    database: &Connection,
    recorded: &Recorded,
    receiver: &mpsc::Receiver<oneshot::Sender<()>>,
) -> rusqlite::Result<u64> {
    database.execute_batch("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    database.execute_batch(&recorded.schema.join(";"))?;
    let mut chain = 0_u64;
    let mut commits = 0;
    let started = Instant::now();
    while let Ok(first) = receiver.recv() {
        let mut waiting = vec![first];
        database.execute_batch("BEGIN IMMEDIATE")?;
        loop {
            insert(database, recorded, chain, started)?;
            chain += 1;
            if waiting.len() == BATCH {
                break;
            }
            let Ok(next) = receiver.try_recv() else { break };
            waiting.push(next);
        }
        database.execute_batch("COMMIT")?;
        commits += 1;
        for waiting in waiting {
            let _ = waiting.send(());
        }
    }
    Ok(commits)
}

/// The rows of one chain under ids of its own: in the order of time as those of the engine are, where they stand for time.
fn insert(database: &Connection, recorded: &Recorded, chain: u64, started: Instant) -> rusqlite::Result<()> {
    let rows = recorded.rows.len() as u64;
    let now = started.elapsed().as_nanos() as u64;
    for ((sql, values), ids) in recorded.rows.iter().zip(&recorded.ids) {
        let fresh = values.iter().zip(ids).map(|(value, is_id)| match value {
            Value::Integer(sequence) if *is_id => Value::Integer(sequence + (chain * rows) as i64),
            Value::Blob(id) if *is_id && id.len() >= 16 => {
                let mut fresh = id.clone();
                fresh[..8].copy_from_slice(&now.to_be_bytes());
                for (byte, more) in fresh[8..].iter_mut().zip(chain.to_le_bytes()) {
                    *byte ^= more;
                }
                Value::Blob(fresh)
            }
            other => other.clone(),
        });
        database.prepare_cached(sql)?.execute(params_from_iter(fresh))?;
    }
    Ok(())
}
