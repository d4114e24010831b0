//! What was sent, and what of it was acknowledged: an append-only file beside the store, never in it.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::trouble::Result;

/// One message that the driver was told was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Acked {
    pub(crate) number: u64,
    pub(crate) lane: String,
}

/// The ledger.
#[derive(Debug)]
pub(crate) struct Ledger {
    numbers: AtomicU64,
    pages: Mutex<Pages>,
}

#[derive(Debug)]
struct Pages {
    file: File,
    sent: BTreeSet<u64>,
    acked: Vec<Acked>,
}

impl Ledger {
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let pages = Pages { file, sent: BTreeSet::new(), acked: Vec::new() };
        Ok(Self { numbers: AtomicU64::new(1), pages: Mutex::new(pages) })
    }

    fn write(&self, act: impl FnOnce(&mut Pages) -> std::io::Result<()>) -> Result<()> {
        Ok(act(&mut self.pages.lock().unwrap_or_else(PoisonError::into_inner))?)
    }

    /// The next number, written down as sent.
    pub(crate) fn send(&self, lane: &str) -> Result<u64> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        self.write(|pages| {
            pages.sent.insert(number);
            writeln!(pages.file, "sent {number} {lane}")
        })?;
        Ok(number)
    }

    /// The sender was told that it was taken.
    pub(crate) fn acknowledge(&self, number: u64, lane: &str) -> Result<()> {
        self.write(|pages| {
            pages.acked.push(Acked { number, lane: lane.to_owned() });
            writeln!(pages.file, "acked {number} {lane}")
        })
    }

    pub(crate) fn sent(&self) -> BTreeSet<u64> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).sent.clone()
    }

    /// In the order of the acknowledgements.
    pub(crate) fn acked(&self) -> Vec<Acked> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).acked.clone()
    }

    pub(crate) fn acked_count(&self) -> usize {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).acked.len()
    }
}
