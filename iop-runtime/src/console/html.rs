//! Small pieces of pages that several of them have.
//!
//! Functions that return `String` in HTML escape what they are given, and stand behind `|safe` in templates.

use std::borrow::Borrow;
use std::fmt::{self, Write};
use std::time::Duration;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::director::view::{EventView, KeyView, MessageView, Moment};
use crate::message::{Invocation, Kind, MASK};
use crate::picture::sequence::spoken;

/// Of the bars of an hour, in pixels.
const SPARK_WIDTH: f64 = 132.0;
const SPARK_HEIGHT: f64 = 30.0;

/// A longer body is cut on a page, and whole in the API.
const BODY_LIMIT: usize = 200_000;

/// What HTML means is taken from a text; quotes too, since it may stand in an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// A page in which nothing moves the cursor or turns the direction of text: what does is shown as a replacement character.
/// Templates have none of it, so it can only come from messages.
pub(super) fn inert(html: String) -> String {
    let harmful = |letter: char| match letter {
        '\n' | '\t' => false,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => true,
        _ => letter.is_control(),
    };
    if html.contains(harmful) { html.replace(harmful, "\u{fffd}") } else { html }
}

/// A text as part of an address.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' => encoded.push(byte.into()),
            _ => {
                // Writing to a `String` cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

/// A moment: the time of the day in UTC, and the date where it is another day than `now`. A script shows it in the zone of
/// whoever looks.
pub(super) fn time(at: Timestamp, now: Timestamp) -> String {
    let (text, today) = (at.to_string(), now.to_string());
    let day = |text: &str| text.get(..10).unwrap_or_default().to_owned();
    let clock = text.get(11..23).unwrap_or(&text);
    let shown = if day(&text) == day(&today) { clock.to_owned() } else { format!("{} {clock}", day(&text)) };
    let ago = spoken_ago(at, now);
    format!("<time datetime=\"{text}\" title=\"{text}, {ago}\">{shown}</time>")
}

/// `4 m 12 s ago`, or `in 3 m 20 s`.
pub(super) fn spoken_ago(at: Timestamp, now: Timestamp) -> String {
    if at > now { format!("in {}", age(at.since(now))) } else { format!("{} ago", age(now.since(at))) }
}

/// How old something is: whole seconds are precise enough.
pub(super) fn age(duration: Duration) -> String {
    if duration.as_secs() < 60 { format!("{} s", duration.as_secs()) } else { spoken(duration) }
}

/// The first line of a text that says something: what other systems answer begins with empty lines and rules.
pub(super) fn headline(text: &str) -> &str {
    let says = |line: &&str| line.chars().any(char::is_alphanumeric);
    text.lines().map(str::trim).find(says).unwrap_or_else(|| text.trim())
}

/// A count with its thousands apart: `12,345`.
pub(super) fn count(number: impl Borrow<u64>) -> String {
    let digits = number.borrow().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes: `512 bytes`, `12.4 MB`, `124 MB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    // What would be written as a thousand of one unit is one of the next.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 99.95 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// A rate: `0`, `0.3`, `12`, `1,240`.
pub(super) fn rate(per_second: f64) -> String {
    if per_second < 0.05 {
        "0".to_owned()
    } else if per_second < 9.95 {
        format!("{per_second:.1}")
    } else {
        // Positive and far below what a count can hold.
        count(per_second.round() as u64)
    }
}

/// A count with its word: `1 message`, `2 messages`.
pub(super) fn counted(number: usize, word: &str) -> String {
    format!("{} {word}{}", count(number as u64), if number == 1 { "" } else { "s" })
}

/// The state of a message, with its reason.
pub(super) fn status(message: &MessageView) -> String {
    let word = message.status.as_str();
    let shown = word.replace('_', " ");
    match message.reason {
        Some(reason) => {
            format!("<span class=\"tag {word}\">{shown} · {}</span>", reason.as_str().replace('_', " "))
        }
        None => format!("<span class=\"tag {word}\">{shown}</span>"),
    }
}

/// What a message is, where it is no request.
pub(super) fn exchange(message: &MessageView) -> &'static str {
    match message.kind {
        Kind::Request => "",
        Kind::Response => "response",
        Kind::Timer => "timer",
    }
}

/// How a message was sent, in words.
pub(super) fn invocation(message: &MessageView) -> &'static str {
    match (message.kind, message.invocation) {
        (Kind::Response, _) => "as a response",
        (Kind::Timer, _) => "as an alarm that the item has set for itself",
        (_, Invocation::Sync) => "and waited for",
        (_, Invocation::Async) => "without waiting",
        (_, Invocation::OneWay) => "without a response",
        (_, Invocation::Generator) => "and waited for, in chunks",
    }
}

/// The query that finds all messages with a value of a key, as part of an address.
pub(super) fn key_query(name: &str, value: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | '/' | ':');
    if !value.is_empty() && value.chars().all(plain) {
        return encoded(&format!("key.{name}:{value}"));
    }
    encoded(&format!("key.{name}:\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// Keys as a search for each.
pub(super) fn keys(keys: &[KeyView]) -> String {
    let link = |KeyView { name, value, .. }: &KeyView| {
        let (query, name, value) = (key_query(name, value), escaped(name), escaped(value));
        format!(
            "<a class=\"key\" href=\"/messages?q={query}\" title=\"{name}: find all\"><span>{name}</span> {value}</a>"
        )
    };
    keys.iter().map(link).collect::<Vec<_>>().join(" ")
}

/// From a line of the log to the message that it is about.
pub(super) fn trace(event: &EventView) -> String {
    match (event.session, event.message) {
        (Some(session), Some(message)) => format!("<a href=\"/trace/{session}?m={message}\" data-open>trace</a>"),
        (Some(session), None) => format!("<a href=\"/trace/{session}\" data-open>trace</a>"),
        (None, _) => String::new(),
    }
}

/// What an entry of the audit log is about, as a link where there is a page for it.
pub(super) fn object(object: &str) -> String {
    let shown = escaped(object);
    match object.split_once(' ') {
        Some(("message", id)) => {
            format!("<a href=\"/messages/{}\">message {}</a>", encoded(id), escaped(&short_id(id)))
        }
        Some(("session", id)) => format!("<a href=\"/trace/{}\">session {}</a>", encoded(id), escaped(&short_id(id))),
        Some(("item", name)) => format!("item {}", item(Some(name))),
        Some(("table", name)) => format!("<a href=\"/tables/{}\">{shown}</a>", encoded(name)),
        _ => shown,
    }
}

/// A duration in microseconds, where it is known.
pub(super) fn micros(micros: &Option<u64>) -> String {
    micros.map_or_else(|| "–".to_owned(), |micros| spoken(Duration::from_micros(micros)))
}

/// How long it waited. Of what was tried several times only the wait for the last attempt is known, with all attempts
/// before it in it.
pub(super) fn queued(message: &MessageView) -> String {
    if message.attempt > 1 { "–".to_owned() } else { micros(&message.waited_micros) }
}

/// The first and the last letters of an id; the whole one is behind it.
pub(super) fn short_id(id: impl fmt::Display) -> String {
    let id = id.to_string();
    match (id.get(..8), id.get(id.len().saturating_sub(4)..)) {
        (Some(first), Some(last)) if id.len() > 16 => format!("{first}…{last}"),
        _ => id,
    }
}

/// A link to an item, or the outside.
pub(super) fn item(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("<a href=\"/items/{}\">{}</a>", encoded(name), escaped(name)),
        None => "<span class=\"quiet\">outside</span>".to_owned(),
    }
}

/// A series as a row of bars, one a minute, failures in red on top.
pub(super) fn spark(series: &[Moment]) -> String {
    let [up, down] = bars(series);
    format!(
        "<svg class=\"spark\" role=\"img\" aria-label=\"the last hour, minute by minute\" width=\"{SPARK_WIDTH}\" \
         height=\"{SPARK_HEIGHT}\" viewBox=\"0 0 {SPARK_WIDTH} {SPARK_HEIGHT}\"><path class=\"axis\" \
         d=\"M0 {SPARK_HEIGHT}H{SPARK_WIDTH}\"/><path class=\"up\" data-live=\"spark up\" d=\"{up}\"/>\
         <path class=\"down\" data-live=\"spark down\" d=\"{down}\"/></svg>"
    )
}

/// The bars of a series as two paths: what was completed, and on top of it what has failed.
pub(super) fn bars(series: &[Moment]) -> [String; 2] {
    const BARS: usize = 60;
    let shown = &series[series.len().saturating_sub(BARS)..];
    let most = shown.iter().map(|moment| moment.completed + moment.failed).max().unwrap_or(0).max(1);
    let (pitch, full) = (SPARK_WIDTH / BARS as f64, SPARK_HEIGHT - 1.0);
    let share = |count: u64| if count == 0 { 0.0 } else { (count as f64 / most as f64 * full).max(1.0) };
    let first = BARS - shown.len();
    let mut paths = [String::new(), String::new()];
    for (index, moment) in shown.iter().enumerate() {
        let x = (first + index) as f64 * pitch;
        let (up, down) = (share(moment.completed), share(moment.failed));
        for (path, part, top) in [(0, up, SPARK_HEIGHT - up), (1, down, SPARK_HEIGHT - up - down)] {
            if part > 0.0 {
                // Writing to a `String` cannot fail.
                let _ = write!(paths[path], "M{x:.1} {top:.1}h{:.1}v{part:.1}h{:.1}z", pitch * 0.75, pitch * -0.75);
            }
        }
    }
    paths
}

/// JSON for people, with what is masked marked.
pub(super) fn json(value: &Value) -> String {
    let mut html = String::new();
    let mut writer = Json { html: &mut html };
    writer.value(value, 0);
    if html.len() > BODY_LIMIT {
        let end = (0..=BODY_LIMIT).rev().find(|&end| html.is_char_boundary(end)).unwrap_or_default();
        // Not inside of a tag or an entity: at the end of a line there is none.
        let end = html[..end].rfind('\n').unwrap_or_default();
        html.truncate(end);
        html.push_str("\n… (cut here; the API has all of it)");
    }
    html
}

struct Json<'a> {
    html: &'a mut String,
}

impl Json<'_> {
    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Null | Value::Bool(_) => self.span("w", &value.to_string()),
            Value::Number(_) => self.span("n", &value.to_string()),
            Value::String(text) if text == MASK => self.span("masked", "•••••"),
            Value::String(_) => self.span("s", &value.to_string()),
            Value::Array(values) => self.list('[', ']', values.iter().map(|value| (None, value)), depth),
            Value::Object(fields) => {
                self.list('{', '}', fields.iter().map(|(name, value)| (Some(name), value)), depth);
            }
        }
    }

    fn list<'a>(
        &mut self,
        open: char,
        close: char,
        values: impl Iterator<Item = (Option<&'a String>, &'a Value)>,
        depth: usize,
    ) {
        self.html.push(open);
        let mut empty = true;
        for (name, value) in values {
            if !empty {
                self.html.push(',');
            }
            empty = false;
            self.line(depth + 1);
            if let Some(name) = name {
                self.span("k", &Value::from(name.as_str()).to_string());
                self.html.push_str(": ");
            }
            self.value(value, depth + 1);
        }
        if !empty {
            self.line(depth);
        }
        self.html.push(close);
    }

    fn line(&mut self, depth: usize) {
        self.html.push('\n');
        // As deep as anybody reads.
        self.html.extend(std::iter::repeat_n("  ", depth.min(40)));
    }

    fn span(&mut self, class: &str, text: &str) {
        // Writing to a `String` cannot fail.
        let _ = write!(self.html, "<span class=\"{class}\">{}</span>", escaped(text));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_in_a_body_becomes_part_of_the_page() {
        let body = json!({ "<b>": "</span><script>alert(1)</script>", "masked": MASK });
        let html = json(&body);
        assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
        assert!(html.contains("<span class=\"masked\">•••••</span>"), "{html}");
    }

    #[test]
    fn a_large_body_is_cut_at_the_end_of_a_line() {
        let body: Value = (0..40_000).map(|number| format!("<{number}>")).collect();
        let html = json(&body);
        assert!(html.len() < BODY_LIMIT + 100);
        let cut = html.lines().rev().nth(1).unwrap_or_default();
        assert!(cut.ends_with("</span>,"), "{cut}");
    }

    #[test]
    fn what_turns_text_around_or_rings_a_bell_is_replaced() {
        assert_eq!(inert("a\u{202e}b\u{7}c\n\u{1b}[31m".to_owned()), "a\u{fffd}b\u{fffd}c\n\u{fffd}[31m");
        assert_eq!(inert("日本語".to_owned()), "日本語");
    }

    #[test]
    fn a_text_in_an_address_ends_neither_it_nor_its_quotes() {
        assert_eq!(encoded("status:error a&b=\"c\"#ü"), "status:error%20a%26b%3D%22c%22%23%C3%BC");
    }

    #[test]
    fn the_headline_of_an_error_is_its_first_line_that_says_something() {
        assert_eq!(headline("\n ***\n  503 Service Unavailable \nat line 7"), "503 Service Unavailable");
        assert_eq!(headline(" ••••• "), "•••••");
    }

    #[test]
    fn counts_and_rates_are_short_and_read_at_a_glance() {
        assert_eq!([0, 999, 1000, 1_234_567].map(|number: u64| count(number)), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.01, 0.34, 12.4, 1240.2].map(rate), ["0", "0.3", "12", "1,240"]);
        assert_eq!(counted(1, "message"), "1 message");
        let sizes = [0, 999, 1000, 12_400_000, 124_000_000, 999_999_999].map(size);
        assert_eq!(sizes, ["0 bytes", "999 bytes", "1.0 kB", "12.4 MB", "124 MB", "1.0 GB"]);
    }

    #[test]
    fn a_time_of_another_day_has_its_date() {
        let now = Timestamp(1_764_000_000_000_000);
        let html = time(Timestamp(now.0 - 61_000_000), now);
        assert!(html.contains(">15:58:59.000<") && html.contains("1 m 1 s ago"), "{html}");
        assert!(time(Timestamp(now.0 - 86_400_000_000), now).contains(">2025-11-23 16:00:00.000<"));
    }
}
