//! Moments in a query: `1h` ago, `2026-11-24`, `2026-11-24T09:00`, with a zone or without.

use std::fmt;
use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::clock::Timestamp;

/// The units of a duration, the largest first, in seconds.
const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// So long before the question is asked.
    Ago(Duration),
    /// This one.
    At(Timestamp),
}

impl When {
    /// The moment that it is where the question is asked at `now`.
    #[must_use]
    pub fn moment(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(moment) => moment,
            Self::Ago(ago) => {
                let ago = i64::try_from(ago.as_micros()).unwrap_or(i64::MAX);
                Timestamp(now.0.saturating_sub(ago))
            }
        }
    }

    /// Reads a moment. What names no zone is in `zone`.
    pub(super) fn read(text: &str, zone: &TimeZone) -> Option<Self> {
        let at = |time: jiff::Timestamp| Self::At(Timestamp(time.as_microsecond()));
        if let Some(ago) = duration(text) {
            return Some(Self::Ago(ago));
        }
        // `2026-11-24T09:00Z`, `…+01:00`, `…[Europe/Paris]`.
        if let Ok(time) = text.parse::<jiff::Timestamp>() {
            return Some(at(time));
        }
        if let Ok(time) = text.parse::<jiff::ZonedDateTime>() {
            return Some(at(time.timestamp()));
        }
        let civil = match text.parse::<DateTime>() {
            Ok(time) => time,
            Err(_) => text.parse::<Date>().ok()?.at(0, 0, 0, 0),
        };
        zone.to_timestamp(civil).ok().map(at)
    }
}

/// `90s`, `1h30m`, `2d`.
fn duration(text: &str) -> Option<Duration> {
    let (mut seconds, mut rest) = (0_u64, text);
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, unit) = rest.split_at_checked(digits)?;
        let letter = unit.chars().next()?;
        let (_, each) = UNITS.iter().find(|(unit, _)| *unit == letter)?;
        seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(*each)?)?;
        rest = unit.get(letter.len_utf8()..)?;
    }
    (!text.is_empty()).then(|| Duration::from_secs(seconds))
}

impl fmt::Display for When {
    /// As it is read: the largest unit that leaves nothing over, or RFC 3339 in UTC to the microsecond.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ago(ago) => {
                let seconds = ago.as_secs();
                let whole = |(_, each): &&(char, u64)| seconds > 0 && seconds.is_multiple_of(*each);
                let (unit, each) = UNITS.iter().find(whole).unwrap_or(&('s', 1));
                write!(f, "{}{unit}", seconds / each)
            }
            Self::At(Timestamp(micros)) => match jiff::Timestamp::from_microsecond(*micros) {
                Ok(time) => write!(f, "{time}"),
                // No text that is read gives such a moment.
                Err(_) => write!(f, "{micros}us"),
            },
        }
    }
}
