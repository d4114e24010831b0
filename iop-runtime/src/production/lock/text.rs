//! The lock as text: TOML, one line for each field, in alphabetical order, so that two branches that change different
//! types merge, and a review shows what changed.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;

use super::shape::{Field, Shape};
use super::{LockedType, MessagesLock};

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    message: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    version: u32,
    reads_from: u32,
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

pub(super) fn write(lock: &MessagesLock) -> String {
    let mut text = String::from(
        "# The message types of this program, as stored messages have them. Written by its command `lock`; commit it.\n\
         # A change that stored messages could not be read with is error E14: see docs/errors.md of iop.\n",
    );
    for (name, locked) in &lock.messages {
        let name = quoted(name);
        // Writing to a `String` cannot fail.
        let _ = write!(
            text,
            "\n[message.{name}]\nversion = {}\nreads_from = {}\nfingerprint = \"{}\"\n\n[message.{name}.fields]\n",
            locked.version,
            locked.reads_from,
            locked.fingerprint()
        );
        for (path, field) in &locked.shape {
            let _ = writeln!(text, "{} = {}", quoted(path), quoted(&line(field)));
        }
    }
    text
}

pub(super) fn read(text: &str) -> Result<MessagesLock, String> {
    let document: Document = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
    let messages = document.message.into_iter().map(|(name, entry)| {
        let shape: Shape = entry.fields.iter().map(|(path, line)| (path.clone(), field(line))).collect();
        (name, LockedType { version: entry.version, reads_from: entry.reads_from, shape })
    });
    Ok(MessagesLock { messages: messages.collect() })
}

/// `null | string; may be missing; alias phone`.
pub(super) fn line(field: &Field) -> String {
    let kinds: Vec<&str> = field.kinds.iter().map(String::as_str).collect();
    let mut line = kinds.join(" | ");
    if field.optional {
        line.push_str(MISSING);
    }
    for alias in &field.aliases {
        let _ = write!(line, "{ALIAS}{alias}");
    }
    line
}

const MISSING: &str = "; may be missing";
const ALIAS: &str = "; alias ";

fn field(line: &str) -> Field {
    let mut parts = line.split(ALIAS);
    let first = parts.next().unwrap_or_default();
    let (kinds, optional) = match first.strip_suffix(MISSING) {
        Some(kinds) => (kinds, true),
        None => (first, false),
    };
    let kinds = kinds.split(" | ").filter(|kind| !kind.is_empty()).map(str::to_owned).collect();
    Field { kinds, optional, aliases: parts.map(str::to_owned).collect() }
}

fn quoted(text: &str) -> String {
    let plain = !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
    if plain && !text.contains(' ') {
        return format!("\"{text}\"");
    }
    toml::Value::from(text).to_string()
}
