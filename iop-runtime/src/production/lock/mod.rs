//! `messages.lock`: the message types of a production as stored messages have them, to be compared with what the program
//! has become.
//!
//! It is derived from the JSON Schemas, which know what serde does: names, defaults, tags, flattened fields.

mod compare;
mod shape;
mod text;

use std::collections::BTreeMap;

pub use compare::LockBreak;
use shape::Shape;

use super::Graph;
use crate::message::MessageType;

/// The name of the file, beside `Cargo.toml`.
pub const LOCK_FILE: &str = "messages.lock";

/// What the engine itself stores is the engine's to read.
const OF_THE_ENGINE: &str = "iop.";

/// The message types of a production, as stored messages have them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessagesLock {
    messages: BTreeMap<String, LockedType>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct LockedType {
    version: u32,
    /// The oldest version that the program reads.
    reads_from: u32,
    shape: Shape,
}

impl LockedType {
    fn of(message: &MessageType) -> Self {
        Self { version: message.version, reads_from: message.oldest_version(), shape: shape::of(&message.schema()) }
    }

    /// Tells at a glance whether two are the same.
    fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.version.to_le_bytes());
        for (path, field) in &self.shape {
            for part in [path, &text::line(field)] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part.as_bytes());
            }
        }
        hasher.finalize().to_hex().chars().take(16).collect()
    }
}

impl MessagesLock {
    /// The lock of these types; [`types`] has those of a production.
    #[must_use]
    pub fn of(types: &[&'static MessageType]) -> Self {
        let messages = types.iter().map(|message| (message.name.to_owned(), LockedType::of(message)));
        Self { messages: messages.collect() }
    }

    /// Reads the text of a lock.
    ///
    /// # Errors
    /// Where it is none, with the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        text::read(text)
    }

    /// As it stands in the file: always the same for the same types.
    #[must_use]
    pub fn to_text(&self) -> String {
        text::write(self)
    }

    /// Types that are not as they are in `older`, by name; `older` should be written anew.
    #[must_use]
    pub fn changed_since(&self, older: &Self) -> Vec<String> {
        let names = self.messages.keys().chain(older.messages.keys());
        let mut changed: Vec<String> =
            names.filter(|name| self.messages.get(*name) != older.messages.get(*name)).cloned().collect();
        changed.sort();
        changed.dedup();
        changed
    }
}

/// What these types could not read of messages that were stored under `older`.
#[must_use]
pub fn breaks(types: &[&'static MessageType], older: &MessagesLock) -> Vec<LockBreak> {
    let mut breaks = Vec::new();
    for (name, locked) in &older.messages {
        let findings = match types.iter().find(|message| message.name == name) {
            Some(message) => changes(locked, message),
            None => vec![(
                None,
                "is no longer sent or handled by the production".to_owned(),
                format!(
                    "if the type was renamed, write `#[message(name = \"{name}\")]` on it; keep it until none is stored; or \
                     write the lock again with `lock --accept`, and messages that are still stored are suspended"
                ),
            )],
        };
        breaks.extend(findings.into_iter().map(|(field, change, help)| LockBreak {
            message: name.clone(),
            field,
            change,
            help,
        }));
    }
    breaks
}

fn changes(locked: &LockedType, message: &MessageType) -> Vec<(Option<String>, String, String)> {
    if message.version < locked.version {
        return vec![(
            None,
            format!("is version {}, and version {} was stored", message.version, locked.version),
            format!("write `version = {}` or more: a newer version is never read as an older one", locked.version),
        )];
    }
    if message.oldest_version() > locked.reads_from {
        let from = locked.reads_from;
        return vec![(
            None,
            format!("is read from version {}, and version {from} may be stored", message.oldest_version()),
            format!("write `upgrade = [from_v{from}, …]`, a function for each version up to {}", message.version),
        )];
    }
    let Some(schema) = message.schema_of(locked.version) else { return Vec::new() };
    let mut found = compare::compare(&locked.shape, &shape::of(&schema), message.version + 1);
    if message.version > locked.version {
        for (_, change, help) in &mut found {
            *change = format!("{change} (in the type that `upgrade` takes for version {})", locked.version);
            *help = format!("make that type as version {} is in the lock", locked.version);
        }
    }
    found
}

/// Everything that the items of a production take, send and answer, by name.
#[must_use]
pub fn types(graph: &Graph) -> Vec<&'static MessageType> {
    let mut types = BTreeMap::new();
    for item in graph.items {
        let handled = (item.component.handles)();
        let sent = item.component.targets.iter().flat_map(|target| target.messages.iter().copied());
        for message in handled.into_iter().chain(sent) {
            types.insert(message.name, message);
            if let Some(response) = (message.response)() {
                types.insert(response.name, response);
            }
        }
    }
    types.into_values().filter(|message| !message.name.starts_with(OF_THE_ENGINE)).collect()
}
