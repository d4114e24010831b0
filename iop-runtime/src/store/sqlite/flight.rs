//! The flight book: what is being worked on at this moment, in a file that the process leaves behind when it dies.
//!
//! A commit for each attempt would cost too much, and the book needs none: it has to survive the process, not the machine, and
//! what was written to a file does, synced or not. One write of a slot when an attempt begins, and one when it fails. Where it
//! succeeds its slot is left to be written over: what is finished in the store was not in flight, whatever the book says, and what
//! was not finished yet when the process died may be why it died, be it of the commit.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::directory::{FLIGHT, private_empty};
use super::xxh64::xxh64;
use crate::message::MessageId;
use crate::store::flight::{self, Flight};

/// The epoch, the message, and a checksum over both.
const SLOT: usize = 32;
const FREE: [u8; SLOT] = [0; SLOT];

/// So many slots have their room on the disk from the start: a page of the file system.
const AT_FIRST: usize = 4096 / SLOT;
/// More attempts than a process can have at a time; what is behind them is not read.
const MOST: usize = 1 << 20;

/// The book of one opening.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// `None` before the store is open, and where the file could not be made: then nothing is noted.
    file: OnceLock<File>,
    slots: Mutex<Slots>,
}

#[derive(Debug, Default)]
struct Slots {
    /// Which a slot is written under: one of an earlier opening says nothing about this one.
    epoch: u64,
    free: Vec<u32>,
    used: u32,
}

impl Book {
    /// Begins an epoch: at an opening with a new file, for somebody in this process may still hold the old one.
    pub(super) fn begin(&self, dir: &Path, epoch: u64) -> io::Result<()> {
        self.slots().epoch = epoch;
        if self.file.get().is_some() {
            return Ok(());
        }
        let path = dir.join(FLIGHT);
        remove(dir)?;
        let file = private_empty(&path)?;
        // Where there is no room for it now there may be later, slot by slot.
        let _ = write_at(&file, &[0; AT_FIRST * SLOT], 0);
        let _ = self.file.set(file);
        Ok(())
    }

    /// Notes that somebody begins to work on a message.
    pub(super) fn attempting(self: &Arc<Self>, message: MessageId) -> Flight {
        let Some(file) = self.file.get() else { return Flight::unseen() };
        let (epoch, slot) = self.slots().take();
        // Where that fails, and it is the one that kills the process, it takes a crash more to find it.
        let _ = write_at(file, &written(epoch, message), place(slot));
        Flight::noted(Arc::clone(self) as Arc<dyn flight::Book>, slot)
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    fn take(&mut self) -> (u64, u32) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.used += 1;
            self.used - 1
        });
        (self.epoch, slot)
    }
}

impl flight::Book for Book {
    fn has_succeeded(&self, slot: u32) {
        self.slots().free.push(slot);
    }

    fn is_over(&self, slot: u32) {
        if let Some(file) = self.file.get() {
            // A slot that keeps what it had is written over by the next attempt.
            let _ = write_at(file, &FREE, place(slot));
        }
        self.slots().free.push(slot);
    }
}

/// What was in flight when the process that had the store open in this epoch ended. A book that cannot be read says nothing.
pub(super) fn left_in(dir: &Path, epoch: u64) -> Vec<MessageId> {
    let mut bytes = Vec::new();
    let Ok(file) = File::open(dir.join(FLIGHT)) else { return Vec::new() };
    if file.take((MOST * SLOT) as u64).read_to_end(&mut bytes).is_err() {
        return Vec::new();
    }
    let (slots, _) = bytes.as_chunks::<SLOT>();
    let mut left: Vec<MessageId> = slots.iter().filter_map(|slot| read(slot, epoch)).collect();
    left.sort_unstable();
    left.dedup();
    left
}

/// Nothing is in flight: a clean close leaves no book.
pub(super) fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_file(dir.join(FLIGHT)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn place(slot: u32) -> u64 {
    u64::from(slot) * SLOT as u64
}

fn written(epoch: u64, message: MessageId) -> [u8; SLOT] {
    let mut slot = FREE;
    slot[..8].copy_from_slice(&epoch.to_le_bytes());
    slot[8..24].copy_from_slice(&message.to_bytes());
    let sum = xxh64(&slot[..24], 0);
    slot[24..].copy_from_slice(&sum.to_le_bytes());
    slot
}

/// The message of a slot; `None` where it is free, torn, or of another epoch.
fn read(slot: &[u8; SLOT], epoch: u64) -> Option<MessageId> {
    let message = MessageId::from_bytes(slot[8..24].try_into().ok()?);
    (*slot == written(epoch, message)).then_some(message)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

/// So few bytes are written as a whole, or not at all.
#[cfg(windows)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, at).map(drop)
}

#[cfg(not(any(unix, windows)))]
fn write_at(_: &File, _: &[u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> MessageId {
        MessageId::from_bytes([byte; 16])
    }

    fn book(dir: &Path, epoch: u64) -> Arc<Book> {
        let book = Arc::new(Book::default());
        book.begin(dir, epoch).unwrap();
        book
    }

    #[test]
    fn what_is_in_flight_stands_in_the_book_and_what_has_ended_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let book = book(dir.path(), 7);
        let mut flights: Vec<_> = (1..=200).map(|byte| book.attempting(id(byte))).collect();
        assert_eq!(left_in(dir.path(), 7), (1..=200).map(id).collect::<Vec<_>>());
        flights.drain(..198);
        let again = book.attempting(id(250));
        assert_eq!(left_in(dir.path(), 7), [199, 200, 250].map(id));
        drop((flights, again));
        assert_eq!(left_in(dir.path(), 7), []);
        let length = fs::metadata(dir.path().join(FLIGHT)).unwrap().len();
        assert_eq!(length, 200 * SLOT as u64, "slots are used again");
    }

    #[test]
    fn what_has_succeeded_stands_in_the_book_until_the_next_attempt_and_the_store_knows_better() {
        let dir = tempfile::tempdir().unwrap();
        let book = book(dir.path(), 7);
        let failing = book.attempting(id(1));
        book.attempting(id(2)).succeeded();
        assert_eq!(left_in(dir.path(), 7), [1, 2].map(id));
        book.attempting(id(3)).succeeded();
        assert_eq!(left_in(dir.path(), 7), [1, 3].map(id));
        drop(failing);
        assert_eq!(left_in(dir.path(), 7), [id(3)], "what will be tried again is not in flight");
    }

    #[test]
    fn another_epoch_and_a_torn_slot_say_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let book = book(dir.path(), 7);
        let _flights = [1, 2, 3].map(|byte| book.attempting(id(byte)));
        assert_eq!(left_in(dir.path(), 8), []);
        let path = dir.path().join(FLIGHT);
        let mut bytes = fs::read(&path).unwrap();
        bytes[SLOT + 20] ^= 1;
        bytes.truncate(2 * SLOT + 31);
        fs::write(&path, bytes).unwrap();
        assert_eq!(left_in(dir.path(), 7), [id(1)]);
        remove(dir.path()).unwrap();
        assert_eq!(left_in(dir.path(), 7), [], "and none is none");
    }

    #[test]
    fn what_an_earlier_opening_still_holds_does_not_write_into_the_book_of_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let earlier = book(dir.path(), 7);
        let held = earlier.attempting(id(1));
        let later = book(dir.path(), 8);
        let _flight = later.attempting(id(2));
        drop(held);
        let _more = earlier.attempting(id(3));
        assert_eq!(left_in(dir.path(), 8), [id(2)]);
    }
}
