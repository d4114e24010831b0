//! The system outside that gets deliveries: it outlives the engine, and keeps an append-only log of what it got.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::trouble::Result;

/// What the target was told, once.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    pub(crate) number: u64,
    pub(crate) lane: String,
    /// The idempotency key.
    pub(crate) key: String,
}

/// How the target behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Takes what comes.
    Answers = 0,
    /// Closes every connection.
    Closes = 1,
    /// Takes connections and says nothing.
    Silent = 2,
}

#[derive(Debug)]
struct Log {
    file: File,
    delivered: Vec<Delivered>,
}

/// The target, with a thread for each connection.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    log: Arc<Mutex<Log>>,
    manner: Arc<AtomicU8>,
    attempts: Arc<AtomicU64>,
}

impl Target {
    pub(crate) fn start(log: &Path) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let file = OpenOptions::new().create(true).append(true).open(log)?;
        let target = Self {
            address: listener.local_addr()?,
            log: Arc::new(Mutex::new(Log { file, delivered: Vec::new() })),
            manner: Arc::default(),
            attempts: Arc::default(),
        };
        let serving = target.clone();
        std::thread::Builder::new().name("target".to_owned()).spawn(move || {
            for stream in listener.incoming().flatten() {
                let one = serving.clone();
                // A connection that breaks is the affair of whoever made it.
                std::thread::spawn(move || drop(one.serve(&stream)));
            }
        })?;
        Ok(target)
    }

    fn serve(&self, stream: &TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        loop {
            line.clear();
            if self.is(Manner::Closes) {
                self.attempts.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
            lines.read_line(&mut line)?;
            // Whole lines only: the sender may have died in the middle.
            let Some(said) = line.strip_suffix('\n') else { return Ok(()) };
            self.attempts.fetch_add(1, Ordering::Relaxed);
            if self.is(Manner::Closes) {
                return Ok(());
            }
            if self.is(Manner::Silent) {
                continue;
            }
            self.write_down(said)?;
            (&mut &*stream).write_all(b"ok\n")?;
        }
    }

    fn write_down(&self, said: &str) -> Result<()> {
        let mut words = said.split(' ');
        let (Some(number), Some(lane), Some(key)) = (words.next(), words.next(), words.next()) else {
            return Err(format!("not a delivery: {said}").into());
        };
        let (number, lane, key) = (number.parse()?, lane.to_owned(), key.to_owned());
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(log.file, "{said}")?;
        log.delivered.push(Delivered { number, lane, key });
        Ok(())
    }

    /// Writes into its log what happens beside deliveries.
    pub(crate) fn remark(&self, what: &str) -> Result<()> {
        Ok(writeln!(self.log.lock().unwrap_or_else(PoisonError::into_inner).file, "# {what}")?)
    }

    fn is(&self, manner: Manner) -> bool {
        self.manner.load(Ordering::Relaxed) == manner as u8
    }

    pub(crate) fn behave(&self, manner: Manner) {
        self.manner.store(manner as u8, Ordering::Relaxed);
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often somebody tried to deliver, whatever came of it.
    pub(crate) fn attempts(&self) -> u64 {
        self.attempts.load(Ordering::Relaxed)
    }

    pub(crate) fn delivered(&self) -> Vec<Delivered> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).delivered.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).delivered.len()
    }
}
