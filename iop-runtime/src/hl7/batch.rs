//! A text of several messages, with or without the segments of the batch protocol around them.

use std::ops::Range;

use super::body::Hl7;
use super::charset::CharsetError;
use super::error::ParseError;
use super::lines::{BOM, lines};
use super::separators::Separators;

/// The texts of the messages in a text, in their order: each from its MSH to the next, with its line ends. The segments of
/// the batch protocol (FHS, BHS, BTS, FTS) are no part of them; what BTS and FTS count is compared.
///
/// ```
/// use iop::hl7::{Hl7, batch};
///
/// let file = "BHS|^~\\&|LAB\rMSH|^~\\&|A||||1||ORU^R01|1|P|2.5.1\rMSH|^~\\&|A||||1||ORU^R01|2|P|2.5.1\rBTS|2\r";
/// let ids = batch(file)?.into_iter().map(|text| Ok(Hl7::parse(text)?.control_id().into_owned()));
/// assert_eq!(ids.collect::<Result<Vec<_>, iop::hl7::ParseError>>()?, ["1", "2"]);
/// # Ok::<(), iop::hl7::ParseError>(())
/// ```
///
/// # Errors
/// Where a segment stands in no message, or the batch counts other messages than there are. Whether each is a message,
/// [`Hl7::parse`](super::Hl7::parse) says.
pub fn batch(text: &str) -> Result<Vec<&str>, ParseError> {
    let mut messages: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    let (mut batches, mut in_batch) = (0, 0);
    for (number, line) in (1..).zip(lines(text)) {
        let segment = text.get(line.clone()).unwrap_or_default();
        let fault = |why: &str| ParseError::new(number, line.start, why);
        match segment.get(..3) {
            Some("MSH") => {
                open = true;
                in_batch += 1;
                messages.push(line.start..text.len());
            }
            Some(name @ ("FHS" | "BHS" | "BTS" | "FTS")) => {
                if let Some(last) = messages.last_mut().filter(|_| open) {
                    last.end = line.start;
                }
                open = false;
                let (found, of) = if name == "FTS" { (batches, "batches") } else { (in_batch, "messages") };
                let counted = counted(segment).filter(|_| matches!(name, "BTS" | "FTS"));
                if counted.is_some_and(|counted| counted != found) {
                    return Err(fault(&format!("{name} counts other {of} than the {found} that are there")));
                }
                match name {
                    "BHS" => in_batch = 0,
                    "BTS" => batches += 1,
                    _ => {}
                }
            }
            _ if open => {}
            _ => return Err(fault("a segment in front of the first MSH")),
        }
    }
    for index in 1..messages.len() {
        let (before, behind) = messages.split_at_mut(index);
        if let (Some(before), Some(behind)) = (before.last_mut(), behind.first()) {
            before.end = before.end.min(behind.start);
        }
    }
    Ok(messages.into_iter().filter_map(|message| text.get(message)).collect())
}

/// The same of bytes: each message is read in the charset that its own MSH-18 names.
///
/// # Errors
/// As [`batch`]. What is wrong with one message is no error of the others.
pub fn batch_of_bytes(bytes: &[u8]) -> Result<Vec<Result<Hl7, CharsetError>>, ParseError> {
    let bytes = bytes.strip_prefix(BOM.to_string().as_bytes()).unwrap_or(bytes);
    // A character for each byte: what divides is ASCII, and each message gets its own bytes again.
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let own = |text: &str| text.chars().filter_map(|c| u8::try_from(c).ok()).collect::<Vec<u8>>();
    Ok(batch(&text)?.into_iter().map(|text| Hl7::from_bytes(&own(text))).collect())
}

/// The number in the first field of a trailer, where it has one. Its separator is what stands behind its name.
fn counted(trailer: &str) -> Option<usize> {
    let separator = trailer.chars().nth(3)?;
    trailer.get(4..)?.split([separator, char::from(Separators::STANDARD.component)]).next()?.trim().parse().ok()
}
