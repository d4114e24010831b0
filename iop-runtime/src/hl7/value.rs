//! What stands at a place of a message.

use std::borrow::Cow;
use std::fmt;

use super::escape::{decode, encode};
use super::separators::Separators;

/// What stands at a place. HL7 tells apart what is not said from what is said to be none: the first leaves what a receiver
/// has, the second deletes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing: the place is empty, or the message does not go that far.
    Empty,
    /// `""`: there is none.
    Null,
    /// A text, without its escape sequences.
    Text(Cow<'a, str>),
    /// Several parts, as they are written, where the path leads to the whole of them.
    Parts(Written<'a>),
}

/// Components and subcomponents as a message has written them, and with which separators: it can be set into a message that
/// has others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written<'a> {
    pub(super) text: &'a str,
    pub(super) separators: Separators,
}

impl<'a> Written<'a> {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// The same parts, with other separators. `None` where those name too few.
    pub(super) fn with(&self, others: &Separators) -> Option<Cow<'a, str>> {
        if self.separators == *others {
            return Some(Cow::Borrowed(self.text));
        }
        let mut written = String::with_capacity(self.text.len());
        let mut rest = self.text;
        let divides = |c: char| {
            let byte = u8::try_from(c).ok();
            byte.is_some() && (byte == Some(self.separators.component) || byte == self.separators.subcomponent)
        };
        loop {
            let end = rest.find(divides);
            let part = rest.get(..end.unwrap_or(rest.len()))?;
            written.push_str(&encode(&decode(part, &self.separators), others)?);
            let Some(end) = end else { return Some(Cow::Owned(written)) };
            let component = rest.as_bytes().get(end) == Some(&self.separators.component);
            written.push(char::from(if component { others.component } else { others.subcomponent? }));
            rest = rest.get(end + 1..)?;
        }
    }
}

impl<'a> Value<'a> {
    /// The text, or the parts as they are written; `None` where there is nothing, or said to be none.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Empty | Self::Null => None,
            Self::Text(text) => Some(text),
            Self::Parts(written) => Some(Cow::Borrowed(written.text)),
        }
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Whether it is said that there is none.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// The text; nothing where there is none.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty | Self::Null => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Parts(written) => f.write_str(written.text),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::from(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::from(Cow::<str>::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }
}
