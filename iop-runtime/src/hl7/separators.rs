//! The characters that divide a message, which its own header declares.

use super::error::ParseError;

/// What MSH-1 and MSH-2 declare. Those of MSH-2 that a message leaves out divide nothing in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Separators {
    pub(super) field: u8,
    pub(super) component: u8,
    pub(super) repetition: Option<u8>,
    pub(super) escape: Option<u8>,
    pub(super) subcomponent: Option<u8>,
}

impl Separators {
    /// `|^~\&`, those that the standard recommends.
    pub const STANDARD: Self =
        Self { field: b'|', component: b'^', repetition: Some(b'~'), escape: Some(b'\\'), subcomponent: Some(b'&') };

    /// Of a header (MSH, FHS or BHS), whose line begins at byte `start` of its text.
    pub(super) fn of_header(line: &str, start: usize) -> Result<Self, ParseError> {
        let mut bytes = line.bytes().enumerate().skip(3);
        let fault = |at: usize, why: &str| ParseError::new(1, start + at, why);
        let Some((_, field)) = bytes.next() else {
            return Err(fault(3, "the message ends behind `MSH`; the separator of fields is missing"));
        };
        let mut taken = vec![field];
        if !divides(field) {
            return Err(fault(3, "MSH-1 is a letter, a digit, a space or not ASCII, and cannot separate fields"));
        }
        for (at, byte) in bytes.take_while(|(_, byte)| *byte != field) {
            if !divides(byte) {
                return Err(fault(
                    at,
                    "MSH-2 has a letter, a digit, a space or what is not ASCII; it names separators",
                ));
            }
            if taken.contains(&byte) {
                return Err(fault(at, "MSH-2 names one separator twice"));
            }
            // The sixth divides nothing: since v2.7 it marks what was truncated.
            if taken.len() == 6 {
                return Err(fault(at, "MSH-2 has more than five characters"));
            }
            taken.push(byte);
        }
        let Some(&component) = taken.get(1) else {
            return Err(fault(4, "MSH-2 is empty; it names the separators, mostly `^~\\&`"));
        };
        Ok(Self {
            field,
            component,
            repetition: taken.get(2).copied(),
            escape: taken.get(3).copied(),
            subcomponent: taken.get(4).copied(),
        })
    }

    /// Whether a byte is one of them.
    pub(super) fn uses(&self, byte: u8) -> bool {
        let optional = [self.repetition, self.escape, self.subcomponent];
        byte == self.field || byte == self.component || optional.contains(&Some(byte))
    }
}

/// Whether a byte can be a separator: a text in which letters divide cannot be read.
fn divides(byte: u8) -> bool {
    byte.is_ascii_graphic() && !byte.is_ascii_alphanumeric()
}
