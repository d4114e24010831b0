//! Identity of messages and sessions.
//!
//! What comes from outside gets a time-ordered UUID (version 7). What a turn sends gets an id *derived* (UUID
//! version 8) from the message that the turn consumes, the position of the send in the turn, and what is sent: a
//! repeated turn makes the same ids, so the store recognises what it already has. A derived id begins with the time of the
//! id that it derives from: what belongs together lies together in the store's index, and at its end.

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::{Builder, Uuid};

/// The bytes of a UUID of version 7 that are its time, in milliseconds.
const TIME: usize = 6;

/// The identity of one message, also the idempotency key of its effects outside: the same on every attempt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(Uuid);

impl MessageId {
    /// A new id for something that comes from outside. Later ids sort after earlier ones.
    #[must_use]
    pub fn random() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let place = next_place(u64::try_from(since.as_millis()).unwrap_or_default());
        let mut tail = [0; 10];
        tail[..2].copy_from_slice(&((place & COUNT) as u16).to_be_bytes());
        tail[2..].copy_from_slice(&chance().to_be_bytes());
        Self(Builder::from_unix_timestamp_millis(place >> COUNT_BITS, &tail).into_uuid())
    }

    /// The id of what `self` causes: the same parts always give the same id.
    ///
    /// The parts are length-prefixed before they are hashed (BLAKE3), so `["ab", "c"]` and `["a", "bc"]` differ.
    #[must_use]
    pub fn derive(self, parts: &[&[u8]]) -> Self {
        let mut bytes = hash(self.0, parts);
        bytes[..TIME].copy_from_slice(&self.0.as_bytes()[..TIME]);
        Self(Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The id that names an external input by its content, for example a file by its name and bytes.
    #[must_use]
    pub fn of_input(parts: &[&[u8]]) -> Self {
        Self(Builder::from_custom_bytes(hash(Uuid::nil(), parts)).into_uuid())
    }

    /// The 16 bytes that the store keeps.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// The inverse of [`to_bytes`](Self::to_bytes).
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

fn hash(of: Uuid, parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(of.as_bytes());
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    bytes
}

/// Ids of one millisecond are counted in so many bits; more of them go on in the next one.
const COUNT_BITS: u32 = 12;
const COUNT: u64 = (1 << COUNT_BITS) - 1;

/// Millisecond and count of the last id of this process.
static LAST: AtomicU64 = AtomicU64::new(0);

/// The next place in the order of this process's ids, also where the clock was set back.
fn next_place(millis: u64) -> u64 {
    let now = millis << COUNT_BITS;
    let mut last = LAST.load(Ordering::Relaxed);
    loop {
        let next = now.max(last + 1);
        match LAST.compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return next,
            Err(other) => last = other,
        }
    }
}

/// Random bits, a generator for each thread (SplitMix64) that the system has seeded: asking the system for each id costs
/// more than the rest of a short turn. Ids are no secrets.
fn chance() -> u64 {
    thread_local! {
        static STATE: Cell<u64> = Cell::new(Uuid::new_v4().as_u64_pair().1.rotate_left(8) ^ Uuid::new_v4().as_u64_pair().0);
    }
    let state = STATE.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    STATE.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MessageId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::from_str(text).map(Self)
    }
}

impl Serialize for MessageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for MessageId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MessageId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "uuid", "description": "The identity of a message." })
    }
}

impl<'de> Deserialize<'de> for MessageId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The identity of a session: of everything that descends from one external input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SessionId(MessageId);

impl SessionId {
    /// The session that this input starts.
    #[must_use]
    pub fn of(input: MessageId) -> Self {
        Self(input)
    }

    /// The input that started the session.
    #[must_use]
    pub fn input(self) -> MessageId {
        self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SessionId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_turn_derives_the_same_ids_and_another_position_derives_others() {
        let turn = MessageId::random();
        assert_eq!(turn.derive(&[b"0", b"x"]), turn.derive(&[b"0", b"x"]));
        assert_ne!(turn.derive(&[b"0", b"x"]), turn.derive(&[b"1", b"x"]));
        assert_ne!(turn.derive(&[b"ab", b"c"]), turn.derive(&[b"a", b"bc"]));
    }

    #[test]
    fn what_a_message_causes_lies_beside_it_in_the_order_of_ids() {
        let earlier = MessageId::from_bytes([1; 16]);
        let later = MessageId::from_bytes([2; 16]);
        let caused = earlier.derive(&[b"0"]).derive(&[b"response"]);
        assert!(caused < later && caused > MessageId::from_bytes([0; 16]));
    }

    #[test]
    fn later_ids_sort_after_earlier_ones_on_every_thread_and_none_comes_twice() {
        let make = || (0..20_000).map(|_| MessageId::random()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(make)).collect();
        let mut all = Vec::new();
        for thread in threads {
            let ids = thread.join().unwrap();
            assert!(ids.is_sorted());
            all.extend(ids);
        }
        let before = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), before);
        assert!(MessageId::random() > *all.last().unwrap());
    }

    #[test]
    fn a_new_id_is_a_time_ordered_uuid() {
        assert_eq!(Uuid::from_bytes(MessageId::random().to_bytes()).get_version_num(), 7);
    }

    #[test]
    fn an_id_is_read_back_from_its_text_and_its_bytes() {
        let id = MessageId::random();
        assert_eq!(id.to_string().parse::<MessageId>().ok(), Some(id));
        assert_eq!(MessageId::from_bytes(id.to_bytes()), id);
    }
}
