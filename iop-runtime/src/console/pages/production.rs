//! The production: whether all is well, what is not, and the live picture.

use askama::Template;
use axum::extract::Query;
use serde::Deserialize;

use crate::console::Drawn;
use crate::console::frame::{Frame, Page, Visit, page};
use crate::console::html;
use crate::director::view::{ItemView, MessageView, ProductionOverview, TraceExtent};
use crate::engine::{BreakerState, ItemPhase};
use crate::message::SessionId;
use crate::picture::live::{LiveItem, LivePicture, Now, Way};
use crate::picture::sequence::spoken;

/// Items in trouble that are listed; more are in the picture.
const TROUBLES: usize = 8;

/// A backlog from here on is shown as one.
const MANY: u64 = 50;

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
    rate: String,
    hour: String,
    spark: String,
    queued: String,
    queued_class: &'static str,
    oldest: String,
    errors: String,
    errors_where: String,
    p95: String,
    p50: String,
    size: String,
    way: Option<SessionId>,
    picture: String,
    problems: Vec<MessageView>,
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
    let document = picture.document();
    let (queued, oldest) = backlog(&overview);
    let micros = |micros: Option<u64>| micros.map_or_else(|| "–".to_owned(), |micros| spoken(duration(micros)));
    page(&Production {
        frame: visit.frame("Production", "/").await?,
        troubles: troubles(&overview),
        rate: html::rate(overview.counts.per_second),
        hour: html::count(overview.counts.completed_last_hour),
        spark: html::spark(&overview.series, 132, 30),
        queued: html::count(queued),
        queued_class: if queued >= MANY { "worth" } else { "" },
        oldest,
        errors: html::count(overview.counts.failed_last_hour),
        errors_where: errors_where(&overview.items),
        p95: micros(overview.latency.p95_micros),
        p50: format!("half of them within {}", micros(overview.latency.p50_micros)),
        size: format!(
            "{} · {} · up for {}",
            html::counted(document.items.len(), "item"),
            html::counted(document.routes.len(), "route"),
            html::age(overview.now.since(overview.since))
        ),
        way: which.session,
        picture: picture.svg(&Now { items, way, address: "/items/" }),
        problems: overview.problems,
    })
}

fn duration(micros: u64) -> std::time::Duration {
    std::time::Duration::from_micros(micros)
}

/// What waits, and how long the first of it has.
fn backlog(overview: &ProductionOverview) -> (u64, String) {
    let waiting = |item: &ItemView| item.backlog.queued + item.backlog.retrying;
    let queued = overview.items.iter().map(waiting).sum();
    let oldest = overview.items.iter().filter(|item| waiting(item) > 0);
    let oldest = oldest.filter_map(|item| Some((item.backlog.oldest?, &item.status.name))).min();
    let oldest = oldest.map_or_else(
        || "nothing waits".to_owned(),
        |(since, item)| format!("oldest {} · {item}", html::age(overview.now.since(since))),
    );
    (queued, oldest)
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

/// The state of an item in the picture: what is red in it needs somebody.
pub(in crate::console) fn state(item: &ItemView) -> (&'static str, &'static str) {
    let status = &item.status;
    let lately = item.counts.failed_last_hour > 0 && item.backlog.suspended > 0;
    match status.state {
        ItemPhase::Running if status.breaker == Some(BreakerState::Open) || status.parked > 0 => ("failing", "failing"),
        ItemPhase::Running if lately => ("failing", "suspended"),
        ItemPhase::Running if status.degraded || !status.trouble.is_empty() => ("trouble", "in trouble"),
        ItemPhase::Running if item.backlog.queued + item.backlog.retrying >= MANY => ("trouble", "backlog"),
        ItemPhase::Running if status.workers.busy > 0 => ("busy", "busy"),
        ItemPhase::Running => ("up", "up"),
        ItemPhase::Stopped => ("down", "stopped"),
        _ if status.error.is_some() => ("failing", "not up"),
        _ => ("busy", "changing"),
    }
}

fn live(item: &ItemView) -> LiveItem {
    let waiting = item.backlog.queued + item.backlog.retrying;
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
            let why = newest.and_then(|problem| problem.error.as_deref()).unwrap_or_default();
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
