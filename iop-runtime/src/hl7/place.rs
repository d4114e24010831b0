//! From a path to the bytes of a segment that it leads to.

use std::ops::Range;

use super::path::Path;
use super::separators::Separators;

/// A level below a segment: what divides it, and which part is meant, counted from 0. What a message declares no separator
/// for has one part.
struct Level {
    separator: Option<u8>,
    part: usize,
}

/// What must be written where so that something stands at the place of a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gap {
    /// What is replaced.
    pub(super) range: Range<usize>,
    /// The separators in front of what is written.
    pub(super) filling: String,
}

/// The segments whose first field is the separator of fields itself.
pub(super) fn is_header(segment: &str) -> bool {
    matches!(segment, "MSH" | "FHS" | "BHS")
}

fn levels(path: &Path, separators: &Separators) -> Vec<Level> {
    let number = usize::from(path.field);
    // Behind the name of a header stands its second field.
    let field = if is_header(path.segment) { number.saturating_sub(1) } else { number };
    let mut levels = vec![Level { separator: Some(separators.field), part: field }];
    if !path.is_whole_field() {
        levels.push(Level { separator: separators.repetition, part: usize::from(path.repetition.max(1)) - 1 });
    }
    let below = [(path.component, Some(separators.component)), (path.subcomponent, separators.subcomponent)];
    for (number, separator) in below.into_iter().filter(|(number, _)| *number > 0) {
        levels.push(Level { separator, part: usize::from(number) - 1 });
    }
    levels
}

/// The part of a range; otherwise how many there are.
fn part(text: &str, range: Range<usize>, level: &Level) -> Result<Range<usize>, usize> {
    let within = text.as_bytes().get(range.clone()).unwrap_or_default();
    let mut start = range.start;
    let mut count = 0;
    for piece in within.split(|byte| level.separator == Some(*byte)) {
        let end = start + piece.len();
        if count == level.part {
            return Ok(start..end);
        }
        count += 1;
        start = end + 1;
    }
    Err(count)
}

/// What a path leads to in the segment that lies in `line`. `None` where the segment does not go that far.
pub(super) fn find(text: &str, line: Range<usize>, path: &Path, separators: &Separators) -> Option<Range<usize>> {
    levels(path, separators).iter().try_fold(line, |range, level| part(text, range, level).ok())
}

/// Where to write so that it stands at the place. `None` where a level has no separator, and more than one part would be
/// needed.
pub(super) fn gap(text: &str, line: Range<usize>, path: &Path, separators: &Separators) -> Option<Gap> {
    let mut gap = Gap { range: line, filling: String::new() };
    let mut missing = false;
    for level in levels(path, separators) {
        // What is said to be none has no parts: the null goes.
        let null = !missing && level.part > 0 && text.get(gap.range.clone()) == Some("\"\"");
        let lacks = match (missing || null, part(text, gap.range.clone(), &level)) {
            (false, Ok(range)) => {
                gap.range = range;
                continue;
            }
            (false, Err(count)) => {
                gap.range = gap.range.end..gap.range.end;
                level.part + 1 - count
            }
            (true, _) => level.part,
        };
        missing = true;
        if lacks > 0 {
            let separator = char::from(level.separator?);
            gap.filling.extend(std::iter::repeat_n(separator, lacks));
        }
    }
    Some(gap)
}
