//! The store: how large it is, how long what is over is kept, and removing it.

use askama::Template;
use axum::http::StatusCode;

use crate::console::frame::{Frame, Page, Problem, Visit, page};
use crate::console::html;
use crate::director::Role;
use crate::settings::{Origin, ShownSetting};

/// The settings that say how long something is kept; the last word of their names.
const KEEPING: [&str; 7] = [
    "retention",
    "retention_types",
    "mark_retention",
    "log_retention",
    "max_store_bytes",
    "purge_interval",
    "alert_store_bytes",
];

#[derive(Template)]
#[template(path = "store.html")]
struct StorePage {
    frame: Frame,
    admin: bool,
    bytes: String,
    free: String,
    /// How old the oldest message is, and when it was accepted, as HTML.
    oldest: Option<(String, String)>,
    open: u64,
    suspended: u64,
    settings: Vec<ShownSetting>,
    program: String,
}

/// `GET /store`.
pub(super) async fn store(visit: Visit) -> Page {
    let usage = visit.director.store().usage().await;
    let usage = usage.map_err(|error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    let queues = visit.director.queues().await?;
    let mut settings = visit.director.settings();
    // Of an item only what somebody has set: that nothing is set there says nothing.
    settings.retain(|setting| {
        let (owner, name) = setting.key.rsplit_once('.').unwrap_or(("", &setting.key));
        KEEPING.contains(&name) && (owner == "iop" || setting.origin != Origin::Code)
    });
    let frame = visit.frame("Store", "/store").await?;
    page(&StorePage {
        admin: visit.may(Role::Admin),
        bytes: html::size(usage.bytes),
        free: html::size(usage.free),
        oldest: usage.oldest.map(|at| (html::age(frame.now.since(at)), frame.time(&at))),
        frame,
        open: queues.iter().map(|queue| queue.queued + queue.in_flight + queue.retrying).sum(),
        suspended: queues.iter().map(|queue| queue.suspended).sum(),
        settings,
        program: super::program(),
    })
}
