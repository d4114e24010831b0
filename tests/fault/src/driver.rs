//! Sends orders on several lanes, each in order, until it is told to stop, and writes down what was acknowledged.
//!
//! Of a lane one order is under way at a time: the next one is sent when the last one was taken, and one whose fate is
//! unknown is sent again under its key. So the order of the acknowledgements of a lane is that of its numbers.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::engine::Site;
use crate::ledger::Ledger;
use crate::trouble::Result;

/// How the driver drives.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// Lanes over HTTP.
    pub(crate) lanes: usize,
    /// Lanes of files.
    pub(crate) file_lanes: usize,
    /// The pause of a lane between an acknowledgement and its next order.
    pub(crate) pause: Duration,
    /// What is wrong with the order of this number.
    pub(crate) trouble: fn(u64) -> &'static str,
    /// Bytes that each order has beside what it says.
    pub(crate) filler: usize,
}

impl Default for Load {
    fn default() -> Self {
        Self { lanes: 12, file_lanes: 2, pause: Duration::from_millis(2), trouble: |_| "", filler: 200 }
    }
}

/// What the driver counts beside the ledger.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Refusals that said so (503), and how many of them said when to come again.
    pub(crate) refused: AtomicU64,
    pub(crate) refused_with_time: AtomicU64,
    /// Calls of which nobody knows what became.
    pub(crate) unknown: AtomicU64,
    /// Everything else that was not taken.
    pub(crate) other: AtomicU64,
    /// The slowest acknowledgement, in microseconds.
    pub(crate) slowest_us: AtomicU64,
}

/// A driver at work.
#[derive(Debug)]
pub(crate) struct Driver {
    stop: Arc<AtomicBool>,
    give_up: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Result<()>>>,
    pub(crate) counters: Arc<Counters>,
}

#[derive(Debug, Clone)]
struct Lane {
    name: String,
    store: PathBuf,
    inbox: PathBuf,
    ledger: Arc<Ledger>,
    load: Load,
    stop: Arc<AtomicBool>,
    give_up: Arc<AtomicBool>,
    counters: Arc<Counters>,
}

impl Driver {
    pub(crate) fn start(site: &Site, ledger: &Arc<Ledger>, load: &Load) -> Self {
        let (stop, give_up) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let counters = Arc::new(Counters::default());
        let lane = |name: String| Lane {
            name,
            store: site.store(),
            inbox: site.inbox(),
            ledger: Arc::clone(ledger),
            load: load.clone(),
            stop: Arc::clone(&stop),
            give_up: Arc::clone(&give_up),
            counters: Arc::clone(&counters),
        };
        let http = (0..load.lanes).map(|number| {
            let lane = lane(format!("http-{number}"));
            std::thread::spawn(move || lane.over_http())
        });
        let files = (0..load.file_lanes).map(|number| {
            let lane = lane(format!("file-{number}"));
            std::thread::spawn(move || lane.through_files())
        });
        let threads = http.chain(files).collect();
        Self { stop, give_up, threads, counters }
    }

    /// Sends nothing new, and waits until everything under way was taken; the engine must be running.
    pub(crate) fn stop(self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        self.join()
    }

    /// Leaves everything as it is: what is under way was sent, and not acknowledged.
    pub(crate) fn give_up(self) -> Result<()> {
        self.give_up.store(true, Ordering::Relaxed);
        self.stop.store(true, Ordering::Relaxed);
        self.join()
    }

    fn join(self) -> Result<()> {
        for thread in self.threads {
            thread.join().map_err(|_| "a lane of the driver panicked")??;
        }
        Ok(())
    }
}

impl Lane {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn gives_up(&self) -> bool {
        self.give_up.load(Ordering::Relaxed)
    }

    fn over_http(self) -> Result<()> {
        let mut client = Client::of(&self.store);
        while !self.stopped() {
            let number = self.ledger.send(&self.name)?;
            let order = order(number, &self.name, (self.load.trouble)(number), self.load.filler);
            if self.post(&mut client, number, &order)? {
                self.ledger.acknowledge(number, &self.name)?;
            } else {
                return Ok(());
            }
            std::thread::sleep(self.load.pause);
        }
        Ok(())
    }

    /// `false` where it gave up before the order was taken.
    fn post(&self, client: &mut Client, number: u64, order: &str) -> Result<bool> {
        let begin = Instant::now();
        loop {
            match client.post("/api/v1/services/intake", &format!("order-{number}"), order) {
                Ok(answer) if (200..300).contains(&answer.status) => {
                    let us = u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX);
                    self.counters.slowest_us.fetch_max(us, Ordering::Relaxed);
                    return Ok(true);
                }
                Ok(answer) if answer.status == 503 => {
                    self.counters.refused.fetch_add(1, Ordering::Relaxed);
                    let timed = u64::from(answer.retry_after.is_some());
                    self.counters.refused_with_time.fetch_add(timed, Ordering::Relaxed);
                }
                Ok(answer) if answer.status == 500 || answer.status == 504 => {
                    self.counters.other.fetch_add(1, Ordering::Relaxed);
                }
                Ok(answer) => return Err(format!("order {number}: {} {}", answer.status, answer.body).into()),
                Err(_) => {
                    self.counters.unknown.fetch_add(1, Ordering::Relaxed);
                }
            }
            if self.gives_up() {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn through_files(self) -> Result<()> {
        fs::create_dir_all(&self.inbox)?;
        while !self.stopped() {
            let number = self.ledger.send(&self.name)?;
            let order = order(number, &self.name, (self.load.trouble)(number), self.load.filler);
            put_file(&self.inbox, &format!("{number:08}.json"), &order)?;
            // Archived is acknowledged.
            let archived = self.inbox.join(format!(".archive/{number:08}.json"));
            while !archived.exists() {
                if self.gives_up() {
                    return Ok(());
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            self.ledger.acknowledge(number, &self.name)?;
            std::thread::sleep(self.load.pause);
        }
        Ok(())
    }
}

/// Puts a whole file into an inbox.
pub(crate) fn put_file(inbox: &Path, name: &str, text: &str) -> Result<()> {
    let part = inbox.join(format!(".{name}.part"));
    fs::write(&part, text)?;
    fs::rename(part, inbox.join(name))?;
    Ok(())
}

/// An order as JSON.
pub(crate) fn order(number: u64, lane: &str, trouble: &str, filler: usize) -> String {
    let filler = "x".repeat(filler);
    format!(r#"{{"number":{number},"lane":"{lane}","trouble":"{trouble}","filler":"{filler}"}}"#)
}
