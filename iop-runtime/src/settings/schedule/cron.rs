//! When a service is called: `0 6 * * Mon-Fri Europe/Paris`.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::{DAYS, is_zone, named, zone};
use crate::settings::{Raw, Setting};

/// The months as they are written.
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// How far ahead the next call is looked for: the longest time between two days that fit is eight years, from one 29
/// February to the next over a year like 2100.
const DAYS_AHEAD: usize = 366 * 9;

/// When a service is called: minute, hour, day of the month, month and day of the week, as cron writes them, and a time
/// zone.
///
/// `0 6 * * Mon-Fri Europe/Paris`, `*/15 8-17 * * *`, `0 0 1 jan,jul *`. Without a zone UTC is meant. Where both kinds of
/// day are restricted, either is enough. A time that the clock jumps over is called when the clock has been set, and one
/// that it shows twice, once; only calls in every hour (`*` hours) follow the hours as they pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSchedule {
    text: String,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    /// From Monday.
    weekdays: u64,
    /// Both kinds of day are restricted.
    either_day: bool,
    zone: TimeZone,
}

impl CallSchedule {
    /// The first call after `now`; `None` where no day fits, such as 30 February.
    #[must_use]
    pub fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        let mut day = self.zone.to_datetime(now).date().yesterday().ok()?;
        for _ in 0..DAYS_AHEAD {
            if self.is_on(day)
                && let Some(next) = self.of_day(day, now)
            {
                return Some(next);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    fn is_on(&self, day: Date) -> bool {
        let holds = |set: u64, value: i8| u32::try_from(value).is_ok_and(|value| set & (1 << value) != 0);
        let by_month = holds(self.days, day.day());
        let by_week = holds(self.weekdays, day.weekday().to_monday_zero_offset());
        let fits = if self.either_day { by_month || by_week } else { by_month && by_week };
        fits && holds(self.months, day.month())
    }

    /// The first call of a day after `now`.
    fn of_day(&self, day: Date, now: Timestamp) -> Option<Timestamp> {
        let members = |set: u64, below: i8| (0..below).filter(move |value| set & (1 << *value) != 0);
        let every_hour = self.hours == range(0, 23);
        let times =
            members(self.hours, 24).flat_map(|hour| members(self.minutes, 60).map(move |minute| (hour, minute)));
        let mut first: Option<Timestamp> = None;
        for (hour, minute) in times {
            let shown = DateTime::from_parts(day, Time::constant(hour, minute, 0, 0));
            let shown = self.zone.to_ambiguous_timestamp(shown);
            let moments = match (shown.offset(), every_hour) {
                (AmbiguousOffset::Unambiguous { .. }, _) => [shown.compatible().ok(), None],
                (AmbiguousOffset::Gap { .. }, true) => [None, None],
                // Later by as much as the clock was set forward.
                (AmbiguousOffset::Gap { .. }, false) => [shown.later().ok(), None],
                (AmbiguousOffset::Fold { .. }, true) => [shown.earlier().ok(), shown.later().ok()],
                (AmbiguousOffset::Fold { .. }, false) => [shown.earlier().ok(), None],
            };
            let next = moments.into_iter().flatten().filter(|moment| *moment > now).min();
            first = first.into_iter().chain(next).min();
        }
        first
    }
}

impl Setting for CallSchedule {
    const TYPE: &'static str = "schedule (0 6 * * Mon-Fri Europe/Paris)";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let Some(text) = raw.as_str() else { return Err(format!("expected {}, found {raw}", Self::TYPE)) };
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let zone = match words.last() {
            Some(name) if is_zone(name) => {
                let zone = zone(name)?;
                words.pop();
                zone
            }
            _ => TimeZone::UTC,
        };
        let [minute, hour, day, month, weekday] = words.as_slice() else {
            let found = words.len();
            return Err(format!(
                "has {found} fields; write minute, hour, day of the month, month and day of the week, `0 6 * * Mon-Fri`"
            ));
        };
        let weekdays = set(weekday, "day of the week", (0, 7), &[])?;
        let schedule = Self {
            text: text.trim().to_owned(),
            minutes: set(minute, "minute", (0, 59), &[])?,
            hours: set(hour, "hour", (0, 23), &[])?,
            days: set(day, "day of the month", (1, 31), &[])?,
            months: set(month, "month", (1, 12), &MONTHS)?,
            // Cron's week begins with Sunday, which is 0 and 7.
            weekdays: (weekdays >> 1) | (weekdays & 1) << 6,
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
            zone,
        };
        match schedule.next_after(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(schedule),
            None => Err("never comes: no month has such a day".to_owned()),
        }
    }

    fn to_raw(&self) -> Raw {
        Raw::from(self.text.as_str())
    }
}

/// The bits from `first` to `last`.
fn range(first: u8, last: u8) -> u64 {
    (first..=last).fold(0, |set, value| set | 1 << value)
}

/// The values that a field names, as bits.
fn set(field: &str, what: &str, (least, most): (u8, u8), names: &[&str]) -> Result<u64, String> {
    let wrong = |part: &str| format!("`{part}` is not a {what}; they go from {least} to {most}");
    let value = |word: &str| {
        // Days of the week have names too: Sunday is 0, Monday 1.
        let day = || named(word, &DAYS).filter(|_| most == 7).map(|day| (day + 1) % 7);
        let named = named(word, names).map(|at| at + least).or_else(day);
        named.or_else(|| word.parse().ok()).filter(|value| (least..=most).contains(value))
    };
    let mut set = 0;
    for part in field.split(',') {
        let (values, step) = match part.split_once('/') {
            Some((values, step)) => (values, step.parse().ok().filter(|step| *step > 0).ok_or_else(|| wrong(part))?),
            None => (part, 1),
        };
        let (first, last) = match values.split_once('-') {
            _ if values == "*" => (least, most),
            Some((first, last)) => (value(first).ok_or_else(|| wrong(part))?, value(last).ok_or_else(|| wrong(part))?),
            // `5/15` is from 5 on.
            None if part.contains('/') => (value(values).ok_or_else(|| wrong(part))?, most),
            None => {
                let value = value(values).ok_or_else(|| wrong(part))?;
                (value, value)
            }
        };
        // `Fri-Sun` ends with cron's first day.
        let last = if most == 7 && last == 0 && first > 0 { 7 } else { last };
        if first > last {
            return Err(format!("`{part}` goes backwards"));
        }
        set |= (first..=last).step_by(step).fold(0, |set, value| set | 1 << value);
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(text: &str, from: &str, count: usize) -> Vec<String> {
        let schedule = CallSchedule::from_raw(&Raw::from(text)).expect(text);
        let mut now: Timestamp = from.parse().expect(from);
        let mut calls = Vec::new();
        while calls.len() < count {
            now = schedule.next_after(now).expect("another call");
            calls.push(now.to_string());
        }
        calls
    }

    #[test]
    fn the_next_call_is_what_cron_says() {
        assert_eq!(
            calls("*/20 8-9 * * Mon-Fri", "2026-01-09T08:30:00Z", 5),
            [
                "2026-01-09T08:40:00Z",
                "2026-01-09T09:00:00Z",
                "2026-01-09T09:20:00Z",
                "2026-01-09T09:40:00Z",
                "2026-01-12T08:00:00Z"
            ]
        );
        assert_eq!(calls("0 6 * * * Europe/Paris", "2026-07-01T04:00:00Z", 1), ["2026-07-02T04:00:00Z"]);
        assert_eq!(calls("0 0 29 feb *", "2097-01-01T00:00:00Z", 1), ["2104-02-29T00:00:00Z"]);
        // Either kind of day, where both are restricted.
        assert_eq!(
            calls("0 0 13 * Fri", "2026-02-01T00:00:00Z", 3),
            ["2026-02-06T00:00:00Z", "2026-02-13T00:00:00Z", "2026-02-20T00:00:00Z"]
        );
        // Sunday is 0, 7 and a name.
        for sunday in ["0", "7", "Sun", "6-7/2,sun"] {
            let found = calls(&format!("0 0 * * {sunday}"), "2026-01-10T12:00:00Z", 1);
            assert_eq!(found, ["2026-01-11T00:00:00Z"], "{sunday}");
        }
        assert_eq!(calls("0 0 * * Fri-Sun", "2026-01-05T00:00:00Z", 1), ["2026-01-09T00:00:00Z"]);
    }

    #[test]
    fn a_time_that_the_clock_jumps_over_is_called_once_and_later() {
        // On 29 March 2026 the clock in Paris goes from 02:00 to 03:00, at 01:00 UTC.
        assert_eq!(
            calls("30 2 * * * Europe/Paris", "2026-03-28T12:00:00Z", 2),
            ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]
        );
    }

    #[test]
    fn a_time_that_the_clock_shows_twice_is_called_once() {
        // On 25 October 2026 the clock in Paris goes from 03:00 back to 02:00, at 01:00 UTC.
        assert_eq!(
            calls("30 2 * * * Europe/Paris", "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
        );
    }

    #[test]
    fn calls_in_every_hour_follow_the_hours_as_they_pass() {
        let spring = calls("30 * * * * Europe/Paris", "2026-03-29T00:00:00Z", 3);
        assert_eq!(spring, ["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"]);
        let autumn = calls("30 * * * * Europe/Paris", "2026-10-25T00:00:00Z", 3);
        assert_eq!(autumn, ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"]);
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_what_to_write() {
        for (text, why) in [
            ("", "has 0 fields"),
            ("0 6 * *", "has 4 fields"),
            ("60 6 * * *", "`60` is not a minute; they go from 0 to 59"),
            ("0 6 * * Freitag", "`Freitag` is not a day of the week"),
            ("0 6 * 13 *", "`13` is not a month"),
            ("0 6 30 feb *", "never comes"),
            ("0 18-6 * * *", "goes backwards"),
            ("*/0 * * * *", "is not a minute"),
            ("0 6 * * * Mars/Olympus", "is not a time zone"),
        ] {
            let refused = CallSchedule::from_raw(&Raw::from(text)).expect_err(text);
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
