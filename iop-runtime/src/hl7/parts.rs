//! Consecutive segments of a message, borrowed from its text: what is read through.

use std::ops::Range;

use super::lines::Lines;
use super::path::{Path, SegmentName};
use super::place::{find, is_header};
use super::separators::Separators;
use super::value::{Value, Written};
use super::{ParseError, escape};

/// A message that is read where it lies: nothing of the text is copied.
///
/// ```
/// use iop::hl7::{Parsed, hl7};
///
/// let text = "MSH|^~\\&|LAB|X|EHR|Y|20260102||ORU^R01|7|P|2.5.1\rOBX|1|NM|718-7^Hb||13.2|g/dl\r";
/// let message = Parsed::of(text)?;
/// assert_eq!(message.parts().get(hl7!(OBX-3.1)).text().as_deref(), Some("718-7"));
/// # Ok::<(), iop::hl7::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Parsed<'a> {
    text: &'a str,
    lines: Lines,
}

impl<'a> Parsed<'a> {
    /// Finds the segments of a text.
    ///
    /// # Errors
    /// Where it is no message.
    pub fn of(text: &'a str) -> Result<Self, ParseError> {
        Ok(Self { text, lines: Lines::of(text)? })
    }

    /// All of its segments.
    #[must_use]
    pub fn parts(&self) -> Parts<'_> {
        Parts::of(self.text, &self.lines)
    }
}

/// Consecutive segments of a message: all of them, or those of a group.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    text: &'a str,
    separators: Separators,
    lines: &'a [Range<usize>],
}

impl<'a> Parts<'a> {
    pub(super) fn of(text: &'a str, lines: &'a Lines) -> Self {
        Self { text, separators: lines.separators, lines: &lines.ranges }
    }

    /// What stands at a place. Where a field repeats and the path does not say which one, it is the first.
    #[must_use]
    pub fn get(&self, path: Path) -> Value<'a> {
        // The field as such has a text, its first repetition; all of them are what is written.
        self.range(path.repetition(path.repetition)).map_or(Value::Empty, |range| self.value(range, &path))
    }

    /// What is written at a place, with separators and escape sequences; of a field with all its repetitions. `None` where
    /// the message does not go that far.
    #[must_use]
    pub fn raw(&self, path: Path) -> Option<&'a str> {
        self.text.get(self.range(path)?)
    }

    /// What stands at a place in each repetition of its field.
    pub fn repetitions(&self, path: Path) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let whole = Path { repetition: 0, component: 0, subcomponent: 0, ..path };
        let written = self.raw(whole).filter(|written| !written.is_empty());
        let separator = self.separators.repetition;
        let count = written.map_or(0, |written| 1 + written.bytes().filter(|byte| separator == Some(*byte)).count());
        let parts = *self;
        (1..=count).map(move |number| parts.get(path.repetition(u16::try_from(number).unwrap_or(u16::MAX))))
    }

    /// How many segments have this name.
    #[must_use]
    pub fn count(&self, name: SegmentName) -> usize {
        self.of_name(name.0).count()
    }

    /// The groups that begin with a segment of this name: it, and what stands behind it up to the next of its name.
    ///
    /// ```
    /// use iop::hl7::{Hl7, hl7};
    ///
    /// let message = Hl7::parse("MSH|^~\\&|LAB|X|EHR|Y|20260102||ORU^R01|7|P|2.5.1\rOBX|1|NM|718-7\rNTE|1||low\rOBX|2|NM|789-8\r")?;
    /// let results = message.each(hl7!(OBX)).map(|result| (result.get(hl7!(OBX-3.1)), result.get(hl7!(NTE-3))));
    /// let read: Vec<_> = results.map(|(code, note)| format!("{code} {note}")).collect();
    /// assert_eq!(read, ["718-7 low", "789-8 "]);
    /// # Ok::<(), iop::hl7::ParseError>(())
    /// ```
    pub fn each(&self, name: SegmentName) -> impl Iterator<Item = Parts<'a>> + use<'a> {
        let parts = *self;
        let begins: Vec<usize> = (0..self.lines.len()).filter(|line| parts.name_of(*line) == name.0).collect();
        let ends: Vec<usize> = begins.iter().skip(1).copied().chain([self.lines.len()]).collect();
        begins
            .into_iter()
            .zip(ends)
            .filter_map(move |(begin, end)| Some(Parts { lines: parts.lines.get(begin..end)?, ..parts }))
    }

    /// The name of each segment, and what is written in it, name included.
    pub fn segments(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let parts = *self;
        (0..self.lines.len()).map(move |line| (parts.name_of(line), parts.line(line)))
    }

    /// What divides the message.
    #[must_use]
    pub fn separators(&self) -> Separators {
        self.separators
    }

    /// Where the lines with a name are, in the order of the message.
    pub(super) fn of_name(&self, name: &str) -> impl Iterator<Item = Range<usize>> {
        (0..self.lines.len())
            .filter(move |line| self.name_of(*line) == name)
            .filter_map(|line| self.lines.get(line).cloned())
    }

    fn line(&self, line: usize) -> &'a str {
        self.lines.get(line).and_then(|range| self.text.get(range.clone())).unwrap_or_default()
    }

    fn name_of(&self, line: usize) -> &'a str {
        self.line(line).get(..3).unwrap_or_default()
    }

    fn range(&self, path: Path) -> Option<Range<usize>> {
        let line = self.of_name(path.segment).nth(usize::from(path.occurrence.max(1)) - 1)?;
        if is_header(path.segment) && path.field == 1 {
            return Some(line.start + 3..line.start + 4);
        }
        // The names of the separators are not separated by them.
        if is_header(path.segment) && path.field == 2 {
            let rest = self.text.get(line.start + 4..line.end)?;
            let length = rest.bytes().position(|byte| byte == self.separators.field).unwrap_or(rest.len());
            return Some(line.start + 4..line.start + 4 + length);
        }
        find(self.text, line, &path, &self.separators)
    }

    fn value(&self, range: Range<usize>, path: &Path) -> Value<'a> {
        let written = self.text.get(range).unwrap_or_default();
        if is_header(path.segment) && path.field <= 2 {
            return written.into();
        }
        let Separators { component, subcomponent, .. } = self.separators;
        let divided = |byte: u8| match (path.component, path.subcomponent) {
            (0, _) => byte == component || subcomponent == Some(byte),
            (_, 0) => subcomponent == Some(byte),
            _ => false,
        };
        match written {
            "" => Value::Empty,
            "\"\"" => Value::Null,
            _ if written.bytes().any(divided) => Value::Parts(Written { text: written, separators: self.separators }),
            _ => Value::Text(escape::decode(written, &self.separators)),
        }
    }
}

impl std::fmt::Debug for Parsed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Parsed({} segments)", self.lines.ranges.len())
    }
}

/// Without what is in it: messages are about patients.
impl std::fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Parts({} segments)", self.lines.len())
    }
}
