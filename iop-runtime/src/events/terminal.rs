//! Events on the terminal: one line each, whatever their text contains.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

use crate::store::{Event, Level};

/// Shows events on stderr.
#[derive(Debug)]
pub(super) struct Terminal {
    colour: bool,
}

impl Terminal {
    pub(super) fn stderr() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { colour: wanted && std::io::stderr().is_terminal() }
    }

    pub(super) fn show(&self, event: &Event) {
        // The terminal shows what happens now; the event log keeps the date.
        let time = event.time.to_string();
        let time = time.split_once('T').map_or(time.as_str(), |(_, clock)| clock);
        let mut line = line(event, time, if self.colour { Look::Coloured } else { Look::Plain });
        line.push('\n');
        // Where the terminal is gone there is nobody to tell.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Plain,
    Coloured,
}

/// `09:41:17.123Z INFO  greeter: hello world  session=… message=…`
pub(crate) fn line(event: &Event, time: &str, look: Look) -> String {
    let (dim, shade, plain) = match look {
        Look::Coloured => ("\x1b[2m", shade(event.level), "\x1b[0m"),
        Look::Plain => ("", "", ""),
    };
    let level = event.level.as_str().to_uppercase();
    let who = event.item.as_deref().unwrap_or(&event.module);
    let mut line = format!("{dim}{time}{plain} {shade}{level:<5}{plain} {}: {}", escaped(who), escaped(&event.text));
    // Writing to a `String` cannot fail.
    let _ = match (event.session, event.message) {
        (Some(session), Some(message)) => write!(line, "  {dim}session={session} message={message}{plain}"),
        (Some(session), None) => write!(line, "  {dim}session={session}{plain}"),
        (None, Some(message)) => write!(line, "  {dim}message={message}{plain}"),
        (None, None) => Ok(()),
    };
    line
}

fn shade(level: Level) -> &'static str {
    match level {
        Level::Trace | Level::Debug => "\x1b[2m",
        Level::Info => "\x1b[32m",
        Level::Warn => "\x1b[33m",
        Level::Error => "\x1b[31m",
    }
}

/// A text that moves no cursor, starts no line and turns no writing direction: what came from outside must not be able
/// to write lines of its own.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        let turns_direction =
            matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let starts_line = matches!(letter, '\u{2028}' | '\u{2029}');
        if letter.is_control() || turns_direction || starts_line {
            escaped.extend(letter.escape_default());
        } else {
            escaped.push(letter);
        }
    }
    escaped
}

/// Several lines, each escaped.
pub(crate) fn escaped_lines(text: &str) -> String {
    text.split('\n').map(escaped).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::Timestamp;
    use crate::message::{MessageId, SessionId};

    fn event(text: &str) -> Event {
        Event {
            number: 0,
            time: Timestamp(1_764_000_000_123_000),
            level: Level::Info,
            item: Some(Arc::from("greeter")),
            session: None,
            message: None,
            module: "app".to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_line_has_time_level_item_text_session_and_message() {
        let id = MessageId::of_input(&[b"x"]);
        let event = Event { session: Some(SessionId::of(id)), message: Some(id), ..event("hello") };
        let line = line(&event, "16:00:00.123Z", Look::Plain);
        assert_eq!(line, format!("16:00:00.123Z INFO  greeter: hello  session={id} message={id}"));
    }

    #[test]
    fn whatever_an_event_contains_it_is_one_line_without_control_characters() {
        let line = line(&event("a\nERROR faked\r\x1b[2Jb\u{202e}c\u{2028}d\u{9b}"), "now", Look::Plain);
        assert_eq!(line, "now INFO  greeter: a\\nERROR faked\\r\\u{1b}[2Jb\\u{202e}c\\u{2028}d\\u{9b}");
    }
}
