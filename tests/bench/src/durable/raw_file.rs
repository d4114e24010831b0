//! The limit: the bytes of a chain's rows go into a file of zeros, whatever waits with one `fdatasync`.

use std::io::{Seek, SeekFrom, Write};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Load, Took};

pub(super) fn run(load: Load) -> Result<Took, String> {
    let bytes = super::sqlite_loop::bytes_of_a_chain(load.body)?;
    let (sender, receiver) = mpsc::sync_channel(4096);
    let writer = std::thread::spawn(move || write(bytes, load.chains, &receiver));
    // The file is there before the clock runs.
    let time = drive(load, sender)?;
    let commits = writer.join().map_err(|_| "the writer panicked")?.map_err(|error| error.to_string())?;
    Ok(Took { time, commits, messages: load.chains as u64 })
}

fn write(bytes: usize, chains: usize, receiver: &mpsc::Receiver<oneshot::Sender<()>>) -> std::io::Result<u64> {
    let mut file = tempfile::tempfile_in(super::directory())?;
    let zeros = vec![0; 1 << 20];
    for _ in 0..=(bytes * chains) >> 20 {
        file.write_all(&zeros)?;
    }
    file.sync_all()?;
    file.seek(SeekFrom::Start(0))?;
    let mut commits = 0;
    while let Ok(first) = receiver.recv() {
        let mut waiting = vec![first];
        while waiting.len() < 4096 {
            let Ok(next) = receiver.try_recv() else { break };
            waiting.push(next);
        }
        file.write_all(&vec![7; bytes * waiting.len()])?;
        file.sync_data()?;
        commits += 1;
        for waiting in waiting {
            let _ = waiting.send(());
        }
    }
    Ok(commits)
}

/// Callers that hand in one chain after the other, and wait for each.
pub(super) fn drive(load: Load, writer: mpsc::SyncSender<oneshot::Sender<()>>) -> Result<Duration, String> {
    crate::memory::runtime().block_on(async {
        // The writer is ready when it has answered once.
        call(&writer).await?;
        let started = Instant::now();
        let callers: Vec<_> = (0..load.callers)
            .map(|_| {
                let writer = writer.clone();
                tokio::spawn(async move {
                    for _ in 0..load.each() {
                        call(&writer).await?;
                    }
                    Ok::<(), String>(())
                })
            })
            .collect();
        for caller in callers {
            caller.await.map_err(|error| error.to_string())??;
        }
        Ok(started.elapsed())
    })
}

async fn call(writer: &mpsc::SyncSender<oneshot::Sender<()>>) -> Result<(), String> {
    let (reply, response) = oneshot::channel();
    writer.try_send(reply).map_err(|_| "the writer's channel is full, or it is gone")?;
    response.await.map_err(|_| "the writer has failed".to_owned())
}
