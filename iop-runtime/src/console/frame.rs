//! What is around every page: who looks at it, the bar at its top, and how it is answered.

use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio_util::sync::CancellationToken;

use super::html;
use crate::clock::Timestamp;
use crate::director::http::{Asked, refusal};
use crate::director::{Caller, Director, DirectorError, ItemStatus, Role};
use crate::engine::ItemPhase;

/// What stands at the foot of a page.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Somebody who looks at a page.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) director: Director,
    pub(super) caller: Caller,
    /// Comes when the entrance is closed.
    pub(super) stop: CancellationToken,
    theme: Option<&'static str>,
}

impl<S: Send + Sync> FromRequestParts<S> for Visit
where
    Asked: FromRequestParts<S, Rejection: IntoResponse>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let asked = Asked::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut theme = None;
        for cookie in cookies.flat_map(|cookies| cookies.split(';')) {
            theme = match cookie.trim() {
                "theme=dark" => Some("dark"),
                "theme=light" => Some("light"),
                _ => theme,
            };
        }
        Ok(Self { director: asked.director, caller: asked.caller, stop: asked.stop, theme })
    }
}

impl Visit {
    /// Whether a page offers what needs this role.
    pub(super) fn may(&self, role: Role) -> bool {
        self.caller.role >= role
    }

    /// The frame of a page: its title, and the entry of the bar that it belongs to.
    pub(super) async fn frame(&self, title: impl Into<String>, here: &'static str) -> Result<Frame, Problem> {
        let status = self.director.status();
        let suspended = self.director.queues().await?.iter().map(|queue| queue.suspended).sum();
        Ok(Frame {
            production: status.production,
            title: title.into(),
            here,
            theme: self.theme,
            who: Arc::clone(&self.caller.name),
            role: self.caller.role,
            now: self.director.now(),
            since: self.director.since(),
            live: "page".to_owned(),
            lamps: Lamps::of(status.items.iter(), suspended),
            items: status.items.len(),
        })
    }
}

/// What is around a page.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) production: &'static str,
    pub(super) title: String,
    pub(super) here: &'static str,
    pub(super) theme: Option<&'static str>,
    /// Who looks at it.
    pub(super) who: Arc<str>,
    pub(super) role: Role,
    pub(super) now: Timestamp,
    /// When the production was started.
    pub(super) since: Timestamp,
    /// Where the page hears what is different, below `/live/`.
    pub(super) live: String,
    pub(super) lamps: Lamps,
    pub(super) items: usize,
}

/// The lamps of the bar: class and text of each.
#[derive(Debug, Clone)]
pub(super) struct Lamps {
    pub(super) running: (&'static str, String),
    pub(super) suspended: (&'static str, String),
}

impl Lamps {
    pub(super) fn of<'a>(items: impl ExactSizeIterator<Item = &'a ItemStatus>, suspended: u64) -> Self {
        let all = items.len();
        let (mut stopped, mut paused) = (0, 0);
        for item in items {
            stopped += usize::from(item.state == ItemPhase::Stopped);
            paused += usize::from(item.state == ItemPhase::Paused);
        }
        let running = match (stopped, paused) {
            (0, 0) => ("lamp good", format!("all {all} up")),
            (stopped, 0) => ("lamp warn", format!("{stopped} of {all} stopped")),
            (0, paused) => ("lamp warn", format!("{paused} of {all} paused")),
            _ => ("lamp warn", format!("{} of {all} down", stopped + paused)),
        };
        let class = if suspended > 0 { "lamp bad" } else { "lamp good" };
        Self { running, suspended: (class, format!("{} suspended", html::count(suspended))) }
    }
}

/// Address, name, and the least role that it is offered to.
const ENTRIES: [(&str, &str, Role); 12] = [
    ("/", "Production", Role::Viewer),
    ("/messages", "Messages", Role::Viewer),
    ("/queues", "Queues", Role::Viewer),
    ("/suspended", "Suspended", Role::Viewer),
    ("/log", "Event log", Role::Viewer),
    ("/test", "Test", Role::Operator),
    ("/settings", "Settings", Role::Viewer),
    ("/tables", "Tables", Role::Viewer),
    ("/alerts", "Alerts", Role::Viewer),
    ("/jobs", "Jobs", Role::Viewer),
    ("/store", "Store", Role::Viewer),
    ("/audit", "Audit", Role::Admin),
];

impl Frame {
    /// The entries of the bar that are offered.
    pub(super) fn entries(&self) -> impl Iterator<Item = &'static (&'static str, &'static str, Role)> {
        let role = self.role;
        ENTRIES.iter().filter(move |(.., least)| role >= *least)
    }

    /// A moment, as HTML.
    pub(super) fn time(&self, at: &Timestamp) -> String {
        html::time(*at, self.now)
    }

    /// A moment that may be missing, as HTML.
    pub(super) fn time_or_none(&self, at: &Option<Timestamp>) -> String {
        at.map_or_else(|| "<span class=\"quiet\">–</span>".to_owned(), |at| html::time(at, self.now))
    }
}

/// A page, or why there is none.
pub(super) type Page = Result<Response, Problem>;

/// Answers with a template.
pub(super) fn page(template: &impl Template) -> Page {
    let html = template.render().map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(respond(StatusCode::OK, html))
}

fn respond(status: StatusCode, html: String) -> Response {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let caching = HeaderValue::from_static("no-store");
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, caching)];
    (status, headers, html::inert(html)).into_response()
}

/// Why there is no page.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    text: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    pub(super) fn not_found(text: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }
}

impl From<DirectorError> for Problem {
    fn from(error: DirectorError) -> Self {
        let status = match &error {
            DirectorError::UnknownItem { .. } | DirectorError::UnknownMessage(_) | DirectorError::UnknownJob(_) => {
                StatusCode::NOT_FOUND
            }
            DirectorError::NotStored(_) | DirectorError::Unknown(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        refusal::page(self.status, &html::inert(self.text))
    }
}
