//! A session: who sent what to whom, where the time went, and everything of the message that is chosen.

mod drawn;
mod panel;

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use self::drawn::{Branch, View};
use self::panel::Panel;
use crate::clock::Timestamp;
use crate::console::frame::{Frame, Page, Visit, page};
use crate::console::html;
use crate::console::live::{Seen, print};
use crate::director::view::{SessionTrace, TraceExtent, TracedMessage};
use crate::director::{Director, DirectorError};
use crate::message::{MessageId, SessionId, Status};
use crate::picture::sequence::{self, spoken};
use crate::production::Graph;

/// Rows on one page.
const ROWS: usize = 300;

/// What of a session is shown, and how.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Which {
    /// The message that is chosen.
    m: Option<MessageId>,
    view: Option<View>,
    tab: Option<String>,
    /// Groups that are opened, by the id of their first message.
    open: Option<String>,
    /// The first row.
    from: Option<usize>,
    /// Without the message that is chosen: the page fetches itself anew, and nobody sees a body.
    #[serde(default)]
    alone: bool,
}

#[derive(Template)]
#[template(path = "trace.html")]
struct TracePage {
    frame: Frame,
    trace: SessionTrace,
    state: (&'static str, String),
    about: String,
    view: View,
    /// Addresses of this page in each of its views.
    views: Vec<(View, String)>,
    head: String,
    body: String,
    tree: Vec<Branch>,
    rows: String,
    before: Option<String>,
    after: Option<String>,
    panel: Option<Panel>,
    print: String,
    panel_print: String,
}

/// `GET /trace/{session}`; the id of any of its messages will do.
pub(super) async fn trace(visit: Visit, Path(session): Path<SessionId>, Query(which): Query<Which>) -> Page {
    let trace = visit.director.trace(session, TraceExtent::default()).await?;
    let mut frame = visit.frame("Trace", "/messages").await?;
    let chosen = which.m.or_else(|| chosen(&trace));
    let address = Address { session: trace.session, which: Which { m: chosen, ..which.clone() } };
    let view = which.view.unwrap_or_default();
    let items = visit.director.graph();
    let drawn = drawn::draw(&trace, items, frame.now, &address, ROWS);
    let from = which.from.unwrap_or(0);
    let panel = match chosen {
        Some(id) if !which.alone => panel::of(&visit, &trace, id, &address).await?,
        _ => None,
    };
    frame.live = format!("trace?session={}", trace.session);
    if let Some(id) = chosen {
        frame.live = format!("{}&m={id}", frame.live);
    }
    page(&TracePage {
        state: state(&trace),
        about: about(&trace),
        view,
        views: View::ALL.map(|view| (view, address.with(|which| which.view = Some(view)))).to_vec(),
        head: drawn.head,
        body: drawn.body,
        tree: drawn.tree,
        rows: format!("{} to {} of {}", from + 1, (from + ROWS).min(drawn.rows), drawn.rows),
        before: (from > 0).then(|| address.with(|which| which.from = Some(from.saturating_sub(ROWS)))),
        after: (from + ROWS < drawn.rows).then(|| address.with(|which| which.from = Some(from + ROWS))),
        panel,
        print: print(&trace.messages),
        panel_print: panel_print(&trace, chosen),
        frame,
        trace,
    })
}

/// What changes in it.
pub(super) async fn seen(
    director: &Director,
    session: SessionId,
    chosen: Option<MessageId>,
    seen: &mut Seen,
) -> Result<(), DirectorError> {
    let trace = director.trace(session, TraceExtent::default()).await?;
    for part in ["state", "drawing"] {
        seen.parts.insert(part, print(&trace.messages));
    }
    seen.parts.insert("panel", panel_print(&trace, chosen));
    Ok(())
}

/// Of how it stands with the message that is chosen.
fn panel_print(trace: &SessionTrace, chosen: Option<MessageId>) -> String {
    let traced = trace.messages.iter().find(|traced| Some(traced.message.id) == chosen);
    print(&traced.map(|traced| (&traced.message, traced.events.len())))
}

/// `GET /trace/{session}/picture.svg`: the sequence diagram as a document that stands alone.
pub(super) async fn picture(visit: Visit, Path(session): Path<SessionId>) -> Page {
    let trace = visit.director.trace(session, TraceExtent::default()).await?;
    let svg = trace_picture(&trace, visit.director.graph(), visit.director.now());
    // It has styles of its own, which the policy of the pages would take from it.
    let name = format!("attachment; filename=\"trace-{}.svg\"", trace.session);
    Ok(([(header::CONTENT_TYPE, "image/svg+xml".to_owned()), (header::CONTENT_DISPOSITION, name)], svg).into_response())
}

/// A session as a sequence diagram that stands alone.
pub(crate) fn trace_picture(trace: &SessionTrace, graph: &Graph, now: Timestamp) -> String {
    sequence::document(&drawn::session(trace, graph, now), &format!("session {}", trace.session))
}

/// `GET /messages/{id}`: to its place in its session.
pub(super) async fn message(visit: Visit, Path(id): Path<MessageId>) -> Result<Response, super::Problem> {
    let trace =
        visit.director.message(id, crate::director::view::Sight::Withheld).await.map_err(|error| match error {
            DirectorError::UnknownMessage(id) => super::Problem::not_found(format!("there is no message {id}")),
            other => other.into(),
        })?;
    Ok(Redirect::to(&format!("/trace/{}?m={id}", trace.message.session)).into_response())
}

/// Where the pages of a session are.
#[derive(Debug, Clone)]
struct Address {
    session: SessionId,
    which: Which,
}

impl Address {
    /// This page with something changed.
    fn with(&self, change: impl FnOnce(&mut Which)) -> String {
        let mut which = self.which.clone();
        change(&mut which);
        let mut address = format!("/trace/{}", self.session);
        let mut mark = '?';
        let view = which.view.filter(|view| *view != View::Sequence).map(|view| view.word().to_owned());
        let parts = [
            ("view", view),
            ("open", which.open),
            ("from", which.from.filter(|from| *from > 0).map(|from| from.to_string())),
            ("tab", which.tab),
            ("m", which.m.map(|id| id.to_string())),
        ];
        for (name, value) in parts {
            if let Some(value) = value {
                address = format!("{address}{mark}{name}={}", html::encoded(&value));
                mark = '&';
            }
        }
        address
    }
}

/// What somebody most likely wants to see: the deepest failure, or the input.
fn chosen(trace: &SessionTrace) -> Option<MessageId> {
    let failed = |traced: &&TracedMessage| traced.message.status == Status::Suspended;
    let failed = trace.messages.iter().rev().find(failed);
    failed.or_else(|| trace.messages.first()).map(|traced| traced.message.id)
}

/// What became of the session as a whole, in a word with its class.
fn state(trace: &SessionTrace) -> (&'static str, String) {
    let mut messages = trace.messages.iter().map(|traced| &traced.message);
    let at = |item: Option<&str>| item.unwrap_or("outside").to_owned();
    if let Some(failed) = messages.clone().rev().find(|message| message.status == Status::Suspended) {
        return ("suspended", format!("suspended at {}", at(failed.target.as_deref())));
    }
    if let Some(retrying) = messages.clone().find(|message| message.status == Status::Retrying) {
        return ("retrying", format!("tried again at {}", at(retrying.target.as_deref())));
    }
    if let Some(under_way) = messages.find(|message| !message.status.is_finished()) {
        return ("in_flight", format!("under way at {}", at(under_way.target.as_deref())));
    }
    ("completed", "completed".to_owned())
}

fn about(trace: &SessionTrace) -> String {
    let messages = html::counted(trace.messages.len(), "message");
    let more = if trace.more { " of more" } else { "" };
    match trace.took_micros {
        Some(micros) => format!("{messages}{more} · {}", spoken(std::time::Duration::from_micros(micros))),
        None => format!("{messages}{more}"),
    }
}
