//! An item: what it does, what waits for it, how it is set, and how it is started and stopped.

use askama::Template;
use axum::extract::Path;

use super::production::state;
use crate::console::frame::{Frame, Page, Visit, page};
use crate::console::html;
use crate::director::Role;
use crate::director::view::{EventView, ItemDetail, ItemView, MessageView, QueueView, RouteView};
use crate::engine::ItemPhase;
use crate::settings::ShownSetting;

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage {
    frame: Frame,
    path: String,
    kind: &'static str,
    class: &'static str,
    word: &'static str,
    down: bool,
    operator: bool,
    waiting: u64,
    backlog: String,
    rate: String,
    spark: String,
    p95: String,
    p50: String,
    item: ItemView,
    receives_from: Vec<RouteView>,
    sends_to: Vec<RouteView>,
    problems: Vec<MessageView>,
    events: Vec<EventView>,
    settings: Vec<ShownSetting>,
}

/// `GET /items/{name}`.
pub(super) async fn item(visit: Visit, Path(name): Path<String>) -> Page {
    let detail = visit.director.item(&name).await?;
    let ItemDetail { item, settings, series, latency, sends_to, receives_from, problems, events, .. } = detail;
    let (class, word) = state(&item);
    page(&ItemPage {
        frame: visit.frame(name.as_str(), "/").await?,
        path: html::encoded(&name),
        kind: item.status.kind.as_str(),
        class,
        word,
        down: item.status.state == ItemPhase::Stopped,
        operator: visit.may(Role::Operator),
        waiting: item.backlog.queued + item.backlog.retrying,
        backlog: backlog(&item.backlog),
        rate: html::rate(item.counts.per_second),
        spark: html::spark(&series, 132, 30),
        p95: html::micros(&latency.p95_micros),
        p50: html::micros(&latency.p50_micros),
        item,
        receives_from,
        sends_to,
        problems,
        events,
        settings,
    })
}

/// What a start finds and a stop leaves, for a confirmation.
pub(super) fn backlog(queue: &QueueView) -> String {
    match queue.queued + queue.retrying + queue.in_flight {
        0 => "nothing waits now".to_owned(),
        1 => "1 message now".to_owned(),
        count => format!("{} messages now", html::count(count)),
    }
}
