//! What a production counts, in the text form that Prometheus scrapes.

use std::fmt::Write;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::answer::Failure;
use super::routes::Asked;
use super::table::Route;
use crate::director::view::ProductionOverview;
use crate::director::{Role, view::ItemView};
use crate::engine::{BreakerState, ItemPhase};

/// The route of this file.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/metrics", Role::Viewer, metrics)
            .says("What is counted, for Prometheus.", &[])
            .gives_text(&["text/plain"]),
    ]
}

async fn metrics(asked: Asked) -> Response {
    match asked.director.overview().await {
        Ok(overview) => {
            let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            let mut text = text(&overview);
            if let Some(traces) = &asked.traces {
                of_traces(&mut text, traces.counts());
            }
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => Failure::from(error).into_response(),
    }
}

/// A measure of every item: name, kind, what it is, and the value with more labels.
type Measure = (&'static str, &'static str, &'static str, fn(&ItemView, f64) -> Vec<(&'static str, f64)>);

/// What is measured of every item, with the present moment in seconds.
const OF_ITEMS: [Measure; 8] = [
    ("iop_item_up", "gauge", "Whether the item is running.", |item, _| {
        vec![("", f64::from(u8::from(item.status.state == ItemPhase::Running)))]
    }),
    ("iop_item_degraded", "gauge", "Whether the item does not do what it should.", |item, _| {
        vec![("", f64::from(u8::from(item.status.degraded)))]
    }),
    ("iop_turns_completed_total", "counter", "Turns that completed.", |item, _| {
        vec![("", item.status.completed as f64)]
    }),
    ("iop_attempts_failed_total", "counter", "Attempts that failed.", |item, _| vec![("", item.status.failed as f64)]),
    ("iop_queue_messages", "gauge", "Messages in the queue of the item, by state.", |item, _| {
        let queue = &item.backlog;
        vec![
            ("state=\"queued\"", queue.queued as f64),
            ("state=\"in_flight\"", queue.in_flight as f64),
            ("state=\"retrying\"", queue.retrying as f64),
            ("state=\"suspended\"", queue.suspended as f64),
        ]
    }),
    ("iop_queue_oldest_seconds", "gauge", "The age of the oldest message that waits for a worker.", |item, now| {
        let age = item.backlog.oldest.map_or(0.0, |oldest| now - oldest.0 as f64 / 1e6);
        vec![("", age.max(0.0))]
    }),
    ("iop_workers", "gauge", "Workers of the item, by what they do.", |item, _| {
        let workers = item.status.workers;
        let idle = workers.all.saturating_sub(workers.busy);
        vec![
            ("state=\"idle\"", idle as f64),
            ("state=\"busy\"", workers.busy as f64),
            ("state=\"stuck\"", workers.stuck as f64),
        ]
    }),
    ("iop_breaker_open", "gauge", "Whether the circuit breaker of the item lets nothing through.", |item, _| {
        vec![("", f64::from(u8::from(item.status.breaker == Some(BreakerState::Open))))]
    }),
];

fn text(overview: &ProductionOverview) -> String {
    let mut text = String::new();
    let production = escaped(overview.production);
    let version = env!("CARGO_PKG_VERSION");
    let now = overview.now.0 as f64 / 1e6;
    head(&mut text, "iop_info", "gauge", "The production that runs.");
    line(&mut text, "iop_info", &format!("production=\"{production}\",version=\"{version}\""), 1.0);
    head(&mut text, "iop_start_time_seconds", "gauge", "When the production was started, in seconds since 1970.");
    line(&mut text, "iop_start_time_seconds", "", overview.since.0 as f64 / 1e6);
    for (name, kind, what, values) in OF_ITEMS {
        head(&mut text, name, kind, what);
        for item in &overview.items {
            let label = format!("item=\"{}\",kind=\"{}\"", escaped(&item.status.name), item.status.kind.as_str());
            for (more, value) in values(item, now) {
                let labels = if more.is_empty() { label.clone() } else { format!("{label},{more}") };
                line(&mut text, name, &labels, value);
            }
        }
    }
    text
}

/// What became of spans, in a program that exports them.
fn of_traces(text: &mut String, (exported, dropped): (u64, u64)) {
    for (name, what, count) in [
        ("iop_spans_exported_total", "Spans that the collector of traces has.", exported),
        ("iop_spans_dropped_total", "Spans that it will not have: it was too slow, away, or refused them.", dropped),
    ] {
        head(text, name, "counter", what);
        line(text, name, "", count as f64);
    }
}

fn head(text: &mut String, name: &str, kind: &str, what: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "# HELP {name} {what}\n# TYPE {name} {kind}");
}

fn line(text: &mut String, name: &str, labels: &str, value: f64) {
    let _ =
        if labels.is_empty() { writeln!(text, "{name} {value}") } else { writeln!(text, "{name}{{{labels}}} {value}") };
}

/// The value of a label.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_end_early() {
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
