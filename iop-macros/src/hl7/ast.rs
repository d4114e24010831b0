//! What stands in `hl7!`.

use proc_macro2::Span;
use syn::{Ident, Path as RustPath};

/// `PID[1]-3[2].4.1 in DICTIONARY`, or only the name of a segment.
pub(super) struct Path {
    pub(super) segment: Ident,
    pub(super) occurrence: Option<Number>,
    pub(super) steps: Vec<Step>,
    /// `None` where it is the standard's.
    pub(super) dictionary: Option<RustPath>,
}

/// One level down, or which repetition.
pub(super) enum Step {
    Numbered(Number),
    Named(Ident),
    Repetition(Number),
}

#[derive(Clone, Copy)]
pub(super) struct Number {
    pub(super) value: u16,
    pub(super) span: Span,
}
