//! The bars on the lifelines: from the message that an item works on to the last that comes of it. A bar is red from a
//! failure back to what it made fail.

use super::place::{BAR, Bounds, Lifeline, ROW, TOP, to_f64};
use super::rows::{Row, RowKind, Rows};
use super::{Exchange, Session, State};

/// How far a bar on top of another is shifted.
const SHIFT: f64 = 5.0;
/// So many lie beside each other; more would run into the labels.
const LEVELS: usize = 4;
/// Of a bar of which nothing comes.
const SHORTEST: f64 = 16.0;
/// From the upper edge of a row to its arrow.
const ABOVE: f64 = 26.0;

/// A bar on a lifeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Activation {
    /// Where it is.
    pub bounds: Bounds,
    /// Index of the message that was worked on.
    pub message: usize,
    /// On the way from a failure back to what it made fail.
    pub failed: bool,
    /// It has not ended.
    pub open: bool,
}

/// The bars of all messages that were worked on and have a row.
pub(super) fn activations(
    session: &Session,
    rows: &Rows,
    lifeline: &dyn Fn(Option<&str>) -> usize,
    lifelines: &[Lifeline],
) -> Vec<Activation> {
    let failed = failed(session, rows);
    let last = last_rows(session, rows);
    let y = |row: usize| TOP + ABOVE + to_f64(row) * ROW;
    let mut bars: Vec<(usize, Activation)> = Vec::new();
    for (index, row) in rows.rows.iter().enumerate() {
        let message = &session.messages[row.first()];
        let worked_on = message.ran.is_some() || matches!(message.state, State::Running | State::Retrying);
        if !is_request(row, message.exchange) || message.to.is_none() || !worked_on {
            continue;
        }
        let on = lifeline(message.to.as_deref());
        // A child that is older than its parent comes of a clock that was set back.
        let end = last[index].unwrap_or(index).max(index);
        let height = if end == index { SHORTEST } else { y(end) - y(index) };
        let bounds = Bounds { x: lifelines[on].x - BAR, y: y(index), width: 2.0 * BAR, height };
        let open = matches!(message.state, State::Running | State::Retrying);
        let failed = row.members.iter().any(|&member| failed[member]);
        bars.push((on, Activation { bounds, message: row.first(), failed, open }));
    }
    shifted(bars)
}

fn is_request(row: &Row, exchange: Exchange) -> bool {
    row.kind == RowKind::Sent && exchange != Exchange::Response
}

/// For each row the last one that its messages send or are sent an answer in.
fn last_rows(session: &Session, rows: &Rows) -> Vec<Option<usize>> {
    let mut row_of = vec![None; session.messages.len()];
    for (index, row) in rows.rows.iter().enumerate().filter(|(_, row)| row.kind == RowKind::Sent) {
        row.members.iter().for_each(|&member| row_of[member] = Some(index));
    }
    let mut last: Vec<Option<usize>> = vec![None; rows.rows.len()];
    let mut reaches = |message: Option<usize>, row: usize| {
        if let Some(of) = message.and_then(|message| row_of[message]) {
            last[of] = last[of].max(Some(row));
        }
    };
    for (index, row) in rows.rows.iter().enumerate() {
        for &member in &row.members {
            let parent = rows.parent[member];
            let exchange = session.messages[member].exchange;
            let asked_by = parent.and_then(|parent| rows.parent[parent]);
            match (row.kind, exchange) {
                // An answer ends what it answers, and comes to whoever has asked.
                (RowKind::Sent, Exchange::Response) => {
                    reaches(parent, index);
                    reaches(asked_by, index);
                }
                (RowKind::Sent, _) => reaches(parent, index),
                (RowKind::Failed, _) => {
                    reaches(Some(member), index);
                    reaches(parent, index);
                }
            }
        }
    }
    last
}

/// What failed for good, and what failed because it waited for that.
fn failed(session: &Session, rows: &Rows) -> Vec<bool> {
    let messages = &session.messages;
    let mut failed: Vec<bool> = messages.iter().map(|message| message.state == State::Failed).collect();
    // Parents stand before their children, so that one pass from the end suffices.
    for (index, message) in messages.iter().enumerate().rev() {
        let Some(parent) = rows.parent[index] else { continue };
        let waits = message.exchange == Exchange::Sync && messages[parent].state != State::Done;
        failed[parent] = failed[parent] || (failed[index] && waits);
    }
    failed
}

/// Bars that lie over each other are shifted, so that each is seen.
fn shifted(mut bars: Vec<(usize, Activation)>) -> Vec<Activation> {
    bars.sort_by(|one, other| one.0.cmp(&other.0).then(one.1.bounds.y.total_cmp(&other.1.bounds.y)));
    let mut placed: Vec<Activation> = Vec::new();
    for alike in bars.chunk_by(|one, other| one.0 == other.0) {
        // Where the last bar of each level ends.
        let mut levels: Vec<f64> = Vec::new();
        for (_, bar) in alike {
            let free = levels.iter().position(|&end| end <= bar.bounds.y);
            let level = free.unwrap_or(levels.len());
            let end = bar.bounds.y + bar.bounds.height;
            match levels.get_mut(level) {
                Some(last) => *last = end,
                None => levels.push(end),
            }
            let mut bar = bar.clone();
            bar.bounds.x += to_f64(level.min(LEVELS - 1)) * SHIFT;
            placed.push(bar);
        }
    }
    placed
}
