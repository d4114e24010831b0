//! Sizes in bytes.

use std::fmt;

use super::range::Measure;
use super::value::{Raw, Setting, expected};

/// A number of bytes: `64KiB`, `10MB`, or a bare number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

/// Powers of 1024 end with `iB`, powers of 1000 with `B`.
const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

impl ByteSize {
    /// The number of bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().ok()?;
        let unit = unit.trim();
        if unit.is_empty() {
            return Some(Self(number));
        }
        let (_, factor) = SIZES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
        number.checked_mul(factor).map(Self)
    }
}

impl fmt::Display for ByteSize {
    /// In the largest unit that keeps it whole.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = SIZES.into_iter().find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor));
        let (unit, factor) = fits.unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / factor)
    }
}

impl Setting for ByteSize {
    const TYPE: &'static str = "size in bytes (64KiB, 10MB)";
    const RANGED: bool = true;

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Number(number) => number.as_u64().map(Self),
            Raw::String(text) => Self::parse(text),
            _ => None,
        }
        .ok_or_else(|| expected::<Self>(raw))
    }

    fn to_raw(&self) -> Raw {
        Raw::from(self.to_string())
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::from(self.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_in_any_unit_and_shown_in_the_largest_that_keeps_it_whole() {
        for (text, bytes, shown) in [
            ("65536", 65536, "64KiB"),
            ("64KiB", 65536, "64KiB"),
            ("64 kib", 65536, "64KiB"),
            ("10MB", 10_000_000, "10MB"),
            ("1GiB", 1 << 30, "1GiB"),
            ("1001", 1001, "1001B"),
            ("0", 0, "0B"),
        ] {
            let size = ByteSize::from_raw(&Raw::from(text)).unwrap();
            assert_eq!((size.bytes(), size.to_string().as_str()), (bytes, shown), "{text}");
            assert_eq!(ByteSize::from_raw(&size.to_raw()), Ok(size));
        }
        for text in ["", "MB", "-1", "1.5MB", "10 elephants", "99999999TiB"] {
            assert!(ByteSize::from_raw(&Raw::from(text)).is_err(), "{text}");
        }
    }
}
