//! Every setting, with its value and where that is from.

use askama::Template;
use axum::extract::Query;
use serde::Deserialize;

use crate::console::frame::{Frame, Page, Visit, page};
use crate::director::Role;
use crate::settings::ShownSetting;

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    settings: Vec<ShownSetting>,
    all: usize,
    wanted: String,
    admin: bool,
}

/// `GET /settings`.
pub(super) async fn settings(visit: Visit, Query(which): Query<Which>) -> Page {
    let mut settings = visit.director.settings();
    let all = settings.len();
    let wanted = which.q.trim().to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&wanted);
    settings.retain(|setting| {
        has(&setting.key)
            || has(setting.doc)
            || setting.value.as_deref().is_some_and(has)
            || has(&setting.origin.to_string())
    });
    page(&SettingsPage {
        frame: visit.frame("Settings", "/settings").await?,
        settings,
        all,
        wanted: which.q,
        admin: visit.may(Role::Admin),
    })
}
