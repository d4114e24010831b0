//! Which messages have a row of their own, and which are drawn as one: a fan-out of 500 is one row, and so are its 500
//! responses. What failed among them is another row than what did not.

use std::collections::HashMap;
use std::time::Duration;

use super::{Exchange, Sent, Session, State, View};

/// The rows of a session, in the order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// Those that are drawn.
    pub rows: Vec<Row>,
    /// All that there are.
    pub total: usize,
    /// The message and what it belongs to: for each message the first one of its group, itself where it has none.
    pub(super) group: Vec<usize>,
    /// For each message the message in whose turn it was sent, where that is in the session.
    pub(super) parent: Vec<Option<usize>>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What is drawn in it.
    pub kind: RowKind,
    /// Indices of the messages that it stands for, at least one.
    pub members: Vec<usize>,
    /// Since the session began.
    pub at: Duration,
}

/// What is drawn in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// Messages, by an arrow from their sender.
    Sent,
    /// Their failure, by an arrow back to a sender that waits.
    Failed,
}

impl Row {
    /// The first of its messages.
    #[must_use]
    pub fn first(&self) -> usize {
        self.members.first().copied().unwrap_or_default()
    }
}

/// What equal messages have in common.
#[derive(PartialEq, Eq, Hash)]
struct Shape<'a> {
    parent: Option<usize>,
    label: &'a str,
    from: Option<&'a str>,
    to: Option<&'a str>,
    exchange: Exchange,
    state: State,
}

impl Rows {
    /// Finds the rows of a session.
    #[must_use]
    pub fn of(session: &Session, view: &View) -> Self {
        let messages = &session.messages;
        let parent = parents(messages);
        let group = groups(messages, &parent, view);
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); messages.len()];
        for (index, &of) in group.iter().enumerate() {
            members[of].push(index);
        }
        let mut rows = Vec::new();
        for members in members.into_iter().filter(|members| !members.is_empty()) {
            let of = &messages[members[0]];
            if let Some(failed) = failed(messages, &members) {
                rows.push(failed);
            }
            rows.push(Row { kind: RowKind::Sent, members, at: of.at });
        }
        // Of what happened at the same time, a failure comes after what failed.
        rows.sort_by_key(|row| (row.at, row.kind == RowKind::Failed, row.first()));
        let total = rows.len();
        let rows = rows.into_iter().skip(view.first).take(view.rows).collect();
        Self { rows, total, group, parent }
    }
}

/// The arrow back where the sender of what failed waits for it; the last of a group says why.
fn failed(messages: &[Sent], members: &[usize]) -> Option<Row> {
    let waited_for = |index: &&usize| messages[**index].exchange == Exchange::Sync && messages[**index].from.is_some();
    let mut failed: Vec<usize> = members.iter().filter(waited_for).copied().collect();
    failed.retain(|&index| messages[index].failure.is_some());
    let at = failed.iter().filter_map(|&index| Some(messages[index].failure.as_ref()?.at)).max()?;
    // A clock that was set back does not have a failure before its message.
    let at = at.max(messages[*failed.first()?].at);
    Some(Row { kind: RowKind::Failed, members: failed, at })
}

fn parents(messages: &[Sent]) -> Vec<Option<usize>> {
    let by_id: HashMap<&str, usize> = messages.iter().map(|message| message.id.as_str()).zip(0..).collect();
    let parent = |(index, message): (usize, &Sent)| {
        let parent = *by_id.get(message.parent.as_deref()?)?;
        // What is not before it cannot have sent it: a store that says so would lead in circles.
        (parent < index).then_some(parent)
    };
    messages.iter().enumerate().map(parent).collect()
}

/// For each message the first one of its group. Children of a group are equal in the same way as its members are.
fn groups(messages: &[Sent], parent: &[Option<usize>], view: &View) -> Vec<usize> {
    let mut group: Vec<usize> = Vec::with_capacity(messages.len());
    // Parents come first, so that the group of a message's parent is known; a group that is too small is dissolved
    // before anything is said of its children, and therefore everything goes generation by generation.
    let mut generation = vec![0_usize; messages.len()];
    for index in 0..messages.len() {
        generation[index] = parent[index].map_or(0, |parent| generation[parent] + 1);
        group.push(index);
    }
    let mut by_generation: Vec<usize> = (0..messages.len()).collect();
    by_generation.sort_by_key(|&index| (generation[index], index));
    for alike in by_generation.chunk_by(|&one, &other| generation[one] == generation[other]) {
        let mut shapes: HashMap<Shape<'_>, Vec<usize>> = HashMap::new();
        for &index in alike {
            let message = &messages[index];
            let shape = Shape {
                parent: parent[index].map(|parent| group[parent]),
                label: &message.label,
                from: message.from.as_deref(),
                to: message.to.as_deref(),
                exchange: message.exchange,
                state: message.state,
            };
            shapes.entry(shape).or_default().push(index);
        }
        for members in shapes.into_values() {
            let first = members[0];
            if members.len() < view.collapse || view.opened.contains(&messages[first].id) {
                continue;
            }
            for index in members {
                group[index] = first;
            }
        }
    }
    group
}
