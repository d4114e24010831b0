//! A session as bars over time: when each message waited and when it was worked on, below the one that sent it.

use std::fmt::{Display, Write};
use std::time::Duration;

use super::super::text::{escaped, shortened};
use super::place::to_f64;
use super::rows::{Row, RowKind, Rows};
use super::{Drawing, Exchange, Sent, Session, View, spoken};

/// From one row to the next.
const ROW: f64 = 26.0;
/// Above the first row: the axis.
const TOP: f64 = 30.0;
/// Left of the bars.
const NAMES: f64 = 300.0;
/// Of the bars.
const BARS: f64 = 640.0;
/// Right of the bars: how long it took.
const TOOK: f64 = 150.0;
/// For each message in whose turn another was sent.
const INDENT: f64 = 14.0;
/// A deeper one stands no further right.
const DEEPEST: usize = 8;
/// Lines across, at most.
const TICKS: u32 = 6;

/// Draws a session as bars over time, with a row for each message that was worked on or waits.
#[must_use]
pub fn timeline(session: &Session, view: &View) -> Drawing {
    let everything = View { first: 0, rows: usize::MAX, ..view.clone() };
    let rows = Rows::of(session, &everything);
    let worked_on =
        |row: &&Row| row.kind == RowKind::Sent && session.messages[row.first()].exchange != Exchange::Response;
    let rows_of_all = rows.rows.iter().filter(worked_on).count();
    let shown: Vec<&Row> = rows.rows.iter().filter(worked_on).skip(view.first).take(view.rows).collect();
    let end = session.messages.iter().map(|message| ended(message.at, message.queued, message.ran)).max();
    let scale = Scale { end: end.unwrap_or_default().max(Duration::from_millis(1)) };
    let (width, height) = (NAMES + BARS + TOOK, TOP + to_f64(shown.len()) * ROW + 12.0);
    let mut svg = Svg(String::new());
    svg.put(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"iop-sequence timeline scaled least-8\" role=\"group\" \
         aria-label=\"Messages of the session over time\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">"
    ));
    svg.axis(&scale, height);
    for (index, row) in shown.into_iter().enumerate() {
        svg.row(session, &rows, row, TOP + to_f64(index) * ROW, (&scale, view));
    }
    svg.put("</svg>");
    Drawing { head: String::new(), body: svg.0, rows: rows_of_all }
}

fn ended(at: Duration, queued: Option<Duration>, ran: Option<Duration>) -> Duration {
    at + queued.unwrap_or_default() + ran.unwrap_or_default()
}

/// Time to pixels.
struct Scale {
    end: Duration,
}

impl Scale {
    fn x(&self, at: Duration) -> f64 {
        let part = at.as_secs_f64() / self.end.as_secs_f64();
        // A tenth of a pixel is seen by nobody, and keeps the document short.
        NAMES + (part.min(1.0) * BARS * 10.0).round() / 10.0
    }

    /// Round times, a few of them.
    fn ticks(&self) -> Vec<Duration> {
        let target = self.end.as_secs_f64() / f64::from(TICKS);
        let magnitude = 10_f64.powf(target.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * magnitude).find(|step| *step >= target);
        let step = step.unwrap_or(magnitude);
        let times = (0..=TICKS).map(|tick| f64::from(tick) * step);
        times.take_while(|time| *time <= self.end.as_secs_f64()).map(Duration::from_secs_f64).collect()
    }
}

/// A drawing that is being written.
struct Svg(String);

impl Svg {
    fn put(&mut self, line: impl Display) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.0, "{line}");
    }

    fn text(&mut self, class: &str, x: f64, y: f64, text: &str) {
        self.put(format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(text)));
    }

    fn axis(&mut self, scale: &Scale, height: f64) {
        for tick in scale.ticks() {
            let x = scale.x(tick);
            self.put(format_args!("<path class=\"tick\" d=\"M{x} 22V{}\"/>", height - 8.0));
            self.text("number", x + 3.0, 16.0, &spoken(tick));
        }
    }

    fn row(&mut self, session: &Session, rows: &Rows, row: &Row, y: f64, (scale, view): (&Scale, &View)) {
        let message = &session.messages[row.first()];
        let id = escaped(&message.id);
        let many = row.members.len() > 1;
        let address = if many { &view.open } else { &view.choose };
        if !address.is_empty() {
            self.put(format_args!("<a href=\"{}{id}\">", escaped(address)));
        }
        let state = message.state.class();
        self.put(format_args!("<g class=\"row {state}\" data-message=\"{id}\">"));
        let chosen = row.members.iter().any(|&member| Some(&session.messages[member].id) == view.selected.as_ref());
        let ground = if chosen { "chosen" } else { "hit" };
        self.put(format_args!("<rect class=\"{ground}\" x=\"0\" y=\"{y}\" width=\"100%\" height=\"{ROW}\"/>"));
        let indent = 14.0 + to_f64(depth(rows, row.first()).min(DEEPEST)) * INDENT;
        let middle = y + ROW / 2.0;
        self.put(format_args!("<circle class=\"dot\" cx=\"{indent}\" cy=\"{middle}\" r=\"3.5\"/>"));
        let times = if many { format!(" ×{}", row.members.len()) } else { String::new() };
        let at = message.to.as_deref().unwrap_or("outside");
        let name = format!("{at}  {}{times}", message.label);
        let room = (NAMES - indent - 18.0) / 12.0;
        self.text("label", indent + 10.0, middle + 4.0, &shortened(&name, room, false));
        self.bar(session, row, middle, scale);
        self.put("</g>");
        if !address.is_empty() {
            self.put("</a>");
        }
    }

    /// The wait and the work, from the first of several to the last.
    fn bar(&mut self, session: &Session, row: &Row, middle: f64, scale: &Scale) {
        let members = || row.members.iter().map(|&index| &session.messages[index]);
        let began = row.at;
        // Where nobody knows how long it waited, the wait is part of the work.
        let begun = |message: &Sent| match (message.queued, message.ran) {
            (None, None) => None,
            (queued, _) => Some(message.at + queued.unwrap_or_default()),
        };
        let started = members().filter_map(begun).min();
        let end = members().map(|message| ended(message.at, message.queued, message.ran)).max().unwrap_or(began);
        let worked = members().any(|message| message.ran.is_some());
        let (from, begin, to) = (scale.x(began), scale.x(started.unwrap_or(end)), scale.x(end));
        let y = middle - 5.0;
        let part = |class: &str, from: f64, to: f64| {
            let width = (to - from).max(2.0);
            format!("<rect class=\"{class}\" x=\"{from}\" y=\"{y}\" width=\"{width}\" height=\"10\" rx=\"2\"/>")
        };
        if begin > from {
            self.put(part("queued", from, begin));
        }
        if worked {
            self.put(part("ran", begin, to));
        }
        let queued = members().filter_map(|message| message.queued).max();
        let ran = members().filter_map(|message| message.ran).max();
        let took = match (queued, ran) {
            (Some(queued), Some(ran)) => format!("{} + {}", spoken(queued), spoken(ran)),
            (Some(queued), None) => format!("{} waiting", spoken(queued)),
            (None, Some(took)) => format!("took {}", spoken(took)),
            _ => "waiting".to_owned(),
        };
        self.text("below", NAMES + BARS + 10.0, middle + 3.5, &took);
    }
}

/// How many messages it descends from, as far as they are in the session.
fn depth(rows: &Rows, message: usize) -> usize {
    // A parent stands before its child, so this ends.
    std::iter::successors(rows.parent[message], |&parent| rows.parent[parent]).count()
}
