//! The tip file: what was last acknowledged, kept outside the database.
//!
//! SQLite ends its log at the first frame that it cannot read, without a word, and takes an older copy of the file for the
//! truth. The tip remembers how far the store had come, so that a lost tail is seen at the next opening. It is written
//! after each durable commit and never synced: it can be behind the database, never rightly ahead of it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Number, hash, epoch, sequence, and a check over them.
const SLOT: usize = 64;

/// One place in the history of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Durable commits so far.
    pub(super) commits: u64,
    /// Depends on every one of them.
    pub(super) hash: [u8; 32],
    /// The opening that made the last of them.
    pub(super) epoch: u64,
    /// The highest sequence of a message that they have given.
    pub(super) sequence: u64,
}

/// What was acknowledged and is not in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct LostTail {
    /// The first commit that is gone.
    pub first_commit: u64,
    /// The last commit that is gone.
    pub last_commit: u64,
    /// The first sequence of the messages that came with them; above the last one where there were none.
    pub first_sequence: u64,
    /// The last sequence of these messages.
    pub last_sequence: u64,
}

impl LostTail {
    /// What is gone where the tip remembers one place and the database is at another; `None` where nothing is.
    pub(super) fn between(tip: &Place, database: &Place) -> Option<Self> {
        let same_history =
            tip.commits < database.commits || (tip.commits == database.commits && tip.hash == database.hash);
        (!same_history).then(|| Self {
            first_commit: (database.commits + 1).min(tip.commits),
            last_commit: tip.commits,
            first_sequence: database.sequence + 1,
            last_sequence: tip.sequence,
        })
    }
}

impl fmt::Display for LostTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first_commit, last_commit, first_sequence, last_sequence } = self;
        write!(f, "commits {first_commit} to {last_commit} were acknowledged and are gone")?;
        match last_sequence.checked_sub(*first_sequence) {
            None => f.write_str(", and no new message with them"),
            Some(_) => write!(f, ", and with them the messages of the sequences {first_sequence} to {last_sequence}"),
        }
    }
}

/// The open file.
#[derive(Debug)]
pub(super) struct Tip(File);

impl Tip {
    pub(super) fn new(file: File) -> Self {
        Self(file)
    }

    /// The furthest place that the file knows; `None` where it knows none.
    pub(super) fn read(&mut self) -> io::Result<Option<Place>> {
        let mut bytes = Vec::with_capacity(2 * SLOT);
        self.0.seek(SeekFrom::Start(0))?;
        Read::by_ref(&mut self.0).take(2 * SLOT as u64).read_to_end(&mut bytes)?;
        Ok(bytes.chunks_exact(SLOT).filter_map(decode).max_by_key(|place| place.commits))
    }

    /// Remembers a place. Two slots take turns, so that one is whole whenever the process dies.
    pub(super) fn write(&mut self, place: &Place) -> io::Result<()> {
        let slot = place.commits % 2 * SLOT as u64;
        self.0.seek(SeekFrom::Start(slot))?;
        self.0.write_all(&encode(place))
    }

    /// Remembers this place and no other, durably: somebody has decided where the history goes on.
    pub(super) fn begin_at(&mut self, place: &Place) -> io::Result<()> {
        self.0.set_len(0)?;
        self.write(place)?;
        self.0.sync_all()
    }
}

fn encode(place: &Place) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SLOT);
    bytes.extend_from_slice(&place.commits.to_le_bytes());
    bytes.extend_from_slice(&place.hash);
    bytes.extend_from_slice(&place.epoch.to_le_bytes());
    bytes.extend_from_slice(&place.sequence.to_le_bytes());
    let check = blake3::hash(&bytes);
    bytes.extend_from_slice(check.as_bytes().get(..8).unwrap_or_default());
    bytes
}

fn decode(slot: &[u8]) -> Option<Place> {
    let place = Place {
        commits: u64::from_le_bytes(slot.get(..8)?.try_into().ok()?),
        hash: slot.get(8..40)?.try_into().ok()?,
        epoch: u64::from_le_bytes(slot.get(40..48)?.try_into().ok()?),
        sequence: u64::from_le_bytes(slot.get(48..56)?.try_into().ok()?),
    };
    (encode(&place) == slot).then_some(place)
}
