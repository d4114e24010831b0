//! The pages, a file each, and the addresses that they are found at.

mod alerts;
mod audit;
mod figures;
mod item;
mod jobs;
mod live;
mod log;
mod messages;
pub(super) mod production;
mod queues;
mod settings;
mod store;
mod suspended;
mod tables;
mod test;
mod trace;

pub(crate) use trace::trace_picture;

use std::sync::Arc;
use std::time::Duration;

use crate::console::frame::{Problem, Visit};
use crate::console::live::Looks;
use crate::director::Role;
use crate::director::http::Route;
use crate::store::{Found, Search};

/// A page looks so long for what fits, and says how far it came.
const PATIENCE: Duration = Duration::from_millis(400);

/// Every page but the first.
pub(super) fn routes(looks: &Arc<Looks>) -> Vec<Route> {
    let (of_page, of_log) = (Arc::clone(looks), Arc::clone(looks));
    vec![
        Route::get("/live/{page}", Role::Viewer, move |visit, page, which| live::live(visit, page, which, of_page)),
        Route::get("/live/log", Role::Viewer, move |visit, lines, headers| live::log(visit, lines, headers, of_log)),
        Route::get("/items/{name}", Role::Viewer, item::item),
        Route::get("/messages", Role::Viewer, messages::messages),
        Route::get("/messages/suggest", Role::Viewer, messages::suggest),
        Route::get("/messages/export.csv", Role::Viewer, messages::csv),
        Route::get("/messages/export.jsonl", Role::Viewer, messages::jsonl),
        Route::get("/messages/{id}", Role::Viewer, trace::message),
        Route::get("/trace/{session}", Role::Viewer, trace::trace),
        Route::get("/trace/{session}/picture.svg", Role::Viewer, trace::picture),
        Route::get("/queues", Role::Viewer, queues::queues),
        Route::get("/queues/{name}", Role::Viewer, queues::queue),
        Route::get("/suspended", Role::Viewer, suspended::suspended),
        Route::get("/log", Role::Viewer, log::log),
        Route::get("/log/lines.jsonl", Role::Viewer, log::download),
        Route::get("/test", Role::Operator, test::test),
        Route::get("/settings", Role::Viewer, settings::settings),
        Route::get("/tables", Role::Viewer, tables::tables),
        Route::get("/tables/{name}", Role::Reader, tables::table),
        Route::get("/alerts", Role::Viewer, alerts::alerts),
        Route::get("/jobs", Role::Viewer, jobs::jobs),
        Route::get("/jobs/{number}", Role::Viewer, jobs::job),
        Route::get("/store", Role::Viewer, store::store),
        Route::get("/audit", Role::Admin, audit::audit),
    ]
}

/// What fits a search, as far as it is found while somebody waits for a page.
async fn find(visit: &Visit, search: Search) -> Result<Found, Problem> {
    let search = Search { within: Some(PATIENCE), ..search };
    let found = visit.director.store().search(search).await;
    found.map_err(|error| Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, error.to_string()))
}

/// A value of a query in quotes, so that nothing in it means anything else.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// How this program is called, for commands to copy.
fn program() -> String {
    let path = std::env::current_exe().ok();
    let name = path.as_deref().and_then(std::path::Path::file_name).map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "cargo run --".to_owned())
}
