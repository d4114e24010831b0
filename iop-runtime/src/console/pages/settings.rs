//! Every setting, with its value and where that is from.

use askama::Template;
use axum::extract::Query;
use serde::Deserialize;

use crate::console::frame::{Frame, Page, Visit, page};
use crate::console::html;
use crate::director::Role;
use crate::settings::{Origin, ShownSetting};

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    q: String,
    /// Only those that somebody has set.
    #[serde(default)]
    set: bool,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    groups: Vec<Group>,
    all: usize,
    set: usize,
    shown: usize,
    wanted: String,
    only_set: bool,
    admin: bool,
}

/// The settings of an item, or of the production.
struct Group {
    /// The item, or `iop`.
    name: String,
    /// Whether there is an item of the name.
    item: bool,
    settings: Vec<ShownSetting>,
}

/// `GET /settings`.
pub(super) async fn settings(visit: Visit, Query(which): Query<Which>) -> Page {
    let mut settings = visit.director.settings();
    let all = settings.len();
    let is_set = |setting: &ShownSetting| setting.origin != Origin::Code;
    let set = settings.iter().filter(|setting| is_set(setting)).count();
    let wanted = which.q.trim().to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&wanted);
    settings.retain(|setting| {
        (!which.set || is_set(setting))
            && (has(&setting.key)
                || has(setting.doc)
                || setting.value.as_deref().is_some_and(has)
                || has(&setting.origin.to_string()))
    });
    let items = visit.director.graph().items;
    page(&SettingsPage {
        frame: visit.frame("Settings", "/settings").await?,
        shown: settings.len(),
        groups: groups(settings, |name| items.iter().any(|item| item.name == name)),
        all,
        set,
        wanted: which.q,
        only_set: which.set,
        admin: visit.may(Role::Admin),
    })
}

/// Those of one item after each other, in the order of the production.
fn groups(settings: Vec<ShownSetting>, is_item: impl Fn(&str) -> bool) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for setting in settings {
        let name = setting.key.split('.').next().unwrap_or_default();
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.settings.push(setting),
            None => groups.push(Group { name: name.to_owned(), item: is_item(name), settings: vec![setting] }),
        }
    }
    groups
}
