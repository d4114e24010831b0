//! A session as a picture: who sent what to whom, in the order of time, and where the time went.
//!
//! Three steps: `rows` decides which messages have a row of their own and which are drawn as one, `place` and `activation`
//! where everything goes, and `draw` writes it. `timeline` draws the same rows as bars over time. All of it depends on
//! what it is given alone; nothing of stores or pages is known here.

mod activation;
mod draw;
mod place;
mod rows;
mod timeline;

use std::time::Duration;

pub use activation::Activation;
pub use place::{Arrow, Bounds, Label, Lifeline, Placed};
pub use rows::{Row, RowKind, Rows};
pub use timeline::timeline;

/// A session as it is drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Session {
    /// What is known of the items in it; one that is missing here is drawn without a kind.
    pub parties: Vec<Party>,
    /// In the order of acceptance.
    pub messages: Vec<Sent>,
}

/// An item of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Its name.
    pub name: String,
    /// `service`, `process` or `operation`.
    pub kind: String,
}

/// A message of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// Its id.
    pub id: String,
    /// Its number in the order of the store, for people.
    pub number: u64,
    /// The message in whose turn it was sent; for a response, the request that it answers.
    pub parent: Option<String>,
    /// The item that sent it; `None` where it comes from outside.
    pub from: Option<String>,
    /// The item that it went to; `None` where it left.
    pub to: Option<String>,
    /// Its type, for people.
    pub label: String,
    /// What it is in its exchange.
    pub exchange: Exchange,
    /// What became of it.
    pub state: State,
    /// When it was accepted, since the session began.
    pub at: Duration,
    /// How long it waited, where that is known.
    pub queued: Option<Duration>,
    /// How long it was worked on; with the wait, where `queued` is not known.
    pub ran: Option<Duration>,
    /// Attempts that failed.
    pub attempts: u32,
    /// Why it failed for good.
    pub failure: Option<Failure>,
    /// What else is to be said of it: `resent`, `late`.
    pub marks: Vec<String>,
}

/// Why and when a message failed for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The error, for people.
    pub text: String,
    /// When, since the session began.
    pub at: Duration,
}

/// What a message is in its exchange, as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exchange {
    /// A request whose sender waits.
    Sync,
    /// A request whose sender goes on.
    Async,
    /// The answer to the request that is its parent.
    Response,
    /// An alarm that an item set for itself.
    Timer,
}

/// What became of a message, as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It is done.
    Done,
    /// It waits in its queue.
    Waiting,
    /// It is worked on.
    Running,
    /// It failed, and will be tried again.
    Retrying,
    /// It failed, and waits for a person.
    Failed,
    /// A person or a rule took it out.
    Gone,
}

impl State {
    /// The word for it in the classes of the picture.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Failed => "failed",
            Self::Gone => "gone",
        }
    }
}

/// How much of a session is shown, and what of it is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The message whose row is tinted.
    pub selected: Option<String>,
    /// So many equal messages are drawn as one.
    pub collapse: usize,
    /// Groups that are drawn one by one all the same, by the id of their first message.
    pub opened: Vec<String>,
    /// The first row that is drawn.
    pub first: usize,
    /// At most so many rows are drawn.
    pub rows: usize,
    /// In front of the id of a message, the address that chooses it; no links where it is empty.
    pub choose: String,
    /// In front of the id of a group's first message, the address that opens the group.
    pub open: String,
}

impl Default for View {
    fn default() -> Self {
        Self {
            selected: None,
            collapse: 6,
            opened: Vec::new(),
            first: 0,
            rows: 400,
            choose: String::new(),
            open: String::new(),
        }
    }
}

/// A drawing in two parts of one width, so that the heads of the lifelines can stay in sight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// The heads of the lifelines.
    pub head: String,
    /// Everything below.
    pub body: String,
    /// The rows of the session, of which those that the view asks for are drawn.
    pub rows: usize,
}

/// Draws a session as a sequence diagram.
///
/// Each row is a group with `data-message="ID"`, and a link where the view has addresses.
#[must_use]
pub fn sequence(session: &Session, view: &View) -> Drawing {
    let rows = Rows::of(session, view);
    let placed = Placed::of(session, &rows);
    let (head, body) = draw::parts(session, &rows, &placed, view);
    Drawing { head, body, rows: rows.total }
}

/// The same as one document that stands alone.
#[must_use]
pub fn document(session: &Session, title: &str) -> String {
    let view = View { rows: usize::MAX, ..View::default() };
    let rows = Rows::of(session, &view);
    let placed = Placed::of(session, &rows);
    draw::document(session, &rows, &placed, title)
}

/// A duration as it stands in pictures and pages: `0 ms`, `33 ms`, `4.59 s`, `3 m 20 s`, `5 h 3 m`.
#[must_use]
pub fn spoken(duration: Duration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.as_millis());
    match seconds {
        // What would be `0.0` and `1.0` is a whole number.
        0 if (50..950).contains(&duration.as_micros()) => format!("{:.1} ms", duration.as_secs_f64() * 1000.0),
        0 if millis == 0 && duration.as_micros() >= 950 => "1 ms".to_owned(),
        0 => format!("{millis} ms"),
        1..60 => format!("{:.2} s", duration.as_secs_f64()),
        60..3600 => format!("{} m {} s", seconds / 60, seconds % 60),
        3600..86400 => format!("{} h {} m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86400, seconds % 86400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_spoken_in_the_unit_that_fits() {
        let spoken = |micros| spoken(Duration::from_micros(micros));
        assert_eq!(spoken(0), "0 ms");
        assert_eq!(spoken(49), "0 ms");
        assert_eq!(spoken(400), "0.4 ms");
        assert_eq!(spoken(960), "1 ms");
        assert_eq!(spoken(33_000), "33 ms");
        assert_eq!(spoken(4_594_000), "4.59 s");
        assert_eq!(spoken(200_000_000), "3 m 20 s");
        assert_eq!(spoken(18_180_000_000), "5 h 3 m");
        assert_eq!(spoken(180_000_000_000), "2 d 2 h");
    }
}
