//! Why a text is no message.

/// What is not HL7, and where. Nothing of the content is in it but the three letters of a segment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("segment {segment}, byte {byte}: {why}")]
pub struct ParseError {
    segment: usize,
    byte: usize,
    why: String,
}

impl ParseError {
    pub(super) fn new(segment: usize, byte: usize, why: impl Into<String>) -> Self {
        Self { segment, byte, why: why.into() }
    }

    /// The number of the segment, counted from 1.
    #[must_use]
    pub fn segment(&self) -> usize {
        self.segment
    }

    /// The byte of the text, counted from 0.
    #[must_use]
    pub fn byte(&self) -> usize {
        self.byte
    }
}
