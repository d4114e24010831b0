//! The event log, newest first; a script follows it.

use std::sync::Arc;

use askama::Template;
use axum::extract::Query;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Deserialize;

use crate::console::frame::{Frame, Page, Visit, page};
use crate::console::html;
use crate::director::DirectorError;
use crate::director::view::EventView;
use crate::message::SessionId;
use crate::store::{EventQuery, Level};

/// Lines on one page.
const PAGE: usize = 200;
/// Lines that are looked through for a text, at most: the page says so.
const LOOKED: usize = 5_000;
/// Lines of a download.
const DOWNLOAD: usize = 20_000;
/// Lines that somebody is sent who comes back to a page that follows the log; the page keeps no more: `assets/log.js`.
pub(super) const KEPT: u64 = 1000;

/// Which lines.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    level: String,
    #[serde(default)]
    item: String,
    #[serde(default)]
    text: String,
    session: Option<SessionId>,
    after: Option<u64>,
}

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage {
    frame: Frame,
    levels: [(&'static str, &'static str); 4],
    level: String,
    items: Vec<&'static str>,
    item: String,
    text: String,
    session: String,
    query: String,
    last: u64,
    events: Vec<EventView>,
    next: Option<u64>,
    looked: String,
}

/// `GET /log`.
pub(super) async fn log(visit: Visit, Query(which): Query<Which>) -> Page {
    let found = find(&visit, &which, PAGE, LOOKED).await?;
    let newest = visit.director.events(EventQuery { limit: 1, ..EventQuery::default() }).await?;
    page(&LogPage {
        frame: visit.frame("Event log", "/log").await?,
        levels: [("", "every level"), ("info", "info and above"), ("warn", "warnings and errors"), ("error", "errors")],
        items: visit.director.graph().items.iter().map(|item| item.name).collect(),
        query: which.address(),
        last: newest.events.first().map_or(0, |event| event.number),
        events: found.events,
        next: found.next,
        looked: if which.text.is_empty() {
            String::new()
        } else {
            format!("{} lines were looked through.", found.looked)
        },
        session: which.session.map(|session| session.to_string()).unwrap_or_default(),
        level: which.level,
        item: which.item,
        text: which.text,
    })
}

/// `GET /log/lines.jsonl`: the same lines to keep, a JSON object each.
pub(super) async fn download(visit: Visit, Query(which): Query<Which>) -> Page {
    let found = find(&visit, &which, DOWNLOAD, DOWNLOAD).await?;
    let lines = found.events.iter().filter_map(|event| serde_json::to_string(event).ok());
    let text: String = lines.flat_map(|line| [line, "\n".to_owned()]).collect();
    let headers = [
        (header::CONTENT_TYPE, "application/jsonl; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"event-log.jsonl\""),
    ];
    Ok((headers, text).into_response())
}

impl Which {
    /// The part of an address that says which lines.
    fn address(&self) -> String {
        let session = self.session.map(|session| session.to_string()).unwrap_or_default();
        let parts = [("level", &self.level), ("item", &self.item), ("text", &self.text), ("session", &session)];
        let given = parts.into_iter().filter(|(_, value)| !value.is_empty());
        given.map(|(name, value)| format!("{name}={}", html::encoded(value))).collect::<Vec<_>>().join("&")
    }

    /// What the lines must say.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The line that they follow or precede.
    pub(super) fn after(&self) -> Option<u64> {
        self.after
    }

    pub(super) fn query(&self) -> EventQuery {
        let level = match self.level.as_str() {
            "error" => Some(Level::Error),
            "warn" => Some(Level::Warn),
            "info" => Some(Level::Info),
            _ => None,
        };
        let item = Some(self.item.as_str()).filter(|item| !item.is_empty()).map(Arc::from);
        EventQuery { level, item, session: self.session, after: self.after, limit: 500, ..EventQuery::default() }
    }
}

struct Found {
    events: Vec<EventView>,
    next: Option<u64>,
    looked: usize,
}

/// So many lines that fit, after so many that were looked at at most.
async fn find(visit: &Visit, which: &Which, wanted: usize, most: usize) -> Result<Found, DirectorError> {
    let mut found = Found { events: Vec::new(), next: which.after, looked: 0 };
    let text = which.text.to_lowercase();
    let mut query = which.query();
    query.limit = if text.is_empty() { wanted.min(500) } else { 500 };
    while found.events.len() < wanted && found.looked < most {
        let page = visit.director.events(EventQuery { after: found.next, ..query.clone() }).await?;
        for event in page.events {
            if found.events.len() == wanted {
                return Ok(found);
            }
            found.looked += 1;
            found.next = Some(event.number);
            if text.is_empty() || event.text.to_lowercase().contains(&text) {
                found.events.push(event);
            }
        }
        if page.next.is_none() {
            found.next = None;
            break;
        }
    }
    Ok(found)
}
