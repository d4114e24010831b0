//! Alerts: what holds, what keeps silent, and the rules.

use askama::Template;

use crate::console::frame::{Frame, Page, Visit, page};
use crate::console::html;
use crate::console::live::{Seen, print};
use crate::director::Role;
use crate::engine::{Condition, Mute};
use crate::settings::{Origin, ShownSetting};

#[derive(Template)]
#[template(path = "alerts.html")]
struct AlertsPage {
    frame: Frame,
    conditions: Vec<Condition>,
    muted: Vec<Mute>,
    settings: Vec<ShownSetting>,
    operator: bool,
    print: String,
}

/// `GET /alerts`.
pub(super) async fn alerts(visit: Visit) -> Page {
    let (conditions, muted) = visit.director.alerts().await?;
    let print = print(&(&conditions, &muted));
    let mut frame = visit.frame("Alerts", "/alerts").await?;
    "alerts".clone_into(&mut frame.live);
    let mut settings = visit.director.settings();
    let is_rule = |key: &str| key.rsplit('.').next().is_some_and(|name| name.starts_with("alert_"));
    // What is as in every production would hide what somebody has chosen.
    settings.retain(|setting| is_rule(&setting.key) && setting.origin != Origin::Code);
    page(&AlertsPage { frame, print, conditions, muted, settings, operator: visit.may(Role::Operator) })
}

/// What changes in it.
pub(super) fn seen((conditions, muted): &(Vec<Condition>, Vec<Mute>), seen: &mut Seen) {
    seen.parts.insert("alerts", print(&(conditions, muted)));
}
