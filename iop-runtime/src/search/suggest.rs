//! What could stand at the cursor: qualifiers, and values where they are known.

use std::ops::Range;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::field::{KINDS, MARKS, QUALIFIERS, Qualifier, reason_words, status_words};
use super::text::quoted;

/// The names that a production has, for completion.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// Its items.
    pub items: Vec<Arc<str>>,
    /// Its message types.
    pub types: Vec<Arc<str>>,
    /// Names of `#[key]` fields.
    pub keys: Vec<Arc<str>>,
    /// Values of the key that [`wanted_key`] named, from the index of the store.
    pub values: Vec<Arc<str>>,
}

/// What could be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Suggestion {
    /// What it takes the place of, in bytes of the text.
    pub span: Range<usize>,
    /// What to write there.
    pub text: String,
    /// What it is, in words.
    pub hint: &'static str,
}

/// A key whose values would help at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedKey {
    /// Its name.
    pub name: String,
    /// What the value begins with.
    pub prefix: String,
}

/// At most so many are suggested.
const MOST: usize = 20;

/// The word in which the cursor stands, as far as the cursor.
struct Place<'t> {
    /// Where the qualifier begins.
    start: usize,
    qualifier: &'t str,
    /// The value that is being written, and where it begins; `None` where there is no colon yet.
    value: Option<(usize, &'t str)>,
}

fn place(text: &str, cursor: usize) -> Place<'_> {
    let mut cursor = cursor.min(text.len());
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let before = text.get(..cursor).unwrap_or_default();
    // The quotes that are open at the cursor hold the spaces of a value together.
    let (mut quoted, mut start) = (false, 0);
    for (at, letter) in before.char_indices() {
        if letter == '"' {
            quoted = !quoted;
        } else if letter.is_whitespace() && !quoted {
            start = at + letter.len_utf8();
        }
    }
    let mut word = before.get(start..).unwrap_or_default();
    if let Some(rest) = word.strip_prefix('-') {
        (start, word) = (start + 1, rest);
    }
    let Some((qualifier, values)) = word.split_once(':') else {
        return Place { start, qualifier: word, value: None };
    };
    let comma = values.rfind(',').map_or(0, |comma| comma + 1);
    let value = values.get(comma..).unwrap_or_default();
    Place { start, qualifier, value: Some((start + qualifier.len() + 1 + comma, value)) }
}

/// The key whose values the store should be asked for before [`suggest`].
#[must_use]
pub fn wanted_key(text: &str, cursor: usize) -> Option<WantedKey> {
    let place = place(text, cursor);
    let name = place.qualifier.strip_prefix("key.").filter(|name| !name.is_empty())?;
    let (_, prefix) = place.value?;
    Some(WantedKey { name: name.to_owned(), prefix: prefix.trim_start_matches('"').to_owned() })
}

/// What could stand at the cursor, a position in bytes. What it takes the place of ends at the cursor.
#[must_use]
pub fn suggest(text: &str, cursor: usize, known: &Vocabulary) -> Vec<Suggestion> {
    let place = place(text, cursor);
    let cursor = cursor.min(text.len());
    let Some((start, value)) = place.value else { return qualifiers(&place, cursor, known) };
    let beginning = value.trim_start_matches('"');
    let matching = |words: Vec<&str>, hint: &'static str| -> Vec<Suggestion> {
        let fits = |word: &&str| word.get(..beginning.len()).is_some_and(|head| head.eq_ignore_ascii_case(beginning));
        let suggestion = |word: &str| Suggestion { span: start..cursor, text: quoted(word), hint };
        words.into_iter().filter(fits).take(MOST).map(suggestion).collect()
    };
    let texts = |names: &[Arc<str>]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
    if place.qualifier.starts_with("key.") {
        return matching(texts(&known.values).iter().map(String::as_str).collect(), "a value of this key");
    }
    let qualifier = QUALIFIERS.iter().find(|(name, ..)| *name == place.qualifier).map(|(_, qualifier, _)| qualifier);
    match qualifier {
        Some(Qualifier::Status) => matching(status_words().map(|(word, _)| word).collect(), "a state"),
        Some(Qualifier::Reason) => matching(reason_words().map(|(word, _)| word).collect(), "a reason"),
        Some(Qualifier::Kind) => matching(KINDS.map(|(word, _)| word).to_vec(), "a kind"),
        Some(Qualifier::Is) => matching(MARKS.map(|(word, _)| word).to_vec(), "a mark"),
        Some(Qualifier::Priority) => matching(vec!["low", "normal", "high"], "a lane"),
        Some(Qualifier::Since | Qualifier::Until) => matching(vec!["10m", "1h", "1d", "7d"], "so long ago"),
        Some(Qualifier::Item | Qualifier::From | Qualifier::To) => {
            let mut items = texts(&known.items);
            if qualifier != Some(&Qualifier::Item) {
                items.push("outside".to_owned());
            }
            matching(items.iter().map(String::as_str).collect(), "an item")
        }
        Some(Qualifier::Type) => matching(texts(&known.types).iter().map(String::as_str).collect(), "a message type"),
        Some(Qualifier::Session | Qualifier::Id | Qualifier::Error | Qualifier::Text) | None => Vec::new(),
    }
}

fn qualifiers(place: &Place<'_>, cursor: usize, known: &Vocabulary) -> Vec<Suggestion> {
    let suggestion = |name: &str, hint| Suggestion { span: place.start..cursor, text: format!("{name}:"), hint };
    let named = QUALIFIERS.iter().filter(|(name, ..)| name.starts_with(place.qualifier));
    let keys = known.keys.iter().map(|name| format!("key.{name}")).filter(|name| name.starts_with(place.qualifier));
    let named = named.map(|(name, _, hint)| suggestion(name, hint));
    named.chain(keys.map(|name| suggestion(&name, "the value of a key"))).take(MOST).collect()
}
