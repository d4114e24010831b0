//! What the machine does at this minute: a figure without it says nothing.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

/// How fast the disk and the scheduler are right now.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Calibration {
    /// `fdatasync` after writing 4 KiB into a file of zeros, per second.
    pub(crate) fdatasyncs_per_second: f64,
    /// A request and its response over bounded tokio channels, two worker threads, in nanoseconds.
    pub(crate) tokio_round_trip_ns: f64,
}

impl Calibration {
    pub(crate) fn measure() -> Result<Self, String> {
        Ok(Self {
            fdatasyncs_per_second: fdatasyncs_per_second().map_err(|error| format!("cannot calibrate: {error}"))?,
            tokio_round_trip_ns: tokio_round_trip_ns(),
        })
    }

    /// Microseconds of one `fdatasync`.
    pub(crate) fn fdatasync_us(&self) -> f64 {
        1e6 / self.fdatasyncs_per_second
    }
}

/// What this process has used of all cores: other load on the machine moves it little.
pub(crate) fn processor_time() -> Result<Duration, String> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).map_err(|error| format!("the clock of the process: {error}"))
}

fn fdatasyncs_per_second() -> std::io::Result<f64> {
    const ROUNDS: u32 = 300;
    const PAGE: usize = 4096;
    let mut file: File = tempfile::tempfile_in(crate::durable::directory())?;
    file.write_all(&vec![0; PAGE * ROUNDS as usize])?;
    file.sync_all()?;
    file.seek(SeekFrom::Start(0))?;
    let started = Instant::now();
    for _ in 0..ROUNDS {
        file.write_all(&[1; PAGE])?;
        file.sync_data()?;
    }
    Ok(f64::from(ROUNDS) / started.elapsed().as_secs_f64())
}

fn tokio_round_trip_ns() -> f64 {
    const ROUNDS: u32 = 50_000;
    crate::memory::runtime().block_on(async {
        let (sender, mut receiver) = mpsc::channel::<(u64, oneshot::Sender<u64>)>(64);
        tokio::spawn(async move {
            while let Some((number, reply)) = receiver.recv().await {
                let _ = reply.send(number + 1);
            }
        });
        tokio::spawn(async move {
            let started = Instant::now();
            for number in 0..u64::from(ROUNDS) {
                let (reply, response) = oneshot::channel();
                let _ = sender.send((number, reply)).await;
                let _ = response.await;
            }
            started.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS)
        })
        .await
        .unwrap_or(f64::NAN)
    })
}
