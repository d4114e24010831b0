//! SQLite's log as it lies on the disk: which pages its commits have left, and where it is not what was written.
//!
//! SQLite reads it up to the first frame whose checksum does not fit, and takes that for the end. Each checksum goes on from
//! the one before it, so what stands behind a damaged frame still proves itself from there: a bit that has turned round in
//! the middle is no end ([`mend`]).
//!
//! The format is SQLite's own, described in <https://www.sqlite.org/fileformat.html#the_write_ahead_log>.

mod mend;

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes before the first frame.
const HEADER: usize = 32;
/// Bytes of a frame before its page.
const FRAME: usize = 24;
/// Where the salts, and the checksum, lie in a frame.
const SALTS: usize = 8;
const CHECKSUM: usize = 16;
/// Frames that are read at once.
const AT_ONCE: usize = 64;

/// A running checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sum(u32, u32);

impl Sum {
    /// Goes on over whole pairs of words; what is over of the bytes is not looked at.
    fn over(self, bytes: &[u8], order: Order) -> Self {
        let Self(mut first, mut second) = self;
        for pair in bytes.chunks_exact(8) {
            let (one, other) = pair.split_at(4);
            first = first.wrapping_add(order.word(one)).wrapping_add(second);
            second = second.wrapping_add(order.word(other)).wrapping_add(first);
        }
        Self(first, second)
    }

    /// As it is stored, whatever the order of the words that it is over.
    fn to_bytes(self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&self.0.to_be_bytes());
        bytes[4..].copy_from_slice(&self.1.to_be_bytes());
        bytes
    }

    fn stored(bytes: &[u8]) -> Self {
        Self(Order::Big.word(bytes.get(..4).unwrap_or_default()), Order::Big.word(bytes.get(4..8).unwrap_or_default()))
    }
}

/// The order of the bytes in the words that the checksums are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Big,
    Little,
}

impl Order {
    fn word(self, bytes: &[u8]) -> u32 {
        let bytes = bytes.first_chunk().copied().unwrap_or_default();
        if self == Self::Big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }
}

/// What the first bytes of a log say of the rest.
#[derive(Debug, Clone, Copy)]
struct Header {
    order: Order,
    page_size: usize,
    salts: [u8; 8],
    sum: Sum,
}

impl Header {
    /// `None` where it is not one: SQLite takes such a log for an empty one.
    fn read(bytes: &[u8; HEADER]) -> Option<Self> {
        let number = |at: usize| Order::Big.word(bytes.get(at..).unwrap_or_default());
        let order = match number(0) {
            0x377f_0682 => Order::Little,
            0x377f_0683 => Order::Big,
            _ => return None,
        };
        let page_size = usize::try_from(number(8)).ok()?;
        let is_size = page_size.is_power_of_two() && (512..=65536).contains(&page_size);
        let sum = Sum(0, 0).over(bytes.get(..24)?, order);
        let salts = bytes.get(16..24)?.try_into().ok()?;
        let whole = number(4) == 3_007_000 && is_size && sum == Sum::stored(bytes.get(24..)?);
        whole.then_some(Self { order, page_size, salts, sum })
    }
}

/// One frame, page and all.
#[derive(Debug, Clone)]
struct Frame {
    /// As it lies in the file.
    bytes: Vec<u8>,
    salts: [u8; 8],
    stored: Sum,
}

impl Frame {
    /// One that is read into.
    fn of(header: &Header) -> Self {
        Self { bytes: vec![0; FRAME + header.page_size], salts: [0; 8], stored: Sum(0, 0) }
    }

    /// Reads the next one in its place; `false` where the file ends.
    fn fill(&mut self, from: &mut impl Read) -> io::Result<bool> {
        match from.read_exact(&mut self.bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            other => other?,
        }
        let rest = |at: usize| self.bytes.get(at..).unwrap_or_default();
        self.salts = rest(SALTS).first_chunk().copied().unwrap_or_default();
        self.stored = Sum::stored(rest(CHECKSUM));
        Ok(true)
    }

    fn number(&self) -> u32 {
        Order::Big.word(&self.bytes)
    }

    /// How many pages the database has after the commit that this frame ends; 0 where it ends none.
    fn pages(&self) -> u32 {
        Order::Big.word(self.bytes.get(4..).unwrap_or_default())
    }

    fn page(&self) -> &[u8] {
        self.bytes.get(FRAME..).unwrap_or_default()
    }

    /// The two parts that its checksum is over; what lies between them is salts and checksum.
    fn summed(&self) -> [&[u8]; 2] {
        [self.bytes.get(..8).unwrap_or_default(), self.page()]
    }

    /// Its checksum, after the one of what stands before it.
    fn sum(&self, before: Sum, header: &Header) -> Sum {
        self.summed().into_iter().fold(before, |sum, part| sum.over(part, header.order))
    }

    fn is_sound(&self, before: Sum, header: &Header) -> bool {
        self.salts == header.salts && self.number() != 0 && self.sum(before, header) == self.stored
    }
}

/// The log of a database.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    header: Header,
}

/// What the commits of a log have left in it.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Of each page as it is last in the log, the sum that was asked for.
    sums: HashMap<u32, u64>,
    /// Pages of the database after the last commit.
    pub(super) pages: u32,
}

impl Contents {
    pub(super) fn has(&self, page: u32) -> bool {
        self.sums.contains_key(&page)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// The sum of every page that the database has, in the order of their numbers.
    pub(super) fn in_order(&self) -> Vec<(u32, u64)> {
        let within = self.sums.iter().filter(|(page, _)| **page <= self.pages);
        let mut sums: Vec<(u32, u64)> = within.map(|(page, sum)| (*page, *sum)).collect();
        sums.sort_unstable();
        sums
    }
}

/// A change of a file.
#[derive(Debug, Clone)]
pub(super) struct Patch {
    pub(super) at: u64,
    pub(super) old: Vec<u8>,
    pub(super) new: Vec<u8>,
}

impl Patch {
    /// Makes changes, or takes them back, durably.
    pub(super) fn apply(patches: &[Self], file: &mut File, back: bool) -> io::Result<()> {
        // Back in the other order: one may have come after another at the same place.
        for at in 0..patches.len() {
            let Some(patch) = patches.get(if back { patches.len() - 1 - at } else { at }) else { continue };
            file.seek(SeekFrom::Start(patch.at))?;
            file.write_all(if back { &patch.old } else { &patch.new })?;
        }
        if patches.is_empty() { Ok(()) } else { file.sync_data() }
    }
}

/// What was wrong with a log, and what makes it right.
#[derive(Debug, Default)]
pub(super) struct Mended {
    pub(super) patches: Vec<Patch>,
    /// Pages of which nobody can say whether they are what was written.
    pub(super) suspects: Vec<u32>,
    /// What was found, in words.
    pub(super) found: Vec<String>,
}

/// Makes a log right again, where it is known how it was: not where a page of it would become a suspect.
pub(super) fn mend_what_is_known(path: &Path) -> io::Result<()> {
    let mended = Log::mend(path)?;
    if mended.suspects.is_empty() { mended.apply(path, false) } else { Ok(()) }
}

impl Mended {
    /// Changes the log so, or takes it back.
    pub(super) fn apply(&self, path: &Path, back: bool) -> io::Result<()> {
        if self.patches.is_empty() {
            return Ok(());
        }
        Patch::apply(&self.patches, &mut OpenOptions::new().write(true).open(path)?, back)
    }
}

impl Log {
    /// Opens a log; `None` where there is none that SQLite would read.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let Some((file, bytes)) = read_header(path)? else { return Ok(None) };
        Ok(Header::read(&bytes).map(|header| Self { file, header }))
    }

    /// What its commits have left in it, up to where SQLite reads, with the sum of each page. The log is read once, from its
    /// first frame to its last.
    pub(super) fn contents(&mut self, sum: impl Fn(u32, &[u8]) -> u64) -> io::Result<Contents> {
        let header = self.header;
        let (mut contents, mut uncommitted, mut before) = (Contents::default(), Vec::new(), header.sum);
        let mut frame = Frame::of(&header);
        self.file.seek(SeekFrom::Start(HEADER as u64))?;
        let mut frames = BufReader::with_capacity(AT_ONCE * frame.bytes.len(), &mut self.file);
        while frame.fill(&mut frames)? && frame.is_sound(before, &header) {
            before = frame.stored;
            uncommitted.push((frame.number(), sum(frame.number(), frame.page())));
            if frame.pages() != 0 {
                contents.pages = frame.pages();
                contents.sums.extend(uncommitted.drain(..));
            }
        }
        Ok(contents)
    }

    fn place(&self, index: u64) -> u64 {
        HEADER as u64 + index * (FRAME + self.header.page_size) as u64
    }

    /// A frame, whatever is in it; `None` where the file ends.
    fn frame(&mut self, index: u64) -> io::Result<Option<Frame>> {
        let mut frame = Frame::of(&self.header);
        self.file.seek(SeekFrom::Start(self.place(index)))?;
        Ok(frame.fill(&mut self.file)?.then_some(frame))
    }
}

fn read_header(path: &Path) -> io::Result<Option<(File, [u8; HEADER])>> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = [0; HEADER];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(Some((file, bytes))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}
