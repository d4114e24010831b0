//! An item: what it does, what waits for it, how it is set, and how it is started and stopped.

use askama::Template;
use axum::extract::Path;

use super::figures::Figures;
use super::production::state;
use crate::console::frame::{Frame, Page, Visit, page};
use crate::console::html;
use crate::console::live::{Seen, print};
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
    /// Something can wait for it, so that it can be paused.
    has_queue: bool,
    operator: bool,
    backlog: String,
    figures: Figures,
    prints: [String; 3],
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
    let mut frame = visit.frame(name.as_str(), "/").await?;
    frame.live = format!("item?item={}", html::encoded(&name));
    let (figures, prints) = (Figures::of_item(&detail, frame.now), prints(&detail));
    let ItemDetail { item, sends_to, receives_from, problems, events, settings, .. } = detail;
    let (class, word) = state(&item);
    page(&ItemPage {
        frame,
        figures,
        prints,
        path: html::encoded(&name),
        kind: item.status.kind.as_str(),
        class,
        word,
        down: item.status.state == ItemPhase::Stopped,
        has_queue: item.takes_messages,
        operator: visit.may(Role::Operator),
        backlog: backlog(&item.backlog),
        item,
        receives_from,
        sends_to,
        problems,
        events,
        settings,
    })
}

/// What changes in it.
pub(super) fn seen(detail: &ItemDetail, seen: &mut Seen) {
    let workers = detail.item.status.workers;
    seen.text("workers", format!("{} of {} busy", workers.busy, workers.all));
    for (part, print) in ["state", "said", "problems"].into_iter().zip(prints(detail)) {
        seen.parts.insert(part, print);
    }
}

/// Of its state, of what was said in it, and of its problems.
fn prints(detail: &ItemDetail) -> [String; 3] {
    let status = &detail.item.status;
    [print(&(state(&detail.item), &status.trouble)), print(&detail.events), print(&detail.problems)]
}

/// What a start finds and a stop leaves, for a confirmation.
pub(super) fn backlog(queue: &QueueView) -> String {
    match queue.queued + queue.retrying + queue.in_flight {
        0 => "nothing waits now".to_owned(),
        1 => "1 message now".to_owned(),
        count => format!("{} messages now", html::count(count)),
    }
}
