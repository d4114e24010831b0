//! What a `min` and a `max` are compared with, at the start and, for literals, while the user's crate is compiled.

use std::cmp::Ordering;
use std::fmt::Write;

use super::SettingDecl;
use super::value::Raw;

/// The size of a value, in the base unit of its type: nanoseconds of a duration, bytes of a size.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Measure {
    /// A whole number.
    Whole(i128),
    /// Any other.
    Real(f64),
}

impl PartialOrd for Measure {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => Some(one.cmp(other)),
            (one, other) => one.real().partial_cmp(&other.real()),
        }
    }
}

impl Measure {
    #[allow(clippy::cast_precision_loss, reason = "only compared with a number that is no exact one either")]
    fn real(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Real(number) => number,
        }
    }
}

macro_rules! whole {
    ($($ty:ty)*) => { $(
        impl From<$ty> for Measure {
            fn from(number: $ty) -> Self {
                Self::Whole(i128::from(number))
            }
        }
    )* };
}

whole!(u8 u16 u32 u64 i8 i16 i32 i64);

impl From<usize> for Measure {
    fn from(number: usize) -> Self {
        Self::Whole(i128::try_from(number).unwrap_or(i128::MAX))
    }
}

impl From<isize> for Measure {
    fn from(number: isize) -> Self {
        Self::Whole(i128::try_from(number).unwrap_or(i128::MAX))
    }
}

/// One end of a range: as it is written, and its measure where that is known while compiling.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) raw: fn() -> Raw,
    pub(super) known: Option<i128>,
}

impl SettingDecl {
    /// `min = …`: no less than this.
    ///
    /// # Panics
    /// While compiling, where the type has no range.
    #[must_use]
    pub const fn min(mut self, raw: fn() -> Raw, known: Option<i128>) -> Self {
        assert!(
            self.ranged,
            "the type of this setting has no `min`: only numbers, durations, sizes and rates have [iop E12]"
        );
        self.min = Some(Limit { raw, known });
        self
    }

    /// `max = …`: no more than this.
    ///
    /// # Panics
    /// While compiling, where the type has no range.
    #[must_use]
    pub const fn max(mut self, raw: fn() -> Raw, known: Option<i128>) -> Self {
        assert!(
            self.ranged,
            "the type of this setting has no `max`: only numbers, durations, sizes and rates have [iop E12]"
        );
        self.max = Some(Limit { raw, known });
        self
    }

    /// `unit = "…"`: what a bare number counts, for people.
    #[must_use]
    pub const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Whether a value that is known while compiling lies outside of the range, and on which side.
    #[doc(hidden)]
    #[must_use]
    pub const fn misses(&self, known: Option<i128>) -> Option<&'static str> {
        let Some(value) = known else { return None };
        if let Some(Limit { known: Some(min), .. }) = self.min
            && value < min
        {
            return Some("less than its `min`");
        }
        if let Some(Limit { known: Some(max), .. }) = self.max
            && value > max
        {
            return Some("more than its `max`");
        }
        None
    }

    /// Whether a value of the right type lies in the range.
    pub(super) fn within(&self, raw: &Raw) -> Result<(), String> {
        if self.min.is_none() && self.max.is_none() {
            return Ok(());
        }
        let limit = |limit: &Option<Limit>| {
            let raw = (limit.as_ref()?.raw)();
            let measure = (self.measures)(&raw).ok()?.first().copied()?;
            Some((measure, self.with_unit(&raw)))
        };
        let (min, max) = (limit(&self.min), limit(&self.max));
        for measure in (self.measures)(raw)? {
            if let Some((least, text)) = &min
                && measure < *least
            {
                return Err(format!("must be {text} or more, found {}", self.with_unit(raw)));
            }
            if let Some((most, text)) = &max
                && measure > *most
            {
                return Err(format!("must be {text} or less, found {}", self.with_unit(raw)));
            }
        }
        Ok(())
    }

    /// The range for people: `1 to 100`, `from 1s`; `None` where there is none.
    #[must_use]
    pub fn range(&self) -> Option<String> {
        let text = |limit: &Limit| text(&(limit.raw)());
        match (&self.min, &self.max) {
            (Some(min), Some(max)) => Some(format!("{} to {}", text(min), text(max))),
            (Some(min), None) => Some(format!("from {}", text(min))),
            (None, Some(max)) => Some(format!("up to {}", text(max))),
            (None, None) => None,
        }
    }

    /// The value for people, with its unit.
    pub(super) fn with_unit(&self, raw: &Raw) -> String {
        let mut text = text(raw);
        if let (Some(unit), Raw::Number(_)) = (self.unit, raw) {
            // Writing to a `String` cannot fail.
            let _ = write!(text, " {unit}");
        }
        text
    }
}

fn text(raw: &Raw) -> String {
    match raw {
        Raw::String(text) => text.clone(),
        Raw::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The measure of a literal in quotes, where it is a duration or a size of whole numbers: `1h30m`, `64KiB`.
#[doc(hidden)]
#[must_use]
pub const fn measure_of(text: &str) -> Option<i128> {
    let bytes = text.as_bytes();
    let (mut at, mut sum) = (0, 0_i128);
    if bytes.is_empty() {
        return None;
    }
    while at < bytes.len() {
        let mut number = 0_i128;
        let digits = at;
        while at < bytes.len() && bytes[at].is_ascii_digit() {
            if at - digits > 18 {
                return None;
            }
            number = number * 10 + (bytes[at] - b'0') as i128;
            at += 1;
        }
        let unit = at;
        while at < bytes.len() && bytes[at].is_ascii_alphabetic() {
            at += 1;
        }
        if digits == unit || unit == at {
            return None;
        }
        let Some(factor) = factor(bytes, unit, at) else { return None };
        sum += number * factor;
    }
    Some(sum)
}

/// Whether a text is certainly no duration: nothing in it is a number, or a word of it is no unit. What else is wrong is
/// found at the start.
#[doc(hidden)]
#[must_use]
pub const fn is_no_duration(text: &str) -> bool {
    const UNITS: [&str; 36] = [
        "h",
        "hr",
        "hrs",
        "hour",
        "hours",
        "m",
        "min",
        "mins",
        "minute",
        "minutes",
        "s",
        "sec",
        "secs",
        "second",
        "seconds",
        "ms",
        "msec",
        "msecs",
        "milli",
        "millis",
        "millisecond",
        "milliseconds",
        "us",
        "usec",
        "usecs",
        "micro",
        "micros",
        "microsecond",
        "microseconds",
        "ns",
        "nsec",
        "nsecs",
        "nano",
        "nanos",
        "nanosecond",
        "nanoseconds",
    ];
    let bytes = text.trim_ascii().as_bytes();
    if bytes.is_empty() || bytes[0] == b'-' {
        return true;
    }
    // `PT5S` and `5µs` are read by who reads all of them.
    if matches!(bytes[0], b'P' | b'p') || !text.is_ascii() {
        return false;
    }
    let (mut at, mut digits) = (0, 0);
    while at < bytes.len() {
        let start = at;
        while at < bytes.len() && bytes[at].is_ascii_alphabetic() {
            at += 1;
        }
        if at > start && !is_one_of(bytes, start, at, &UNITS) {
            return true;
        }
        if at < bytes.len() {
            digits += bytes[at].is_ascii_digit() as usize;
            at += 1;
        }
    }
    digits == 0
}

const fn is_one_of(bytes: &[u8], from: usize, to: usize, words: &[&str]) -> bool {
    let mut index = 0;
    while index < words.len() {
        let word = words[index].as_bytes();
        let mut at = 0;
        while at < word.len() && from + at < to && bytes[from + at].to_ascii_lowercase() == word[at] {
            at += 1;
        }
        if at == word.len() && from + at == to {
            return true;
        }
        index += 1;
    }
    false
}

/// Nanoseconds or bytes in a unit.
const fn factor(bytes: &[u8], from: usize, to: usize) -> Option<i128> {
    const UNITS: [(&[u8], i128); 15] = [
        (b"ns", 1),
        (b"us", 1_000),
        (b"ms", 1_000_000),
        (b"s", 1_000_000_000),
        (b"m", 60_000_000_000),
        (b"h", 3_600_000_000_000),
        (b"B", 1),
        (b"kB", 1_000),
        (b"MB", 1_000_000),
        (b"GB", 1_000_000_000),
        (b"TB", 1_000_000_000_000),
        (b"KiB", 1 << 10),
        (b"MiB", 1 << 20),
        (b"GiB", 1 << 30),
        (b"TiB", 1 << 40),
    ];
    let mut index = 0;
    while index < UNITS.len() {
        let (name, factor) = UNITS[index];
        if name.len() == to - from {
            let mut at = 0;
            while at < name.len() && name[at] == bytes[from + at] {
                at += 1;
            }
            if at == name.len() {
                return Some(factor);
            }
        }
        index += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::settings::{ByteSize, Setting};

    #[test]
    fn what_is_measured_while_compiling_is_what_is_measured_at_the_start() {
        for text in ["500ms", "5s", "1h30m", "10m", "250us"] {
            let started = Duration::from_raw(&Raw::from(text)).unwrap().measures();
            assert_eq!(measure_of(text).map(Measure::Whole), started.first().copied(), "{text}");
        }
        for text in ["64KiB", "10MB", "1GiB", "3kB", "7B"] {
            let started = ByteSize::from_raw(&Raw::from(text)).unwrap().measures();
            assert_eq!(measure_of(text).map(Measure::Whole), started.first().copied(), "{text}");
        }
        for text in ["", "soon", "1.5h", "5", "h", "1h 30m", "99999999999999999999s"] {
            assert_eq!(measure_of(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_refused_as_a_duration_while_compiling_is_refused_at_the_start() {
        for text in ["", " ", "soon", "5 sconds", "2weks", "-5s", "s", "5x", "1h 3mn", "five s"] {
            assert!(is_no_duration(text), "{text}");
            assert!(Duration::from_raw(&Raw::from(text)).is_err(), "{text}");
        }
        for text in
            ["5s", " 5 secs ", "1h30m", "1h 30m", "2.5s", "1:30:00", "PT5S", "5µs", "3 nanoseconds", "1hr, 2 mins"]
        {
            assert!(!is_no_duration(text), "{text}");
            assert!(Duration::from_raw(&Raw::from(text)).is_ok(), "{text}");
        }
    }

    #[test]
    fn whole_numbers_are_compared_exactly_and_others_as_numbers() {
        assert!(Measure::from(u64::MAX) > Measure::from(u64::MAX - 1));
        assert!(Measure::Real(0.5) < Measure::from(1_u8));
    }
}
