//! Where something stands in a message. A path is checked against a dictionary before there is one.
#![allow(
    clippy::result_large_err,
    reason = "an error text is put together while compiling, where nothing is allocated"
)]

use std::fmt;

use super::dictionary::{Dictionary, Looked, Wanted};
use crate::production::proof::Text;

/// A place in a message: `PID-3[2].4`. Made by [`hl7!`](super::hl7), which the compiler checks, or by [`Path::parse`] from
/// what is data.
///
/// Where it does not say which segment of a name or which repetition of a field is meant, it is the first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Path {
    pub(super) segment: &'static str,
    pub(super) occurrence: u16,
    pub(super) field: u16,
    /// 0 where it is not said; so are the next.
    pub(super) repetition: u16,
    pub(super) component: u16,
    pub(super) subcomponent: u16,
}

impl Path {
    /// Reads a path that is data, such as a setting.
    ///
    /// ```
    /// use iop::hl7::{Path, V251, hl7};
    ///
    /// assert_eq!(Path::parse("PID-3[2].4", &V251)?, hl7!(PID-3[2].4));
    /// let error = Path::parse("PID-50", &V251).unwrap_err();
    /// assert_eq!(error.to_string(), "`PID-50` leads to nothing: PID has no field 50; it has 1 to 39");
    /// # Ok::<(), iop::hl7::PathError>(())
    /// ```
    ///
    /// # Errors
    /// Where it is no path, or the dictionary does not have it.
    pub fn parse(text: &str, dictionary: &'static Dictionary) -> Result<Self, PathError> {
        let error = |why: &str| PathError { path: text.to_owned(), why: why.to_owned() };
        let looked = |text: Text| error(text.as_str());
        let unreadable = || error("a path is written like `PID-3[2].4` or `PID.patient_name.family_name`");
        let at = text.find(['-', ':', '.']).ok_or_else(unreadable)?;
        let (segment, rest) = text.split_at(at);
        let (segment, occurrence) = indexed(segment).ok_or_else(unreadable)?;
        let mut draft = Draft::of(dictionary, segment, occurrence).map_err(looked)?;
        for part in rest.get(1..).unwrap_or_default().split('.') {
            let (part, index) = indexed(part).ok_or_else(unreadable)?;
            let wanted = part.parse().map_or(Wanted::Name(part), Wanted::Number);
            draft = draft.step(wanted).map_err(looked)?;
            if let Some(index) = index {
                draft = draft.repetition(index).map_err(looked)?;
            }
        }
        Ok(draft.path)
    }

    /// The segment that it leads into.
    #[must_use]
    pub const fn segment(&self) -> &'static str {
        self.segment
    }

    /// The same place in the so-many-eth segment of its name, counted from 1.
    #[must_use]
    pub const fn occurrence(self, number: u16) -> Self {
        Self { occurrence: if number == 0 { 1 } else { number }, ..self }
    }

    /// The same place in the so-many-eth repetition of its field, counted from 1.
    #[must_use]
    pub const fn repetition(self, number: u16) -> Self {
        Self { repetition: if number == 0 { 1 } else { number }, ..self }
    }

    /// Where it leads to the whole of a field, repetitions included.
    pub(super) const fn is_whole_field(&self) -> bool {
        self.repetition == 0 && self.component == 0
    }
}

/// `name[2]` as its parts.
fn indexed(text: &str) -> Option<(&str, Option<u16>)> {
    match text.split_once('[') {
        None => Some((text, None)),
        Some((name, index)) => Some((name, Some(index.strip_suffix(']')?.parse().ok()?))),
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.segment)?;
        if self.occurrence > 1 {
            write!(f, "[{}]", self.occurrence)?;
        }
        write!(f, "-{}", self.field)?;
        if self.repetition > 0 {
            write!(f, "[{}]", self.repetition)?;
        }
        for part in [self.component, self.subcomponent].into_iter().filter(|part| *part > 0) {
            write!(f, ".{part}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no path of a dictionary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` leads to nothing: {why}")]
pub struct PathError {
    path: String,
    why: String,
}

/// The name of a segment that a dictionary has: `hl7!(OBX)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SegmentName(pub(super) &'static str);

impl SegmentName {
    pub(crate) const fn of(draft: Draft) -> Self {
        Self(draft.path.segment)
    }

    /// Its three letters.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        self.0
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A path that is being looked up, and the type of what it leads to so far.
#[derive(Debug, Clone, Copy)]
#[doc(hidden)]
pub struct Draft {
    dictionary: &'static Dictionary,
    pub(super) path: Path,
    of: &'static str,
    repeats: bool,
}

impl Draft {
    pub(crate) const fn of(dictionary: &'static Dictionary, segment: &str, occurrence: Option<u16>) -> Looked<Self> {
        let segment = match dictionary.segment(segment) {
            Ok(segment) => segment,
            Err(text) => return Err(text),
        };
        let path = Path { segment, occurrence: 1, field: 0, repetition: 0, component: 0, subcomponent: 0 };
        let draft = Self { dictionary, path, of: "", repeats: false };
        match occurrence {
            None => Ok(draft),
            Some(number) => draft.nth(number),
        }
    }

    pub(crate) const fn nth(mut self, number: u16) -> Looked<Self> {
        if number == 0 {
            return Err(Text::new().add("segments are counted from 1"));
        }
        self.path.occurrence = number;
        Ok(self)
    }

    pub(crate) const fn path(self) -> Path {
        self.path
    }

    /// One level down.
    pub(crate) const fn step(mut self, wanted: Wanted<'_>) -> Looked<Self> {
        if self.path.field == 0 {
            return match self.dictionary.field(self.path.segment, wanted) {
                Ok((number, field)) => {
                    self.path.field = number;
                    (self.of, self.repeats) = (field.of, field.repeats);
                    Ok(self)
                }
                Err(text) => Err(text),
            };
        }
        if self.path.subcomponent > 0 {
            return Err(self.place().add(" is a subcomponent, and has nothing in it"));
        }
        let Some((number, component)) = self.dictionary.component(self.of, wanted) else {
            return Err(self.dictionary.no_component(self.of, &self.place(), wanted));
        };
        let level = if self.path.component == 0 { &mut self.path.component } else { &mut self.path.subcomponent };
        *level = number;
        self.of = component.of;
        Ok(self)
    }

    pub(crate) const fn repetition(mut self, number: u16) -> Looked<Self> {
        if number == 0 {
            return Err(Text::new().add("repetitions are counted from 1"));
        }
        if self.path.component > 0 {
            return Err(self
                .place()
                .add(" is a part of a field, and only fields repeat; write the number behind the field"));
        }
        if !self.repeats && number > 1 {
            let place = self.place();
            let text = Text::new().add(place.as_str()).add(" does not repeat in ").add(self.dictionary.name);
            return Err(text
                .add("; write ")
                .name(place.as_str())
                .add(", or declare it `repeats` in a dictionary of yours"));
        }
        self.path.repetition = number;
        Ok(self)
    }

    const fn place(&self) -> Text {
        let mut text = Text::new().add(self.path.segment).add("-").number(self.path.field as u32);
        if self.path.component > 0 {
            text = text.add(".").number(self.path.component as u32);
        }
        if self.path.subcomponent > 0 {
            text = text.add(".").number(self.path.subcomponent as u32);
        }
        text
    }
}
