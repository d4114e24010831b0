//! A message that owns its text: what is the body of a message of a production, and what is written into.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::lines::Lines;
use super::parts::Parts;
use super::path::{Path, SegmentName};
use super::place::{Gap, gap, is_header};
use super::separators::Separators;
use super::value::Value;
use super::{ParseError, escape, hl7};

/// An HL7 v2 message, to the letter as it came: its text is kept, and nothing of it is read before it is asked for. As a
/// field of a `#[message]` it is stored as that text, and only what is HL7 can be read from one.
///
/// ```
/// use iop::hl7::{Hl7, hl7};
/// use iop::prelude::*;
///
/// #[message]
/// pub struct Admission {
///     #[key]
///     pub patient: String,
///     #[sensitive]
///     pub hl7: Hl7,
/// }
///
/// let mut hl7 = Hl7::parse("MSH|^~\\&|ADT|X|EHR|Y|20260102||ADT^A01|7|P|2.5.1\rPID|1||4711^^^X^MR||Doe^Jo\r")?;
/// let patient = hl7.get(hl7!(PID-3.1)).to_string();
/// hl7.set(hl7!(PID-5.2), "Joanna & Ann")?;
/// assert_eq!(hl7.raw(hl7!(PID-5)), Some("Doe^Joanna \\T\\ Ann"));
/// let admission = Admission { patient, hl7 };
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Hl7 {
    text: String,
    lines: Lines,
}

impl Hl7 {
    /// Finds the segments of a text. Segments end with CR, LF or both; a byte order mark may stand in front.
    ///
    /// # Errors
    /// Where it is no message.
    pub fn parse(text: impl Into<String>) -> Result<Self, ParseError> {
        let text = text.into();
        let lines = Lines::of(&text)?;
        Ok(Self { text, lines })
    }

    /// What was put together here, and is a message.
    pub(super) fn written(text: String, separators: Separators) -> Self {
        let ranges = super::lines::lines(&text).collect();
        Self { text, lines: Lines { separators, ranges } }
    }

    /// The text, to the letter as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// All of its segments.
    #[must_use]
    pub fn parts(&self) -> Parts<'_> {
        Parts::of(&self.text, &self.lines)
    }

    /// What stands at a place; see [`Parts::get`].
    #[must_use]
    pub fn get(&self, path: Path) -> Value<'_> {
        self.parts().get(path)
    }

    /// What is written at a place; see [`Parts::raw`].
    #[must_use]
    pub fn raw(&self, path: Path) -> Option<&str> {
        self.parts().raw(path)
    }

    /// What stands at a place in each repetition of its field; see [`Parts::repetitions`].
    pub fn repetitions(&self, path: Path) -> impl Iterator<Item = Value<'_>> {
        self.parts().repetitions(path)
    }

    /// The groups that begin with a segment; see [`Parts::each`].
    pub fn each(&self, name: SegmentName) -> impl Iterator<Item = Parts<'_>> {
        self.parts().each(name)
    }

    /// How many segments have this name.
    #[must_use]
    pub fn count(&self, name: SegmentName) -> usize {
        self.parts().count(name)
    }

    /// MSH-9.1, what kind of message it is: `ADT`.
    #[must_use]
    pub fn code(&self) -> Cow<'_, str> {
        self.get(hl7!(MSH:9.1)).text().unwrap_or_default()
    }

    /// MSH-9.2, what has happened: `A01`.
    #[must_use]
    pub fn event(&self) -> Cow<'_, str> {
        self.get(hl7!(MSH:9.2)).text().unwrap_or_default()
    }

    /// MSH-10, which its acknowledgement names.
    #[must_use]
    pub fn control_id(&self) -> Cow<'_, str> {
        self.get(hl7!(MSH:10)).text().unwrap_or_default()
    }

    /// Writes a text, `Value::Empty` or `Value::Null` at a place, with what must be escaped; parts are written as they are.
    /// Fields, repetitions and components that are missing in front of it come to be, empty. Where the path does not say
    /// which repetition, it is the first, and the others stay.
    ///
    /// # Errors
    /// Where the message has no such segment, or the place cannot be written; the message stays as it was.
    pub fn set<'v>(&mut self, path: Path, value: impl Into<Value<'v>>) -> Result<(), SetError> {
        writable(path)?;
        let separators = self.lines.separators;
        let written = match value.into() {
            Value::Empty => Cow::Borrowed(""),
            Value::Null => Cow::Borrowed("\"\""),
            Value::Text(text) => Cow::Owned(escape::encode(&text, &separators).ok_or(SetError::Separator { path })?),
            Value::Parts(parts) => {
                let written = parts.with(&separators).ok_or(SetError::Separator { path })?;
                Cow::Owned(written.into_owned())
            }
        };
        self.write(path, path.repetition(path.repetition), &written)
    }

    /// Writes what has separators and escape sequences of this message already; to a field, with all its repetitions.
    ///
    /// # Errors
    /// As [`set`](Self::set), and where it would divide more than the place.
    pub fn set_raw(&mut self, path: Path, written: &str) -> Result<(), SetError> {
        writable(path)?;
        let separators = self.lines.separators;
        let breaks = |byte: u8| {
            matches!(byte, b'\r' | b'\n')
                || byte == separators.field
                || (!path.is_whole_field() && separators.repetition == Some(byte))
                || (path.component > 0 && byte == separators.component)
                || (path.subcomponent > 0 && separators.subcomponent == Some(byte))
        };
        if written.bytes().any(breaks) {
            return Err(SetError::Divides { path });
        }
        self.write(path, path, written)
    }

    /// Adds a segment without fields, behind the last one of its name, or else at the end.
    pub fn add_segment(&mut self, name: SegmentName) {
        let at = self.lines.ranges.iter().rposition(|line| self.text.get(line.start..line.start + 3) == Some(name.0));
        let last = at.or_else(|| self.lines.ranges.len().checked_sub(1)).unwrap_or_default();
        let Some(line) = self.lines.ranges.get(last).cloned() else { return };
        // Ended as the others are; the last one may not be ended at all.
        let ending = self.ending();
        self.splice(last, line.end..line.end, &format!("{ending}{name}"));
        let start = line.end + ending.len();
        if let Some(before) = self.lines.ranges.get_mut(last) {
            before.end = line.end;
        }
        self.lines.ranges.insert(last + 1, start..start + name.0.len());
    }

    fn ending(&self) -> &'static str {
        let behind = self.lines.ranges.first().and_then(|line| self.text.get(line.end..)).unwrap_or_default();
        ["\r\n", "\n"].into_iter().find(|ending| behind.starts_with(ending)).unwrap_or("\r")
    }

    /// At `place`, which `path` means.
    fn write(&mut self, path: Path, place: Path, written: &str) -> Result<(), SetError> {
        let mut number = 0;
        let line = self.lines.ranges.iter().position(|line| {
            number += u16::from(self.text.get(line.start..line.start + 3) == Some(path.segment));
            number == path.occurrence.max(1)
        });
        let (line, range) = line
            .and_then(|line| Some((line, self.lines.ranges.get(line)?.clone())))
            .ok_or(SetError::NoSegment { path })?;
        let Gap { range, filling } =
            gap(&self.text, range, &place, &self.lines.separators).ok_or(SetError::Separator { path })?;
        // Nothing is said of what the segment does not go to anyway.
        if !(written.is_empty() && range.is_empty()) {
            self.splice(line, range, &format!("{filling}{written}"));
        }
        Ok(())
    }

    /// Replaces a range of a line.
    fn splice(&mut self, line: usize, range: Range<usize>, written: &str) {
        let (removed, added) = (range.len(), written.len());
        self.text.replace_range(range, written);
        for (index, line_range) in self.lines.ranges.iter_mut().enumerate().skip(line) {
            if index > line {
                line_range.start = line_range.start - removed + added;
            }
            line_range.end = line_range.end - removed + added;
        }
    }
}

fn writable(path: Path) -> Result<(), SetError> {
    if is_header(path.segment) && path.field <= 2 { Err(SetError::Header { path }) } else { Ok(()) }
}

/// Why nothing was written; the message is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// Write `message.add_segment(hl7!(…))` first.
    #[error("the message has no segment for {path}: add it with `add_segment`")]
    NoSegment {
        /// Where it was to be written.
        path: Path,
    },
    /// MSH-1 and MSH-2 say how the whole message is to be read.
    #[error("{path} names the separators, which the whole message is written with: make a new message instead")]
    Header {
        /// Where it was to be written.
        path: Path,
    },
    /// The header of the message names too few separators.
    #[error("MSH-2 of the message names no separator that writing {path} needs")]
    Separator {
        /// Where it was to be written.
        path: Path,
    },
    /// A separator of a higher level, or a line break.
    #[error("what is to be written raw at {path} would divide more than this place: use `set`, which escapes it")]
    Divides {
        /// Where it was to be written.
        path: Path,
    },
}

impl FromStr for Hl7 {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

/// Without what is in it: messages are about patients.
impl fmt::Debug for Hl7 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hl7({}^{}, {} segments)", self.code(), self.event(), self.lines.ranges.len())
    }
}

impl Serialize for Hl7 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Hl7 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?)
            .map_err(|error| D::Error::custom(format_args!("not HL7 v2: {error}")))
    }
}

impl JsonSchema for Hl7 {
    fn schema_name() -> Cow<'static, str> {
        "Hl7".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "An HL7 v2 message: segments that end with a carriage return",
            "pattern": "^\u{feff}?\\s*MSH",
        })
    }
}
