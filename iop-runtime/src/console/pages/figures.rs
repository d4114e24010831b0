//! The figures at the head of a page, of the production and of an item: how much is done, waits, fails, and how long it takes.

use crate::console::html;
use crate::console::live::Seen;
use crate::director::view::{ItemDetail, ItemView, LatencyView, Moment, ProductionOverview};
use crate::picture::sequence::spoken;

/// A backlog from here on is shown as one.
pub(super) const MANY: u64 = 50;

/// A figure: what stands big, the line below it, and how its card looks.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub(super) much: String,
    pub(super) more: String,
    pub(super) class: &'static str,
}

impl Figure {
    fn new(much: String, more: String) -> Self {
        Self { much, more, class: "card figure" }
    }

    /// As it looks where something is so.
    fn if_so(self, so: bool, class: &'static str) -> Self {
        Self { class: if so { class } else { self.class }, ..self }
    }
}

/// All of them.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    pub(super) rate: Figure,
    pub(super) queued: Figure,
    pub(super) failed: Figure,
    pub(super) took: Figure,
    series: Vec<Moment>,
}

impl Figures {
    pub(super) fn of_production(overview: &ProductionOverview) -> Self {
        let counts = overview.counts;
        let queued: u64 = overview.items.iter().map(waiting).sum();
        let failed = Figure::new(html::count(counts.failed_last_hour), errors_where(&overview.items));
        Self {
            rate: rate(counts.per_second, counts.completed_last_hour),
            queued: Figure::new(html::count(queued), oldest(overview)).if_so(queued >= MANY, "card figure worth"),
            failed: failed.if_so(counts.failed_last_hour > 0, "card figure alarming"),
            took: took(overview.latency),
            series: overview.series.clone(),
        }
    }

    pub(super) fn of_item(detail: &ItemDetail, now: crate::clock::Timestamp) -> Self {
        let ItemDetail { item, series, latency, .. } = detail;
        let (counts, queued) = (item.counts, waiting(item));
        let oldest = item.backlog.oldest.filter(|_| queued > 0);
        let oldest =
            oldest.map_or_else(|| "nothing waits".to_owned(), |at| format!("oldest {}", html::age(now.since(at))));
        let suspended = item.backlog.suspended;
        let attempts = format!("{} failed attempts in the last hour", html::count(counts.failed_last_hour));
        Self {
            rate: rate(counts.per_second, counts.completed_last_hour),
            queued: Figure::new(html::count(queued), format!("{oldest} · {} in flight", item.backlog.in_flight))
                .if_so(queued >= MANY, "card figure worth"),
            failed: Figure::new(html::count(suspended), attempts).if_so(suspended > 0, "card figure alarming"),
            took: took(*latency),
            series: series.clone(),
        }
    }

    pub(super) fn spark(&self) -> String {
        html::spark(&self.series)
    }

    pub(super) fn seen(&self, seen: &mut Seen) {
        let figures = [("rate", &self.rate), ("queued", &self.queued), ("failed", &self.failed), ("took", &self.took)];
        for (name, figure) in figures {
            seen.text(name, &figure.much);
            seen.text(format!("{name} more"), &figure.more);
            seen.set(format!("{name} card"), "class", figure.class);
        }
        let [up, down] = html::bars(&self.series);
        seen.set("spark up", "d", up);
        seen.set("spark down", "d", down);
    }
}

fn rate(per_second: f64, hour: u64) -> Figure {
    Figure::new(html::rate(per_second), format!("{} turns in the last hour", html::count(hour)))
}

fn took(latency: LatencyView) -> Figure {
    let micros = |micros: Option<u64>| {
        micros.map_or_else(|| "–".to_owned(), |micros| spoken(std::time::Duration::from_micros(micros)))
    };
    let half = latency.p50_micros.map_or_else(
        || "nothing has ended yet".to_owned(),
        |half| format!("half of them within {}", spoken(std::time::Duration::from_micros(half))),
    );
    Figure::new(micros(latency.p95_micros), half)
}

/// What waits for an item.
pub(super) fn waiting(item: &ItemView) -> u64 {
    item.backlog.queued + item.backlog.retrying
}

/// How long the first of all that wait has waited, and where.
fn oldest(overview: &ProductionOverview) -> String {
    let waits = overview.items.iter().filter(|item| waiting(item) > 0);
    let oldest = waits.filter_map(|item| Some((item.backlog.oldest?, &item.status.name))).min();
    oldest.map_or_else(
        || "nothing waits".to_owned(),
        |(since, item)| format!("oldest {} · {item}", html::age(overview.now.since(since))),
    )
}

/// `all in lis_rest`, or the two items with most of them.
fn errors_where(items: &[ItemView]) -> String {
    let mut failed: Vec<(u64, &str)> =
        items.iter().map(|item| (item.counts.failed_last_hour, item.status.name.as_str())).collect();
    failed.retain(|(count, _)| *count > 0);
    failed.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
    match failed.as_slice() {
        [] => "none".to_owned(),
        [(_, item)] => format!("all in {item}"),
        [(first, one), (second, other), ..] => format!("{one} {first} · {other} {second}"),
    }
}
