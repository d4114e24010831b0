//! Times of day in settings: when an item is up ([`Active`]), and when a service is called ([`CallSchedule`]).
//!
//! Both speak of what a clock on the wall shows in a time zone, and say what that means on the two days of the year on
//! which the clock is set.

mod active;
mod cron;

pub use active::Active;
pub use cron::CallSchedule;

use jiff::tz::TimeZone;

/// The days as they are written, from Monday.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Whether a word can only be meant for a time zone.
fn is_zone(word: &str) -> bool {
    let is_name = word.starts_with(|letter: char| letter.is_ascii_alphabetic());
    is_name && (word.contains('/') || word.eq_ignore_ascii_case("utc"))
}

/// The time zone of this name.
fn zone(name: &str) -> Result<TimeZone, String> {
    if name.eq_ignore_ascii_case("utc") {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name).map_err(|_| format!("`{name}` is not a time zone; write one like `Europe/Paris`, or `UTC`"))
}

/// The place of a name in a list, without regard to case.
fn named(word: &str, names: &[&str]) -> Option<u8> {
    let at = names.iter().position(|name| name.eq_ignore_ascii_case(word))?;
    u8::try_from(at).ok()
}
