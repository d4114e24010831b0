//! A session as a test looks at it: which items it reached, and in which state its messages are.

use std::fmt::{self, Write};
use std::path::Path;

use crate::message::{Header, Kind, MessageId, Status};
use crate::store::{Event, StoredMessage};

/// Everything that descends from one input.
#[derive(Clone)]
pub struct Trace {
    /// In the order of acceptance.
    pub(super) messages: Vec<StoredMessage>,
    /// In the order of time.
    pub(super) log: Vec<Event>,
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Trace {
    /// The session as text, with bodies and what was said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Bodies::Shown))?;
        self.log.iter().try_for_each(|event| {
            let item = event.item.as_deref().unwrap_or_default();
            writeln!(f, "{} {item}: {}", event.level.as_str(), event.text)
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bodies {
    Shown,
    LeftOut,
}

impl Trace {
    /// Its messages in the order of acceptance, bodies included.
    #[must_use]
    pub fn messages(&self) -> &[StoredMessage] {
        &self.messages
    }

    /// The items that its requests reached: a turn's own requests in the order in which it made them, each followed by
    /// what came of it.
    #[must_use]
    pub fn path(&self) -> Vec<String> {
        let requests = self.in_order().into_iter().map(|(_, message)| &message.header);
        requests.filter(|header| header.kind == Kind::Request).map(|header| target(header).to_owned()).collect()
    }

    /// How many requests reached an item.
    #[must_use]
    pub fn count(&self, item: &str) -> usize {
        self.requests_to(item).count()
    }

    /// The states of the requests to an item, in the order of [`path`](Self::path).
    #[must_use]
    pub fn statuses(&self, item: &str) -> Vec<Status> {
        self.requests_to(item).map(|header| header.status).collect()
    }

    fn requests_to<'a>(&'a self, item: &'a str) -> impl Iterator<Item = &'a Header> {
        let headers = self.in_order().into_iter().map(|(_, message)| &message.header);
        headers.filter(move |header| header.kind == Kind::Request && target(header) == item)
    }

    /// The session reached these items, in this order.
    ///
    /// # Panics
    /// Where it did not, with the trace.
    #[track_caller]
    pub fn assert_path(&self, items: &[&str]) -> &Self {
        let path = self.path();
        assert!(path == items, "the path is {path:?}, not {items:?}\n{self}");
        self
    }

    /// So many requests reached the item.
    ///
    /// # Panics
    /// Where it were others, with the trace.
    #[track_caller]
    pub fn assert_count(&self, item: &str, count: usize) -> &Self {
        let counted = self.count(item);
        assert!(counted == count, "{counted} requests reached `{item}`, not {count}\n{self}");
        self
    }

    /// Every request to the item is in this state, and there is one.
    ///
    /// # Panics
    /// Where it is not so, with the trace.
    #[track_caller]
    pub fn assert_status(&self, item: &str, status: Status) -> &Self {
        let statuses = self.statuses(item);
        let holds = !statuses.is_empty() && statuses.iter().all(|found| *found == status);
        assert!(holds, "the requests to `{item}` are {statuses:?}, not {status}\n{self}");
        self
    }

    /// Every message of the session is completed, and there is one.
    ///
    /// # Panics
    /// Where it is not so, with the trace.
    #[track_caller]
    pub fn assert_completed(&self) -> &Self {
        let finished = |message: &StoredMessage| match message.header.kind {
            // The alarm of a request that was answered in time has expired.
            Kind::Timer => message.header.status.is_finished(),
            _ => message.header.status == Status::Completed,
        };
        let holds = !self.messages.is_empty() && self.messages.iter().all(finished);
        assert!(holds, "not everything is completed\n{self}");
        self
    }

    /// The session as text without ids, times and bodies: the same in every run, for a golden file.
    #[must_use]
    pub fn snapshot(&self) -> String {
        self.text(Bodies::LeftOut)
    }

    /// [`snapshot`](Self::snapshot) with bodies.
    #[must_use]
    pub fn snapshot_with_bodies(&self) -> String {
        self.text(Bodies::Shown)
    }

    /// The [`snapshot`](Self::snapshot) is what the file says. With `IOP_BLESS=1` in the environment the file is written
    /// instead.
    ///
    /// # Panics
    /// Where it is not, or the file cannot be read or written.
    #[track_caller]
    pub fn assert_snapshot(&self, file: impl AsRef<Path>) -> &Self {
        let (file, snapshot) = (file.as_ref(), self.snapshot());
        if std::env::var_os("IOP_BLESS").is_some_and(|value| value == "1") {
            let written = std::fs::write(file, &snapshot);
            written.unwrap_or_else(|error| panic!("cannot write {}: {error}", file.display()));
            return self;
        }
        let golden = std::fs::read_to_string(file).unwrap_or_else(|error| {
            panic!("cannot read {}: {error}; IOP_BLESS=1 writes it\n{snapshot}", file.display())
        });
        assert!(
            golden.replace("\r\n", "\n") == snapshot,
            "the trace is not that of {}; IOP_BLESS=1 writes it anew\n--- {0}\n{golden}+++ this run\n{snapshot}",
            file.display()
        );
        self
    }

    fn text(&self, bodies: Bodies) -> String {
        let mut text = String::new();
        for (depth, message) in self.in_order() {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{:indent$}", "", indent = 2 * depth);
            line(&mut text, message, bodies);
        }
        text
    }

    /// The messages with their depth, each followed by what descends from it.
    fn in_order(&self) -> Vec<(usize, &StoredMessage)> {
        let mut order = Vec::with_capacity(self.messages.len());
        let is_here = |id: MessageId| self.messages.iter().any(|message| message.header.id == id);
        let mut roots: Vec<_> = self
            .messages
            .iter()
            .filter(|message| message.header.parent.is_none_or(|parent| !is_here(parent)))
            .collect();
        roots.sort_by_key(|root| root.header.sequence);
        for root in roots {
            self.descend(root, 0, &mut order);
        }
        order
    }

    fn descend<'a>(&'a self, message: &'a StoredMessage, depth: usize, order: &mut Vec<(usize, &'a StoredMessage)>) {
        order.push((depth, message));
        let mut children: Vec<_> =
            self.messages.iter().filter(|child| child.header.parent == Some(message.header.id)).collect();
        // Responses come last; what a turn sent has a place in it.
        children.sort_by_key(|child| {
            let header = &child.header;
            (header.kind == Kind::Response, header.kind != Kind::Timer, header.position, header.sequence)
        });
        for child in children {
            self.descend(child, depth + 1, order);
        }
    }
}

fn target(header: &Header) -> &str {
    header.target.as_deref().unwrap_or("outside")
}

fn line(text: &mut String, message: &StoredMessage, bodies: Bodies) {
    let header = &message.header;
    let source = header.source.as_deref().unwrap_or("outside");
    let (left, arrow, right) = match header.kind {
        Kind::Response => (target(header), "<-", source),
        Kind::Timer => (source, "..", target(header)),
        Kind::Request => (source, "->", target(header)),
    };
    let mut write = |part: fmt::Arguments<'_>| {
        // Writing to a `String` cannot fail.
        let _ = text.write_fmt(part);
    };
    write(format_args!("{left} {arrow} {right}: {}", header.type_name));
    if bodies == Bodies::Shown {
        write(format_args!(" {}", String::from_utf8_lossy(&message.body)));
    }
    if header.kind == Kind::Request || header.status != Status::Completed {
        write(format_args!(", {}", header.status));
    }
    if let Some(reason) = header.reason {
        write(format_args!(" ({reason})"));
    }
    if header.late {
        write(format_args!(", late"));
    }
    if header.attempt > 0 {
        write(format_args!(", failed attempts: {}", header.attempt));
    }
    if let Some(error) = header.error.as_ref().filter(|_| header.attempt > 0) {
        write(format_args!(": {error}"));
    }
    write(format_args!("\n"));
}
