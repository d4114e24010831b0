//! apalis on SQLite beside iop: `CALLERS JOBS BODY DIRECTORY`. Callers push a job and wait until its handler has it; prints
//! the seconds that all of them took.
//!
//! Not quite its defaults. A bare `SqliteStorage` looks for jobs once; where it finds none, it looks again with its next
//! heartbeat, after 30 seconds. So it is told of each row by SQLite's update hook, which is the fastest way that it has; and
//! since a job that is pushed while it looks is missed now and then, it also looks every [`POLL`] by itself. Its
//! `setup` switches the syncs off on the connection that it runs on; that connection is closed here, and another one syncs.

use std::collections::HashMap;
use std::path::Path;
use std::str::FromStr;
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use apalis::prelude::*;
use apalis_sqlite::{SqliteConnectOptions, SqlitePool, SqliteStorage};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

#[derive(Serialize, Deserialize)]
struct Payload {
    number: usize,
    text: String,
}

/// How often it looks for jobs that it was not told of.
const POLL: Duration = Duration::from_millis(5);

/// Who waits for which job.
static WAITING: LazyLock<Mutex<HashMap<usize, oneshot::Sender<()>>>> = LazyLock::new(Mutex::default);

async fn handle(payload: Payload) -> Result<(), BoxDynError> {
    let caller = WAITING.lock().map_err(|error| error.to_string())?.remove(&payload.number);
    if let Some(caller) = caller {
        let _ = caller.send(());
    }
    Ok(())
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [callers, jobs, body, directory] = arguments.as_slice() else {
        return Err("called as CALLERS JOBS BODY DIRECTORY".into());
    };
    let (callers, jobs, body): (usize, usize, usize) = (callers.parse()?, jobs.parse()?, body.parse()?);
    let database = Path::new(directory).join("apalis.db");
    let url = format!("sqlite://{}", database.display());
    let pool = SqlitePool::connect_with(SqliteConnectOptions::from_str(&url)?.create_if_missing(true)).await?;
    SqliteStorage::setup(&pool).await?;
    pool.close().await;
    // SQLite's own default is to sync each commit, and the database stays in WAL mode.
    let (pool, inserted) = SqliteStorage::connect_with_callback(&url)?;
    let backend = SqliteStorage::new(&pool);
    let told = backend.clone().poll_with_strategy(Strategy::new().stream(inserted).interval(POLL));
    let worker = WorkerBuilder::new("worker").backend(told).build(handle);
    tokio::spawn(async move { worker.run().await });
    let started = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let mut backend = backend.clone();
            tokio::spawn(async move {
                for job in 0..jobs / callers {
                    let number = caller * jobs + job;
                    let (done, handled) = oneshot::channel();
                    WAITING.lock().map_err(|error| error.to_string())?.insert(number, done);
                    let payload = Payload { number, text: "x".repeat(body) };
                    backend.push(payload).await.map_err(|error| error.to_string())?;
                    handled.await.map_err(|error| error.to_string())?;
                }
                Ok::<(), String>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    println!("{}", started.elapsed().as_secs_f64());
    std::process::exit(0);
}
