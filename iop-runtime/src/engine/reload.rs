//! Applies changed settings to a running production: all of them, or none.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::core::Core;
use super::{Stop, log};
use crate::component::{ItemConfig, Wiring};
use crate::lookup::RowChange;
use crate::settings::{
    Origin, Reload, Reloaded, ResolvedItem, ResolvedProduction, SettingChange, SettingError, SettingsSource,
    ShownSetting, changes,
};

/// The settings of a running production as a person sees them, and where they come from.
#[derive(Debug)]
pub(crate) struct Effective {
    source: Option<SettingsSource>,
    shown: Mutex<Vec<ShownSetting>>,
    /// Keys of live settings of which instances have kept an older value: the next reload brings them the new one again.
    kept: Mutex<BTreeSet<String>>,
    /// One reload at a time.
    reloads: tokio::sync::Mutex<()>,
}

impl Effective {
    pub(crate) fn new(source: Option<SettingsSource>, shown: Vec<ShownSetting>) -> Self {
        Self { source, shown: Mutex::new(shown), kept: Mutex::default(), reloads: tokio::sync::Mutex::default() }
    }

    /// What `production!` wires, where the production was started by its program.
    pub(crate) fn wiring(&self) -> Vec<Wiring> {
        self.source.as_ref().map(SettingsSource::wiring).unwrap_or_default()
    }

    pub(crate) fn shown(&self) -> Vec<ShownSetting> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether a reload is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reloading {
    /// Changes what has changed.
    Apply,
    /// Only says what would be changed.
    Preview,
}

/// Why nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// The production was started from settings that it cannot read once more.
    #[error("the production was started by other code, from settings that cannot be read once more")]
    NoSource,
    /// That it is done cannot be put on record: the store does not take it.
    #[error("it cannot be put on record: {0}")]
    NotOnRecord(String),
    /// The settings have mistakes: every one of them.
    #[error("{}", lines(.0))]
    Invalid(Vec<SettingError>),
    /// A setting has changed that a running production cannot change.
    #[error("{}; start the production anew for it, or take it back", keys(.0))]
    NeedsStart(Vec<SettingChange>),
}

fn lines(errors: &[SettingError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn keys(changes: &[SettingChange]) -> String {
    let keys: Vec<String> = changes.iter().map(|change| format!("`{}` ({})", change.key, change.origin)).collect();
    let verb = if keys.len() == 1 { "cannot change" } else { "cannot change:" };
    match keys.as_slice() {
        [key] => format!("{key} {verb} while the production runs"),
        keys => format!("these {verb} {} while the production runs", keys.join(", ")),
    }
}

/// Reads the settings once more and applies what has changed.
pub(crate) async fn reload(
    core: &Arc<Core>,
    by: &str,
    reloading: Reloading,
    stop: Stop,
) -> Result<Reloaded, ReloadError> {
    let _order = core.settings.reloads.lock().await;
    let source = core.settings.source.as_ref().ok_or(ReloadError::NoSource)?;
    let resolved = source.resolve().map_err(ReloadError::Invalid)?;
    let changes = changes(&core.settings.shown(), &resolved.shown);
    let fixed: Vec<_> = changes.iter().filter(|change| change.reload == Reload::NeedsStart).cloned().collect();
    if !fixed.is_empty() {
        return Err(ReloadError::NeedsStart(fixed));
    }
    if reloading == Reloading::Preview {
        return Ok(Reloaded { changes, kept: Vec::new() });
    }
    let Replaced { restarts, kept } = replace(core, &resolved, &changes);
    *core.settings.shown.lock().unwrap_or_else(PoisonError::into_inner) = resolved.shown;
    for change in &changes {
        of_item(core, &change.key).in_scope(|| log::setting_changed(change, by));
    }
    for setting in &kept {
        of_item(core, &setting.key).in_scope(|| log::setting_kept(setting));
    }
    for index in restarts {
        let item = &core.items[index];
        if super::stop_item(core, item, stop).await {
            super::start_item(core, item).await;
        }
    }
    Ok(Reloaded { changes, kept })
}

/// What is left to do and to say after the items have their new values.
#[derive(Default)]
struct Replaced {
    /// The items that must be built anew for them.
    restarts: BTreeSet<usize>,
    /// See [`Reloaded::kept`].
    kept: Vec<SettingError>,
}

/// Gives every item its new values.
fn replace(core: &Core, resolved: &ResolvedProduction, changes: &[SettingChange]) -> Replaced {
    let Replaced { mut restarts, mut kept } = Replaced::default();
    let owed = std::mem::take(&mut *core.settings.kept.lock().unwrap_or_else(PoisonError::into_inner));
    for (item, ResolvedItem { config, options }) in core.items.iter().zip(&resolved.items) {
        let prefix = format!("{}.", item.name);
        let of_item = changes.iter().filter(|change| change.key.starts_with(&prefix));
        if *item.options != *options {
            item.options.replace(options.clone());
        }
        if item.config.settings != config.settings {
            let (feed, targets) = (Arc::clone(&item.config.feed), item.config.targets.clone());
            let (settings, shared) = (config.settings.clone(), item.config.shared.clone());
            item.config.replace(ItemConfig { item: Arc::clone(&item.name), settings, targets, feed, shared });
        }
        // A secret may have another value behind the same reference.
        for decl in item.component().all_settings().filter(|decl| decl.live) {
            let changed = of_item.clone().any(|change| change.key[prefix.len()..] == *decl.name);
            let key = format!("{prefix}{}", decl.name);
            if (changed || decl.secret || owed.contains(&key))
                && let Err(problem) = item.config.feed.tell(decl.name, config.settings.get(decl.name))
            {
                let shown = resolved.shown.iter().find(|shown| shown.key == key);
                let origin = shown.map_or(Origin::Code, |shown| shown.origin.clone());
                kept.push(SettingError { key, origin, problem });
            }
        }
        if of_item.clone().any(|change| change.reload == Reload::RestartsItem) {
            restarts.insert(item.index);
        }
    }
    let owed = kept.iter().map(|setting| setting.key.clone()).collect();
    *core.settings.kept.lock().unwrap_or_else(PoisonError::into_inner) = owed;
    Replaced { restarts, kept }
}

/// Says what an edit of a lookup table has changed.
pub(crate) fn row_edited(core: &Core, table: &str, changes: &[RowChange]) {
    for change in changes {
        log::engine_span(core).in_scope(|| log::row_changed(table, change));
    }
}

/// Where the events about a setting belong: to its item, or to the engine.
fn of_item(core: &Core, key: &str) -> tracing::Span {
    let owner = key.split_once('.').map(|(owner, _)| owner);
    match owner.and_then(|name| core.by_name.get(name)).map(|index| &core.items[*index]) {
        Some(item) => log::turn_span(core, item, None),
        None => log::engine_span(core),
    }
}
