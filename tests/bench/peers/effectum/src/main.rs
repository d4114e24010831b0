//! effectum beside iop: `CALLERS JOBS BODY DIRECTORY`. Callers push a job and wait until its handler has it; prints the
//! seconds that all of them took.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use effectum::{Job, JobRunner, Queue, RunningJob, Worker};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

#[derive(Serialize, Deserialize)]
struct Payload {
    number: usize,
    text: String,
}

/// Who waits for which job.
type Waiting = Mutex<HashMap<usize, oneshot::Sender<()>>>;

async fn handle(job: RunningJob, waiting: Arc<Waiting>) -> Result<(), String> {
    let payload: Payload = job.json_payload().map_err(|error| error.to_string())?;
    let caller = waiting.lock().map_err(|error| error.to_string())?.remove(&payload.number);
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
    let queue = Arc::new(Queue::new(&Path::new(directory).join("effectum.db")).await?);
    let waiting: Arc<Waiting> = Arc::default();
    let _worker = Worker::builder(&queue, Arc::clone(&waiting))
        .jobs(vec![JobRunner::builder("job", handle).build()])
        .min_concurrency(16)
        .max_concurrency(256)
        .build()
        .await?;
    let started = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (queue, waiting) = (Arc::clone(&queue), Arc::clone(&waiting));
            tokio::spawn(async move {
                for job in 0..jobs / callers {
                    let number = caller * jobs + job;
                    let (done, handled) = oneshot::channel();
                    waiting.lock().map_err(|error| error.to_string())?.insert(number, done);
                    Job::builder("job")
                        .json_payload(&Payload { number, text: "x".repeat(body) })
                        .map_err(|error| error.to_string())?
                        .add_to(&queue)
                        .await
                        .map_err(|error| error.to_string())?;
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
    Ok(())
}
