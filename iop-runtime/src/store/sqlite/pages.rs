//! The book of pages: a checksum of each page of the database, in a file beside it.
//!
//! SQLite has none. A bit that turns round in a page of an index hides messages that are there, and nothing says so. So the
//! writer, which alone moves the log into the database, writes down what each page is then. An opening compares the pages
//! with the book, for a while; what it does not come to is compared in small portions beside the work. One bit that has
//! turned round is turned back. A page with more wrong is a suspect: [`settle`](super::settle) says what becomes of it.
//!
//! The book speaks of the database file alone: a page that is in the log as well counts as it is there.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::directory::{DATABASE, LOG, PAGES, open_private};
use super::log::{Contents, Log, Mended, Patch};

/// Checksums of a block, before the checksum of the block itself.
const SUMS: usize = 63;
const BLOCK: usize = (SUMS + 1) * 8;

/// A database with more wrong pages than this is not one in which a bit has turned round; each costs a tenth of a second.
const MOST: usize = 8;

/// Nothing is known of a page.
const UNKNOWN: u64 = 0;

/// Between two portions of the comparison beside the work.
const PAUSE: Duration = Duration::from_millis(20);

/// The files of the database, and how far they were compared.
#[derive(Debug)]
pub(super) struct Pages {
    dir: PathBuf,
    /// Open as long as the database is: to close it would drop SQLite's own locks.
    database: File,
    book: File,
    size: usize,
    /// The block that is compared next; `None` where all were.
    next: Option<u64>,
    looked: Instant,
    /// Part of the log is in the database and not yet in the book.
    is_behind: bool,
    found_a_log: bool,
    /// Pages that are not what the book says.
    pub(super) suspects: BTreeSet<u32>,
    /// What was mended in the database and in the log, to be taken back where the store is refused.
    mended: Vec<Patch>,
    log: Mended,
    /// What was found, in words.
    pub(super) found: Vec<String>,
}

/// A part of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block([u64; SUMS]);

impl Block {
    fn decode(bytes: &[u8; BLOCK]) -> Self {
        let is_whole = |bytes: &[u8; BLOCK]| check(bytes) == word(bytes, SUMS);
        if is_whole(bytes) {
            return Self::words(bytes);
        }
        let mut turned = *bytes;
        for bit in 0..BLOCK * 8 {
            turn(&mut turned, bit);
            if is_whole(&turned) {
                return Self::words(&turned);
            }
            turn(&mut turned, bit);
        }
        Self([UNKNOWN; SUMS])
    }

    fn words(bytes: &[u8; BLOCK]) -> Self {
        let mut sums = [UNKNOWN; SUMS];
        for (at, sum) in sums.iter_mut().enumerate() {
            *sum = word(bytes, at);
        }
        Self(sums)
    }

    fn encode(&self) -> [u8; BLOCK] {
        let mut bytes = [0; BLOCK];
        for (part, sum) in bytes.chunks_exact_mut(8).zip(self.0) {
            part.copy_from_slice(&sum.to_le_bytes());
        }
        let check = check(&bytes);
        if let Some(last) = bytes.last_chunk_mut() {
            *last = check.to_le_bytes();
        }
        bytes
    }
}

fn word(bytes: &[u8; BLOCK], at: usize) -> u64 {
    bytes.get(at * 8..).and_then(|rest| rest.first_chunk()).map_or(UNKNOWN, |word| u64::from_le_bytes(*word))
}

/// Over the checksums of a block; the one of an empty block is 0, as a hole in the file reads.
fn check(block: &[u8; BLOCK]) -> u64 {
    let sums = block.get(..SUMS * 8).unwrap_or_default();
    if sums.iter().all(|byte| *byte == 0) { 0 } else { first_eight(sums) }
}

fn first_eight(bytes: &[u8]) -> u64 {
    blake3::hash(bytes).as_bytes().first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

/// The checksum of a page: with its number, so that it is that of no other page, and never [`UNKNOWN`].
fn sum(number: u32, page: &[u8]) -> u64 {
    match first_eight(page) ^ u64::from(number) {
        UNKNOWN => 1,
        sum => sum,
    }
}

fn turn(bytes: &mut [u8], bit: usize) {
    if let Some(byte) = bytes.get_mut(bit / 8) {
        *byte ^= 1 << (bit % 8);
    }
}

/// Where a page stands in the book.
fn place(page: u32) -> (u64, usize) {
    let index = u64::from(page) - 1;
    (index / SUMS as u64, usize::try_from(index % SUMS as u64).unwrap_or_default())
}

impl Pages {
    /// Opens the book of a database; an empty one where there is none.
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let mut database = open_private(&dir.join(DATABASE))?;
        let mut header = [0; 18];
        database.read_exact(&mut header)?;
        // One stands for the size that does not fit into two bytes.
        let size = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 1 << 16,
            size => usize::from(size),
        };
        Ok(Self {
            dir: dir.to_owned(),
            database,
            book: open_private(&dir.join(PAGES))?,
            size,
            next: Some(0),
            looked: Instant::now(),
            is_behind: false,
            found_a_log: false,
            suspects: BTreeSet::new(),
            mended: Vec::new(),
            log: Mended::default(),
            found: Vec::new(),
        })
    }

    fn log_path(&self) -> PathBuf {
        self.dir.join(LOG)
    }

    /// Pages that the database file has.
    fn count(&self) -> io::Result<u32> {
        let pages = self.database.metadata()?.len() / self.size as u64;
        Ok(u32::try_from(pages).unwrap_or(u32::MAX))
    }

    /// Compares the pages with the book before SQLite reads them, for so long at most, and mends what can be mended: where
    /// `mends_the_log`, in the log first of all. What is in the log as well does not count in the database.
    pub(super) fn compare(&mut self, for_at_most: Duration, mends_the_log: bool) -> io::Result<()> {
        if mends_the_log {
            self.log = Log::mend(&self.log_path())?;
            self.log.apply(&self.log_path(), false)?;
            self.suspects.extend(self.log.suspects.iter().copied());
            self.found.append(&mut self.log.found);
        }
        let logged = match Log::open(&self.log_path())? {
            Some(mut log) => log.contents(|_, _| UNKNOWN)?,
            None => Contents::default(),
        };
        // Where a crash came between the two, the log is in the database, and not in the book.
        self.is_behind = !logged.is_empty();
        self.found_a_log = self.is_behind;
        let (start, mut block) = (Instant::now(), 0);
        while start.elapsed() < for_at_most && self.compare_block(block, &logged, false)? {
            block += 1;
        }
        // What the book does not know yet is taken in once the store is known to be sound.
        self.next = Some(0);
        Ok(())
    }

    /// Compares one block; `false` behind the last one. Where `fill`, a page that is not in the book yet is written down.
    fn compare_block(&mut self, block: u64, logged: &Contents, fill: bool) -> io::Result<bool> {
        let first = block * SUMS as u64 + 1;
        let count = u64::from(self.count()?);
        if first > count {
            return Ok(false);
        }
        let pages = usize::try_from(count - first + 1).unwrap_or(SUMS).min(SUMS);
        let mut bytes = vec![0; pages * self.size];
        self.database.seek(SeekFrom::Start((first - 1) * self.size as u64))?;
        self.database.read_exact(&mut bytes)?;
        let mut known = self.block(block)?;
        let before = known;
        for (at, page) in bytes.chunks_exact_mut(self.size).enumerate() {
            let number = u32::try_from(first + at as u64).unwrap_or(u32::MAX);
            let Some(known) = known.0.get_mut(at).filter(|_| !logged.has(number)) else { continue };
            match *known {
                UNKNOWN if fill => *known = sum(number, page),
                UNKNOWN => {}
                known if known != sum(number, page) => self.differs(number, known, page)?,
                _ => {}
            }
        }
        if known != before {
            self.write_block(block, &known)?;
        }
        Ok(true)
    }

    /// A page is not what the book says: where one bit explains it, that is turned back.
    fn differs(&mut self, number: u32, known: u64, page: &mut [u8]) -> io::Result<()> {
        let bits = if self.mended.len() < MOST && self.suspects.len() < MOST { page.len() * 8 } else { 0 };
        for bit in 0..bits {
            turn(page, bit);
            if sum(number, page) == known {
                let new = page.get(bit / 8).copied().unwrap_or_default();
                let at = u64::from(number - 1) * self.size as u64 + (bit / 8) as u64;
                let patch = Patch { at, old: vec![new ^ 1 << (bit % 8)], new: vec![new] };
                Patch::apply(std::slice::from_ref(&patch), &mut self.database, false)?;
                self.mended.push(patch);
                self.found
                    .push(format!("a bit of page {number} of the database had turned round, and was turned back"));
                return Ok(());
            }
            turn(page, bit);
        }
        self.suspects.insert(number);
        Ok(())
    }

    /// Takes back what was mended: the store is refused.
    pub(super) fn leave_as_found(&mut self) {
        // Where it cannot be written to, it stays mended.
        let _ = Patch::apply(&self.mended, &mut self.database, true);
        let _ = self.log.apply(&self.log_path(), true);
    }

    /// The store is open, and sound as far as it was looked at: from now on its suspects are what they are.
    pub(super) fn accept(&mut self) -> io::Result<()> {
        self.mended.clear();
        self.log = Mended::default();
        for page in std::mem::take(&mut self.suspects) {
            let (block, at) = place(page);
            let mut known = self.block(block)?;
            if let Some(sum) = known.0.get_mut(at) {
                *sum = UNKNOWN;
            }
            self.write_block(block, &known)?;
        }
        Ok(())
    }

    /// The store directory.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether the last process has left a log, as one does that did not close the store.
    pub(super) fn found_a_log(&self) -> bool {
        self.found_a_log
    }

    /// Whether some pages were not looked at yet.
    pub(super) fn is_unfinished(&self) -> bool {
        self.next.is_some() && !self.is_behind
    }

    /// Compares the next few pages, unless it has just done so; `false` where one was not what the book says.
    pub(super) fn look(&mut self) -> io::Result<bool> {
        if !self.is_unfinished() || self.looked.elapsed() < PAUSE {
            return Ok(true);
        }
        let is_sound = self.go_on();
        self.looked = Instant::now();
        is_sound
    }

    /// As [`look`](Self::look), to the end or for so long.
    pub(super) fn look_for(&mut self, for_at_most: Duration) -> io::Result<bool> {
        let start = Instant::now();
        while self.is_unfinished() && start.elapsed() < for_at_most {
            if !self.go_on()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn go_on(&mut self) -> io::Result<bool> {
        let Some(block) = self.next else { return Ok(true) };
        let found = self.mended.len() + self.suspects.len();
        let more = self.compare_block(block, &Contents::default(), true)?;
        self.next = more.then_some(block + 1);
        Ok(self.mended.len() + self.suspects.len() == found)
    }

    /// Pages of the database file before the log is moved into it.
    pub(super) fn before_a_move(&self) -> u32 {
        self.count().unwrap_or(0)
    }

    /// The log was moved into the database, in part or as a whole: a whole one is written down. Where that is not possible,
    /// the book is thrown away, for a wrong one would be worse.
    pub(super) fn moved(&mut self, whole: bool, pages_before: u32) {
        if !whole {
            self.is_behind = true;
        } else if self.write_down(pages_before).is_ok() {
            self.is_behind = false;
        } else {
            let _ = self.book.set_len(0);
            (self.next, self.is_behind) = (Some(0), false);
        }
    }

    fn write_down(&mut self, pages_before: u32) -> io::Result<()> {
        let Some(mut log) = Log::open(&self.log_path())? else { return Ok(()) };
        let contents = log.contents(sum)?;
        let mut open: Option<(u64, Block)> = None;
        // Of a page that the database has grown over without it, nothing is known.
        for page in (pages_before + 1..=contents.pages).filter(|page| !contents.has(*page)) {
            self.enter(&mut open, page, UNKNOWN)?;
        }
        for (page, sum) in contents.in_order() {
            self.enter(&mut open, page, sum)?;
        }
        self.leave(open)?;
        if contents.pages != 0 {
            let (last, _) = place(contents.pages);
            self.book.set_len((last + 1) * BLOCK as u64)?;
        }
        self.book.sync_data()
    }

    fn enter(&mut self, open: &mut Option<(u64, Block)>, page: u32, sum: u64) -> io::Result<()> {
        let (wanted, at) = place(page);
        if open.is_none_or(|(block, _)| block != wanted) {
            self.leave(open.take())?;
            *open = Some((wanted, self.block(wanted)?));
        }
        if let Some(known) = open.as_mut().and_then(|(_, block)| block.0.get_mut(at)) {
            *known = sum;
        }
        Ok(())
    }

    fn leave(&mut self, open: Option<(u64, Block)>) -> io::Result<()> {
        open.map_or(Ok(()), |(block, known)| self.write_block(block, &known))
    }

    /// Nothing is known of the pages of a block that is not there.
    fn block(&mut self, block: u64) -> io::Result<Block> {
        let mut bytes = [0; BLOCK];
        self.book.seek(SeekFrom::Start(block * BLOCK as u64))?;
        match self.book.read_exact(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Block([UNKNOWN; SUMS])),
            other => other.map(|()| Block::decode(&bytes)),
        }
    }

    fn write_block(&mut self, block: u64, known: &Block) -> io::Result<()> {
        self.book.seek(SeekFrom::Start(block * BLOCK as u64))?;
        self.book.write_all(&known.encode())
    }
}
