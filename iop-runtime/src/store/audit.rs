//! The audit log: what people have done, each entry chained to the one before it, so that an entry that was changed, left out
//! or put in is found.
//!
//! It is only appended to. A purge does not touch it. What a chain cannot show by itself is that its end was cut off: whoever
//! wants to know keeps an [`AuditHead`] elsewhere and has it [verified](verify_audit) as well.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Admin, JobLine, JobWrite, StoreError, Viewer};
use crate::clock::{Rfc3339, Timestamp, rfc3339};

/// Entries that are read at once.
const PAGE: usize = 1000;

/// A BLAKE3 hash; 64 hexadecimal digits as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AuditHash(pub [u8; 32]);

impl AuditHash {
    /// In front of the first entry.
    pub const START: Self = Self([0; 32]);

    /// Of a content before or after an act.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self(*blake3::hash(content).as_bytes())
    }
}

impl fmt::Display for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl FromStr for AuditHash {
    type Err = blake3::HexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        blake3::Hash::from_hex(text).map(|hash| Self(*hash.as_bytes()))
    }
}

impl Serialize for AuditHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for AuditHash {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AuditHash".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$", "description": "A hash, in hexadecimal digits." })
    }
}

impl<'de> Deserialize<'de> for AuditHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What somebody did, before it has its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Who.
    pub who: Arc<str>,
    /// In which role.
    pub role: Arc<str>,
    /// From where: an address, or a word.
    pub from: Arc<str>,
    /// What was done: `message.resend`.
    pub action: Arc<str>,
    /// With what: `message 0192…`, `item billing`.
    pub object: Arc<str>,
    /// Why, in the words of whoever did it.
    pub reason: Option<Arc<str>>,
    /// What the object was before, as a hash.
    pub before: Option<AuditHash>,
    /// What it was afterwards.
    pub after: Option<AuditHash>,
    /// What came of it: `done`, or why not.
    pub result: Arc<str>,
}

/// How an act is on record in the commit that does it.
#[derive(Debug, Clone)]
pub enum OnRecord {
    /// With an entry of its own in the audit log.
    Audit(AuditRecord),
    /// As a part of a job, which is on record as a whole: what came of one of its messages. One that has a result keeps it.
    OfJob {
        /// The job.
        job: u64,
        /// The message, with its result.
        line: JobLine,
    },
}

impl From<AuditRecord> for OnRecord {
    fn from(record: AuditRecord) -> Self {
        Self::Audit(record)
    }
}

/// What somebody does that is no [`Step`](super::Step), and goes on record with it: [`Store::act`](super::Store::act).
#[derive(Debug, Clone)]
pub enum Deed {
    /// To a message.
    Admin(Admin),
    /// To a job.
    Job(JobWrite),
    /// To what is remembered: the name and the text of a note.
    Note(Arc<str>, Arc<str>),
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditEntry {
    /// Its place, from 1.
    pub number: u64,
    /// When, by the clock of the store.
    #[serde(with = "rfc3339")]
    #[schemars(with = "Rfc3339")]
    pub time: Timestamp,
    /// Who.
    pub who: Arc<str>,
    /// The role.
    pub role: Arc<str>,
    /// From where.
    pub from: Arc<str>,
    /// What was done.
    pub action: Arc<str>,
    /// With what.
    pub object: Arc<str>,
    /// Why.
    pub reason: Option<Arc<str>>,
    /// Before.
    pub before: Option<AuditHash>,
    /// Afterwards.
    pub after: Option<AuditHash>,
    /// What came of it.
    pub result: Arc<str>,
    /// Over the hash of the entry before, and everything above.
    pub hash: AuditHash,
}

impl AuditEntry {
    /// The entry that follows `head`.
    pub(crate) fn following(head: AuditHead, time: Timestamp, record: AuditRecord) -> Self {
        let AuditRecord { who, role, from, action, object, reason, before, after, result } = record;
        let number = head.number + 1;
        let hash = AuditHash::START;
        let mut entry = Self { number, time, who, role, from, action, object, reason, before, after, result, hash };
        entry.hash = entry.chained(head.hash);
        entry
    }

    /// What its hash must be after `previous`.
    fn chained(&self, previous: AuditHash) -> AuditHash {
        let mut hasher = blake3::Hasher::new_derive_key("iop audit log 1");
        hasher.update(&previous.0);
        hasher.update(&self.number.to_le_bytes());
        hasher.update(&self.time.0.to_le_bytes());
        let texts = [&self.who, &self.role, &self.from, &self.action, &self.object, &self.result];
        let texts = texts.map(|text| Some(text.as_bytes()));
        let optional = [
            self.reason.as_ref().map(|reason| reason.as_bytes()),
            self.before.as_ref().map(|hash| hash.0.as_slice()),
            self.after.as_ref().map(|hash| hash.0.as_slice()),
        ];
        for part in texts.into_iter().chain(optional) {
            // What is missing is not what is empty.
            hasher.update(&part.map_or(u64::MAX, |part| part.len() as u64).to_le_bytes());
            hasher.update(part.unwrap_or_default());
        }
        AuditHash(*hasher.finalize().as_bytes())
    }

    /// The log as it ends with this entry.
    pub(super) fn head(&self) -> AuditHead {
        AuditHead { number: self.number, hash: self.hash }
    }
}

/// An end of the log, now or at some time: what to keep elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditHead {
    /// The number of the last entry; 0 where there is none.
    pub number: u64,
    /// Its hash.
    pub hash: AuditHash,
}

impl AuditHead {
    /// Of an empty log.
    pub const START: Self = Self { number: 0, hash: AuditHash::START };
}

/// A viewer's question for entries of the audit log; every given field narrows the answer.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// By this person.
    pub who: Option<Arc<str>>,
    /// Of this action, or where it ends with a `.` of all that begin with it: `message.`.
    pub action: Option<Arc<str>>,
    /// With this object.
    pub object: Option<Arc<str>>,
    /// At or after this time.
    pub since: Option<Timestamp>,
    /// Page on: only what follows this number in the chosen order.
    pub after: Option<u64>,
    /// At most so many; 0 stands for 100.
    pub limit: usize,
    /// In order of time.
    pub oldest_first: bool,
}

impl AuditQuery {
    /// Whether the entry is asked for, wherever the page begins.
    pub(super) fn matches(&self, entry: &AuditEntry) -> bool {
        let action = |wanted: &Arc<str>| {
            if wanted.ends_with('.') { entry.action.starts_with(&**wanted) } else { entry.action == *wanted }
        };
        self.who.as_ref().is_none_or(|who| entry.who == *who)
            && self.action.as_ref().is_none_or(action)
            && self.object.as_ref().is_none_or(|object| entry.object == *object)
            && self.since.is_none_or(|since| entry.time >= since)
    }
}

/// What is wrong with an audit log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditFault {
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Entries are missing.
    #[error("the entries {first} to {last} of the audit log are missing")]
    Missing {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// An entry is not what was written, or does not follow the one before it.
    #[error("entry {number} of the audit log is not what was written, or the one before it is not")]
    Changed {
        /// The entry.
        number: u64,
    },
    /// The log goes another way than the end that was kept elsewhere.
    #[error("entry {number} of the audit log has the hash {found}; {expected} was kept")]
    OtherHistory {
        /// The entry.
        number: u64,
        /// What was kept.
        expected: AuditHash,
        /// What is there.
        found: AuditHash,
    },
}

/// Reads the whole audit log and proves that each entry is what was written and follows the one before it; with `kept`, that
/// it also goes through an end that was kept elsewhere. Returns its end.
///
/// # Errors
/// See [`AuditFault`]: the first thing that is wrong.
pub async fn verify_audit(store: &dyn Viewer, kept: Option<AuditHead>) -> Result<AuditHead, AuditFault> {
    let mut head = AuditHead::START;
    loop {
        let query = AuditQuery { after: Some(head.number), limit: PAGE, oldest_first: true, ..AuditQuery::default() };
        let entries = store.audit(query).await?;
        for entry in &entries {
            if entry.number != head.number + 1 {
                return Err(AuditFault::Missing { first: head.number + 1, last: entry.number.saturating_sub(1) });
            }
            if entry.chained(head.hash) != entry.hash {
                return Err(AuditFault::Changed { number: entry.number });
            }
            head = entry.head();
            if let Some(kept) = kept.filter(|kept| kept.number == head.number && kept.hash != head.hash) {
                return Err(AuditFault::OtherHistory { number: head.number, expected: kept.hash, found: head.hash });
            }
        }
        if entries.len() < PAGE {
            break;
        }
    }
    match kept {
        Some(kept) if kept.number > head.number => {
            Err(AuditFault::Missing { first: head.number + 1, last: kept.number })
        }
        _ => Ok(head),
    }
}
