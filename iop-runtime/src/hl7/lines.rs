//! A text as its segments. Only their names are looked at; what stands in them is found when it is asked for.

use std::ops::Range;

use super::error::ParseError;
use super::separators::Separators;

/// The mark of byte order that some systems write in front.
pub(super) const BOM: char = '\u{feff}';

/// Where the segments of a text are, without what ends them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) separators: Separators,
    pub(super) ranges: Vec<Range<usize>>,
}

/// The lines of a text that are not empty, whatever ends them: CR, LF or both.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let begin = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
    let mut start = begin;
    text.get(begin..).unwrap_or_default().split(['\r', '\n']).filter_map(move |line| {
        let range = start..start + line.len();
        start = range.end + 1;
        (!line.is_empty()).then_some(range)
    })
}

impl Lines {
    pub(super) fn of(text: &str) -> Result<Self, ParseError> {
        let mut all = lines(text).peekable();
        let Some(first) = all.peek().cloned() else {
            return Err(ParseError::new(1, 0, "the message is empty"));
        };
        let header = text.get(first.clone()).unwrap_or_default();
        if !header.starts_with("MSH") {
            let why = "a message begins with `MSH`; a file of several messages is read with `iop::hl7::batch`";
            return Err(ParseError::new(1, first.start, why));
        }
        let separators = Separators::of_header(header, first.start)?;
        let mut ranges = Vec::new();
        for (number, range) in (1..).zip(all) {
            let line = text.get(range.clone()).unwrap_or_default();
            named(line, separators.field).map_err(|why| ParseError::new(number, range.start, why))?;
            if number > 1 && line.starts_with("MSH") {
                let why = "a second `MSH`; a text of several messages is read with `iop::hl7::batch`";
                return Err(ParseError::new(number, range.start, why));
            }
            ranges.push(range);
        }
        Ok(Self { separators, ranges })
    }
}

/// A line begins with the name of a segment: a capital letter, two of capitals and digits, then the end or a separator.
fn named(line: &str, separator: u8) -> Result<(), String> {
    let name = line.as_bytes().get(..3).unwrap_or_default();
    let fits = matches!(name, [first, rest @ ..] if first.is_ascii_uppercase()
        && rest.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
    let fits = fits && name.len() == 3 && line.as_bytes().get(3).is_none_or(|byte| *byte == separator);
    if fits {
        return Ok(());
    }
    let begin: String = line.chars().take(3).collect();
    let separator = char::from(separator);
    Err(format!(
        "a segment begins with three capitals or digits and `{separator}`, this line with {begin:?}; a line break in a field must be \
         written `\\.br\\` or `\\X0A\\`"
    ))
}
