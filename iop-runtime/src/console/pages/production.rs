//! The production: whether all is well, what is not, and the live picture.

use askama::Template;
use axum::extract::Query;
use serde::Deserialize;

use super::figures::{Figures, MANY, waiting};
use crate::console::Drawn;
use crate::console::frame::{Frame, Page, Visit, page};
use crate::console::html;
use crate::console::live::{Seen, print};
use crate::director::view::{ItemView, MessageView, ProductionOverview, TraceExtent};
use crate::engine::{BreakerState, ItemPhase};
use crate::message::SessionId;
use crate::picture::live::{LiveItem, LivePicture, Now, Way};

/// Items in trouble that are listed; more are in the picture.
const TROUBLES: usize = 8;

#[derive(Debug, Default, Deserialize)]
pub(in crate::console) struct Which {
    /// The session whose way is lit.
    session: Option<SessionId>,
}

#[derive(Template)]
#[template(path = "production.html")]
struct Production {
    frame: Frame,
    troubles: Vec<Trouble>,
    trouble_print: String,
    figures: Figures,
    size: String,
    way: Option<SessionId>,
    picture: String,
    problems: Vec<MessageView>,
    problems_print: String,
}

/// `GET /`.
pub(in crate::console) async fn production(visit: Visit, Query(which): Query<Which>, drawn: Drawn) -> Page {
    let overview = visit.director.overview().await?;
    let way = match which.session {
        Some(session) => Some(way(&visit, session).await?),
        None => None,
    };
    let picture = drawn.get_or_init(|| LivePicture::of(visit.director.graph_document()));
    let items = overview.items.iter().map(|item| (item.status.name.clone(), live(item))).collect();
    let mut frame = visit.frame("Production", "/").await?;
    "production".clone_into(&mut frame.live);
    let troubles = troubles(&overview);
    page(&Production {
        frame,
        trouble_print: print(&troubles),
        troubles,
        figures: Figures::of_production(&overview),
        size: size(&overview, picture.document().routes.len()),
        way: which.session,
        picture: picture.svg(&Now { items, way, address: "/items/" }),
        problems_print: print(&overview.problems),
        problems: overview.problems,
    })
}

/// What changes in it.
pub(super) fn seen(overview: &ProductionOverview, seen: &mut Seen) {
    Figures::of_production(overview).seen(seen);
    for item in &overview.items {
        seen.elements(live(item).elements(&item.status.name));
    }
    seen.parts.insert("trouble", print(&troubles(overview)));
    seen.parts.insert("problems", print(&overview.problems));
}

fn size(overview: &ProductionOverview, routes: usize) -> String {
    let up = html::age(overview.now.since(overview.since));
    format!("{} · {} · up for {up}", html::counted(overview.items.len(), "item"), html::counted(routes, "route"))
}

/// The state of an item in the picture: what is red in it needs somebody.
pub(in crate::console) fn state(item: &ItemView) -> (&'static str, &'static str) {
    let status = &item.status;
    let lately = item.counts.failed_last_hour > 0 && item.backlog.suspended > 0;
    match status.state {
        ItemPhase::Running if status.breaker == Some(BreakerState::Open) || status.parked > 0 => ("failing", "failing"),
        ItemPhase::Running if lately => ("failing", "suspended"),
        ItemPhase::Running if status.degraded || !status.trouble.is_empty() => ("trouble", "in trouble"),
        ItemPhase::Running if waiting(item) >= MANY => ("trouble", "backlog"),
        ItemPhase::Running if status.workers.busy > 0 => ("busy", "busy"),
        ItemPhase::Running => ("up", "up"),
        ItemPhase::Stopped => ("down", "stopped"),
        ItemPhase::Paused => ("down", "paused"),
        _ if status.error.is_some() => ("failing", "not up"),
        _ => ("busy", "changing"),
    }
}

fn live(item: &ItemView) -> LiveItem {
    let waiting = waiting(item);
    let suspended = item.backlog.suspended;
    let (badge, alarming) = match (suspended, waiting) {
        (0, 0) => (String::new(), false),
        (0, waiting) => (html::count(waiting), waiting >= MANY),
        (suspended, _) => (html::count(suspended), true),
    };
    let mut title = format!("{} waiting, {} suspended", html::count(waiting), html::count(suspended));
    for trouble in &item.status.trouble {
        title = format!("{title}\n{trouble}");
    }
    LiveItem {
        state: state(item).0,
        rate: format!(" · {}/s", html::rate(item.counts.per_second)),
        badge,
        alarming,
        title,
    }
}

/// An item that needs somebody.
#[derive(serde::Serialize)]
struct Trouble {
    name: String,
    class: &'static str,
    word: &'static str,
    text: String,
    href: Option<String>,
    link: &'static str,
}

/// The gravest first.
fn troubles(overview: &ProductionOverview) -> Vec<Trouble> {
    let mut troubles: Vec<Trouble> = Vec::new();
    for item in &overview.items {
        let (class, word) = state(item);
        let suspended = item.backlog.suspended;
        if !matches!(class, "failing" | "trouble") {
            continue;
        }
        let newest = overview.problems.iter().find(|problem| problem.target.as_deref() == Some(&item.status.name));
        let mut texts = item.status.trouble.clone();
        if suspended > 0 {
            let why = newest.and_then(|problem| problem.error.as_deref()).map(html::headline).unwrap_or_default();
            let colon = if why.is_empty() { "" } else { ": " };
            texts.push(format!("{} suspended{colon}{why}", html::count(suspended)));
        }
        if item.backlog.queued >= MANY {
            texts.push(format!("{} wait in its queue", html::count(item.backlog.queued)));
        }
        let (href, link) = match newest {
            Some(problem) => (Some(format!("/trace/{}?m={}", problem.session, problem.id)), "newest trace"),
            None if suspended > 0 => (Some(format!("/suspended?item={}", html::encoded(&item.status.name))), "show"),
            None => (Some(format!("/queues/{}", html::encoded(&item.status.name))), "queue"),
        };
        troubles.push(Trouble { name: item.status.name.clone(), class, word, text: texts.join(" · "), href, link });
    }
    troubles.sort_by_key(|trouble| trouble.class != "failing");
    troubles.truncate(TROUBLES);
    troubles
}

/// The items and routes that the messages of a session took.
async fn way(visit: &Visit, session: SessionId) -> Result<Way, crate::director::DirectorError> {
    let trace = visit.director.trace(session, TraceExtent::default()).await?;
    let mut way = Way::default();
    for traced in &trace.messages {
        let ends = [&traced.message.source, &traced.message.target];
        way.items.extend(ends.into_iter().flatten().map(|name| name.to_string()));
        if let [Some(from), Some(to)] = ends {
            way.routes.insert((from.to_string(), to.to_string()));
        }
    }
    Ok(way)
}
