//! What segments, fields and data types there are: constant data, so that the compiler can look a path up.

mod lookup;
mod rows;
mod suggest;

pub(crate) use self::lookup::{Looked, Wanted};
pub use self::rows::hl7_dictionary;
pub(crate) use self::rows::rows;

/// A field of a segment, or a component of a data type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Its data type; `varies` where another field says it, `withdrawn` where the standard no longer has it.
    pub of: &'static str,
    /// Messages must have it.
    pub required: bool,
    /// It may stand there several times.
    pub repeats: bool,
}

/// Consecutive fields of a segment, or the components of a data type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The name of the segment or data type.
    pub name: &'static str,
    /// The number of the first field: 1, but where a dictionary adds fields to a segment of the one that it extends.
    pub first: u16,
    /// The fields or components.
    pub fields: &'static [Field],
}

/// What segments and data types there are. [`V251`](super::V251) is the standard;
/// [`hl7_dictionary!`](crate::hl7_dictionary) declares what a site has besides.
#[derive(Debug)]
pub struct Dictionary {
    pub(super) name: &'static str,
    pub(super) extends: Option<&'static Dictionary>,
    pub(super) segments: &'static [&'static [Row]],
    pub(super) types: &'static [Row],
}

impl Dictionary {
    pub(super) const fn standard(
        name: &'static str,
        segments: &'static [&'static [Row]],
        types: &'static [Row],
    ) -> Self {
        Self { name, extends: None, segments, types }
    }

    /// The segments and data types of `extends`, and these. Where both have a segment, its fields are those of both.
    #[doc(hidden)]
    #[must_use]
    pub const fn extending(
        name: &'static str,
        extends: &'static Dictionary,
        segments: &'static [&'static [Row]],
        types: &'static [Row],
    ) -> Self {
        Self { name, extends: Some(extends), segments, types }
    }

    /// Its name, for errors.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its segments and the fields of each, and then those of the dictionary that it extends.
    pub fn segments(&self) -> impl Iterator<Item = &'static Row> {
        self.chain().flat_map(|dictionary| dictionary.segments.iter().copied().flatten())
    }

    /// Its data types that have components, and then those of the dictionary that it extends.
    pub fn types(&self) -> impl Iterator<Item = &'static Row> {
        self.chain().flat_map(|dictionary| dictionary.types)
    }

    fn chain(&self) -> impl Iterator<Item = &Dictionary> {
        std::iter::successors(Some(self), |dictionary| dictionary.extends)
    }
}
