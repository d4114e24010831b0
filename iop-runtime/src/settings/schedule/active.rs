//! When an item is up: `Mon-Fri 08:00-18:00 Europe/Paris`.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::{DAYS, is_zone, named, zone};
use crate::settings::{Raw, Setting};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// When an item is up: windows of days and times, as a clock on the wall shows them in a time zone.
///
/// `Mon-Fri 08:00-18:00 Europe/Paris`, `Sat,Sun`, `22:00-06:00`, several with `;` between them. Without days every day is
/// meant, without times the whole day, without a zone UTC. A window that ends before it begins goes on into the next
/// day. Where the clock is set forward over the begin or the end of a window, the window begins or ends in that moment;
/// what the clock shows twice is in the window twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Active {
    text: String,
    windows: Vec<Window>,
    zone: TimeZone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    /// From Monday.
    days: [bool; 7],
    /// Minutes of the day; `to` is not in it any more.
    from: u16,
    to: u16,
}

impl Active {
    /// Whether the item is up at this moment.
    #[must_use]
    pub fn is_up(&self, now: Timestamp) -> bool {
        let local = self.zone.to_datetime(now);
        let minute = u16::try_from(local.hour()).unwrap_or(0) * 60 + u16::try_from(local.minute()).unwrap_or(0);
        let today = usize::try_from(local.date().weekday().to_monday_zero_offset()).unwrap_or(0);
        self.windows.iter().any(|window| window.holds(today, minute))
    }

    /// When that changes next; `None` where it never does.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let up = self.is_up(now);
        let mut moments: Vec<Timestamp> = self.zone.following(now).take(2).map(|change| change.timestamp()).collect();
        let mut day = self.zone.to_datetime(now).date().yesterday().ok()?;
        // A week and a day on either side: every window has begun and ended.
        for _ in 0..10 {
            for window in &self.windows {
                self.moments(day, window.from, &mut moments);
                self.moments(day, window.to, &mut moments);
            }
            day = day.tomorrow().ok()?;
        }
        moments.sort_unstable();
        moments.into_iter().find(|moment| *moment > now && self.is_up(*moment) != up)
    }

    /// When the clock shows this time of the day: once, twice, or never.
    fn moments(&self, day: Date, minute: u16, moments: &mut Vec<Timestamp>) {
        let (day, minute) = match day.tomorrow() {
            Ok(next) if minute == DAY => (next, 0),
            _ => (day, minute),
        };
        let clock = |part: u16| i8::try_from(part).unwrap_or(0);
        let time = Time::constant(clock(minute / 60), clock(minute % 60), 0, 0);
        let shown = self.zone.to_ambiguous_timestamp(DateTime::from_parts(day, time));
        match shown.offset() {
            AmbiguousOffset::Unambiguous { .. } => moments.extend(shown.compatible()),
            AmbiguousOffset::Fold { .. } => moments.extend(shown.earlier().into_iter().chain(shown.later())),
            // In the moment in which the clock is set, which is among the changes of the zone.
            AmbiguousOffset::Gap { .. } => {}
        }
    }
}

impl Window {
    fn holds(&self, today: usize, minute: u16) -> bool {
        let yesterday = (today + 6) % 7;
        if self.from < self.to {
            self.days[today] && (self.from..self.to).contains(&minute)
        } else {
            (self.days[today] && minute >= self.from) || (self.days[yesterday] && minute < self.to)
        }
    }
}

impl Setting for Active {
    const TYPE: &'static str = "times (Mon-Fri 08:00-18:00 Europe/Paris)";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let Some(text) = raw.as_str() else { return Err(format!("expected {}, found {raw}", Self::TYPE)) };
        let text = text.trim();
        let (parts, zone) = match text.rsplit_once(char::is_whitespace) {
            Some((parts, name)) if is_zone(name) => (parts, zone(name)?),
            None if is_zone(text) => return Err("names a time zone and no times".to_owned()),
            _ => (text, TimeZone::UTC),
        };
        let mut windows = Vec::new();
        for part in parts.split(';') {
            windows_of(part, &mut windows)?;
        }
        Ok(Self { text: text.to_owned(), windows, zone })
    }

    fn to_raw(&self) -> Raw {
        Raw::from(self.text.as_str())
    }
}

/// The windows of `Mon-Fri 08:00-12:00,13:00-18:00`.
fn windows_of(part: &str, windows: &mut Vec<Window>) -> Result<(), String> {
    let mut days = [true; 7];
    let mut times = vec![(0, DAY)];
    let words: Vec<&str> = part.split_whitespace().collect();
    match words.as_slice() {
        [] => return Err("has a window that says nothing; write days, times or both".to_owned()),
        [word] if word.contains(':') => times = times_of(word)?,
        [word] => days = days_of(word)?,
        [first, second] => (days, times) = (days_of(first)?, times_of(second)?),
        [.., last] => return Err(format!("`{last}` is one word too many; write `Mon-Fri 08:00-18:00 Europe/Paris`")),
    }
    windows.extend(times.into_iter().map(|(from, to)| Window { days, from, to }));
    Ok(())
}

fn days_of(word: &str) -> Result<[bool; 7], String> {
    let day = |name: &str| {
        named(name, &DAYS).map(usize::from).ok_or_else(|| format!("`{name}` is not a day; write Mon, Tue, … Sun"))
    };
    let mut days = [false; 7];
    for part in word.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut at, last) = (day(first)?, day(last)?);
        // Over the end of the week too: `Fri-Mon`.
        loop {
            days[at] = true;
            if at == last {
                break;
            }
            at = (at + 1) % 7;
        }
    }
    Ok(days)
}

fn times_of(word: &str) -> Result<Vec<(u16, u16)>, String> {
    let window = |part: &str| {
        let (from, to) = part.split_once('-').and_then(|(from, to)| Some((minute_of(from)?, minute_of(to)?)))?;
        (from != to && from < DAY).then_some((from, to))
    };
    word.split(',')
        .map(|part| window(part).ok_or_else(|| format!("`{part}` is not a time of the day; write `08:00-18:00`")))
        .collect()
}

/// Minutes since midnight; `24:00` is the end of the day.
fn minute_of(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60 || (hour, minute) == (24, 0)).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn active(text: &str) -> Active {
        Active::from_raw(&Raw::from(text)).expect(text)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    /// The next changes from a moment on, as they read.
    fn changes(text: &str, from: &str, count: usize) -> Vec<String> {
        let active = active(text);
        let mut now = at(from);
        let mut changes = Vec::new();
        while changes.len() < count {
            let Some(next) = active.next_change(now) else { break };
            changes.push(format!("{next} {}", if active.is_up(next) { "up" } else { "down" }));
            now = next;
        }
        changes
    }

    #[test]
    fn a_window_is_what_the_clock_on_the_wall_shows() {
        let working_hours = active("Mon-Fri 08:00-18:00 Europe/Paris");
        // A Monday, in winter: Paris is one hour ahead.
        for (moment, up) in [
            ("2026-01-05T06:59:59Z", false),
            ("2026-01-05T07:00:00Z", true),
            ("2026-01-05T16:59:59Z", true),
            ("2026-01-05T17:00:00Z", false),
            ("2026-01-10T12:00:00Z", false),
            // In summer two hours.
            ("2026-07-06T06:00:00Z", true),
            ("2026-07-06T16:00:00Z", false),
        ] {
            assert_eq!(working_hours.is_up(at(moment)), up, "{moment}");
        }
    }

    #[test]
    fn the_next_change_is_the_next_begin_or_end() {
        assert_eq!(
            changes("Mon-Fri 08:00-12:00,13:00-18:00; Sat 09:00-12:00", "2026-01-09T12:30:00Z", 5),
            [
                "2026-01-09T13:00:00Z up",
                "2026-01-09T18:00:00Z down",
                "2026-01-10T09:00:00Z up",
                "2026-01-10T12:00:00Z down",
                "2026-01-12T08:00:00Z up",
            ]
        );
        assert_eq!(
            changes("Fri-Sat 22:00-06:00", "2026-01-09T00:00:00Z", 4),
            [
                "2026-01-09T22:00:00Z up",
                "2026-01-10T06:00:00Z down",
                "2026-01-10T22:00:00Z up",
                "2026-01-11T06:00:00Z down"
            ]
        );
        assert_eq!(changes("00:00-24:00", "2026-01-09T00:00:00Z", 1), Vec::<String>::new());
        assert_eq!(changes("Sun", "2026-01-09T00:00:00Z", 2), ["2026-01-11T00:00:00Z up", "2026-01-12T00:00:00Z down"]);
    }

    #[test]
    fn a_begin_that_the_clock_jumps_over_is_in_that_moment() {
        // On 29 March 2026 the clock in Paris goes from 02:00 to 03:00, at 01:00 UTC.
        assert_eq!(
            changes("02:30-04:00 Europe/Paris", "2026-03-29T00:00:00Z", 2),
            ["2026-03-29T01:00:00Z up", "2026-03-29T02:00:00Z down"]
        );
        assert_eq!(
            changes("01:00-02:30 Europe/Paris", "2026-03-28T23:00:00Z", 2),
            ["2026-03-29T00:00:00Z up", "2026-03-29T01:00:00Z down"]
        );
    }

    #[test]
    fn what_the_clock_shows_twice_is_in_the_window_twice() {
        // On 25 October 2026 the clock in Paris goes from 03:00 back to 02:00, at 01:00 UTC.
        assert_eq!(
            changes("02:15-02:45 Europe/Paris", "2026-10-24T22:00:00Z", 4),
            [
                "2026-10-25T00:15:00Z up",
                "2026-10-25T00:45:00Z down",
                "2026-10-25T01:15:00Z up",
                "2026-10-25T01:45:00Z down"
            ]
        );
    }

    #[test]
    fn what_is_no_window_is_refused_with_what_to_write() {
        for (text, why) in [
            ("", "says nothing"),
            ("Mon-Fri 08:00", "`08:00` is not a time of the day"),
            ("Mon-Fry", "`Fry` is not a day"),
            ("25:00-26:00", "is not a time of the day"),
            ("08:00-08:00", "is not a time of the day"),
            ("Mon 08:00-18:00 Europe/Pariss", "`Europe/Pariss` is not a time zone"),
            ("Mon 08:00-18:00 daily please", "one word too many"),
            ("Europe/Paris", "no times"),
            ("Mon;", "says nothing"),
        ] {
            let refused = Active::from_raw(&Raw::from(text)).expect_err(text);
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
