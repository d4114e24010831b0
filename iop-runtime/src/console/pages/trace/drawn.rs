//! A session as it is drawn: what the store says of its messages, in the terms of the picture.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;

use super::Address;
use crate::clock::Timestamp;
use crate::director::view::{MessageView, SessionTrace, TracedMessage};
use crate::message::{Invocation, Kind, MessageId, Status};
use crate::picture::sequence::{self, Exchange, Failure, Party, Sent, Session, State};
use crate::production::Graph;
use crate::store::Level;

/// How a session is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum View {
    #[default]
    Sequence,
    Timeline,
    Tree,
}

impl View {
    pub(super) const ALL: [Self; 3] = [Self::Sequence, Self::Timeline, Self::Tree];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Sequence => "sequence",
            Self::Timeline => "timeline",
            Self::Tree => "tree",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sequence => "Sequence",
            Self::Timeline => "Timeline",
            Self::Tree => "Tree",
        }
    }
}

/// A drawn session.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    /// The heads of the lifelines, where there are some.
    pub(super) head: String,
    pub(super) body: String,
    /// In place of both.
    pub(super) tree: Vec<Branch>,
    /// Rows that there are.
    pub(super) rows: usize,
}

/// A message in the tree.
#[derive(Debug, Clone)]
pub(super) struct Branch {
    pub(super) message: MessageView,
    pub(super) href: String,
    pub(super) chosen: bool,
    /// How far it is from the input.
    pub(super) depth: usize,
}

/// Draws what the address asks for.
pub(super) fn draw(trace: &SessionTrace, graph: &Graph, now: Timestamp, address: &Address, rows: usize) -> Drawn {
    let which = &address.which;
    let first = which.from.unwrap_or(0);
    // The id is put behind what these end in.
    let without = |which: &mut super::Which| which.m = None;
    let ends_in = |address: String, name: &str| {
        let mark = if address.contains('?') { '&' } else { '?' };
        format!("{address}{mark}{name}=")
    };
    let view = sequence::View {
        selected: which.m.map(|id| id.to_string()),
        opened: which.open.iter().flat_map(|ids| ids.split(',')).map(str::to_owned).collect(),
        first,
        rows,
        choose: ends_in(address.with(without), "m"),
        open: ends_in(address.with(|which| which.open = None), "open"),
        ..sequence::View::default()
    };
    match which.view.unwrap_or_default() {
        View::Sequence => {
            let sequence::Drawing { head, body, rows } = sequence::sequence(&session(trace, graph, now), &view);
            Drawn { head, body, rows, ..Drawn::default() }
        }
        View::Timeline => {
            let sequence::Drawing { head, body, rows } = sequence::timeline(&session(trace, graph, now), &view);
            Drawn { head, body, rows, ..Drawn::default() }
        }
        View::Tree => {
            let tree = tree(trace, address).into_iter().skip(first).take(rows).collect();
            Drawn { tree, rows: trace.messages.len(), ..Drawn::default() }
        }
    }
}

/// Each message below the one that sent it, in the order of acceptance.
fn tree(trace: &SessionTrace, address: &Address) -> Vec<Branch> {
    let known: HashMap<MessageId, usize> =
        trace.messages.iter().map(|traced| traced.message.id).zip(0..trace.messages.len()).collect();
    let mut children: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    for (index, traced) in trace.messages.iter().enumerate() {
        // A parent that comes later cannot have sent it, and would lead in circles.
        let parent = traced.message.parent.and_then(|parent| known.get(&parent)).filter(|&&parent| parent < index);
        children.entry(parent.copied()).or_default().push(index);
    }
    let mut tree = Vec::with_capacity(trace.messages.len());
    let mut open: Vec<(usize, usize)> = Vec::new();
    let below = |children: &HashMap<Option<usize>, Vec<usize>>, of: Option<usize>, depth: usize| {
        let below = children.get(&of).map(Vec::as_slice).unwrap_or_default();
        below.iter().rev().map(|&index| (index, depth)).collect::<Vec<_>>()
    };
    open.extend(below(&children, None, 0));
    while let Some((index, depth)) = open.pop() {
        let Some(TracedMessage { message, .. }) = trace.messages.get(index) else { continue };
        tree.push(Branch {
            href: address.with(|which| which.m = Some(message.id)),
            chosen: address.which.m == Some(message.id),
            message: message.clone(),
            depth,
        });
        open.extend(below(&children, Some(index), depth + 1));
    }
    tree
}

/// The session in the terms of the picture.
pub(super) fn session(trace: &SessionTrace, graph: &Graph, now: Timestamp) -> Session {
    let begin = trace.messages.iter().map(|traced| traced.message.begun()).min().unwrap_or(now);
    let party = |item: &crate::production::Item| Party {
        name: item.name.to_owned(),
        kind: item.component.kind.as_str().to_owned(),
    };
    Session {
        parties: graph.items.iter().map(party).collect(),
        messages: trace.messages.iter().map(|traced| sent(traced, begin, now)).collect(),
    }
}

fn sent(traced: &TracedMessage, begin: Timestamp, now: Timestamp) -> Sent {
    let message = &traced.message;
    let (queued, ran) = times(traced, now);
    let mut marks = Vec::new();
    if message.late {
        marks.push("late".to_owned());
    }
    if message.description.as_deref().is_some_and(|description| description.starts_with("resent by ")) {
        marks.push("resent".to_owned());
    }
    let failure = (message.status == Status::Suspended).then(|| Failure {
        text: message.error.as_deref().unwrap_or("suspended").to_owned(),
        at: failed_at(traced).since(begin),
    });
    Sent {
        id: message.id.to_string(),
        number: message.sequence,
        parent: message.parent.map(|parent| parent.to_string()),
        from: message.source.as_deref().map(str::to_owned),
        to: message.target.as_deref().map(str::to_owned),
        label: message.type_name.to_string(),
        exchange: match (message.kind, message.invocation) {
            (Kind::Response, _) => Exchange::Response,
            (Kind::Timer, _) => Exchange::Timer,
            (Kind::Request, Invocation::Sync | Invocation::Generator) => Exchange::Sync,
            (Kind::Request, Invocation::Async | Invocation::OneWay) => Exchange::Async,
        },
        state: match message.status {
            Status::Queued => State::Waiting,
            Status::InFlight => State::Running,
            Status::Retrying => State::Retrying,
            Status::Suspended => State::Failed,
            Status::Completed => State::Done,
            Status::Discarded | Status::Expired => State::Gone,
        },
        at: message.begun().since(begin),
        queued,
        ran,
        attempts: message.attempt,
        failure,
        marks,
    }
}

/// How long it waited and was worked on. Of what was tried several times the store knows the last attempt alone, so that
/// it is shown how long all of it took.
pub(super) fn times(traced: &TracedMessage, now: Timestamp) -> (Option<Duration>, Option<Duration>) {
    let message = &traced.message;
    let Some(started) = message.started else {
        let waits = matches!(message.status, Status::Queued);
        return (waits.then(|| now.since(message.created)), None);
    };
    let end = match message.status {
        Status::Suspended => Some(failed_at(traced)),
        Status::InFlight | Status::Retrying => Some(now),
        _ => message.ended,
    };
    if message.attempt > 1 || (message.attempt > 0 && message.status != Status::Suspended) {
        return (None, end.map(|end| end.since(message.created)));
    }
    (Some(started.since(message.created)), end.map(|end| end.since(started)))
}

/// When it was suspended: that is in the log, not in its header.
fn failed_at(traced: &TracedMessage) -> Timestamp {
    let message = &traced.message;
    let said = traced.events.iter().rev().find(|event| event.level >= Level::Warn).map(|event| event.time);
    said.or(message.failing).or(message.started).unwrap_or(message.created)
}
