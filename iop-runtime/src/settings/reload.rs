//! Reading the settings once more while a production runs, and what is different then. Who applies it is the engine.

use schemars::JsonSchema;
use serde::Serialize;

use super::resolve::{Reload, ResolvedProduction, ShownSetting, resolve};
use super::{LayerSources, Layers, Origin, SettingError};
use crate::component::Wiring;
use crate::production::Graph;

/// Where the settings of a production come from, so that they can be read once more.
#[derive(Debug, Clone)]
pub struct SettingsSource {
    graph: &'static Graph,
    wiring: fn() -> Vec<Wiring>,
    layers: LayerSources,
}

impl SettingsSource {
    /// The layers of a start. A reload reads the file anew; environment and command line are those of the start.
    #[must_use]
    pub fn new(graph: &'static Graph, wiring: fn() -> Vec<Wiring>, layers: LayerSources) -> Self {
        Self { graph, wiring, layers }
    }

    /// What `production!` wires.
    pub(crate) fn wiring(&self) -> Vec<Wiring> {
        (self.wiring)()
    }

    /// The effective values as the layers are now, which know where they come from.
    ///
    /// # Errors
    /// See [`resolve`].
    pub fn resolve(&self) -> Result<ResolvedProduction, Vec<SettingError>> {
        let mut resolved = resolve(self.graph, (self.wiring)(), &Layers::read(self.layers.clone()))?;
        resolved.source = Some(self.clone());
        Ok(resolved)
    }
}

/// A setting that has another value than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct SettingChange {
    /// `item.setting`.
    pub key: String,
    /// The value so far; `None` where it was not set.
    pub from: Option<String>,
    /// The new value; `None` where it is not set any more.
    pub to: Option<String>,
    /// Where the new value was written.
    pub origin: Origin,
    /// What it takes to change it.
    pub reload: Reload,
}

/// What a reload came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Reloaded {
    /// The settings that have another value than before.
    pub changes: Vec<SettingChange>,
    /// The live settings of which running instances keep the value that they had, and why: what the new one refers to
    /// cannot be read. The next reload reads it again, and so does the next start of the item.
    pub kept: Vec<SettingError>,
}

/// What is different in `new`, in its order.
pub(crate) fn changes(old: &[ShownSetting], new: &[ShownSetting]) -> Vec<SettingChange> {
    let before = |key: &str| old.iter().find(|shown| shown.key == key);
    let changes = new.iter().filter_map(|shown| {
        let from = before(&shown.key).and_then(|old| old.value.clone());
        let ShownSetting { key, value, origin, reload, .. } = shown.clone();
        (from != value).then_some(SettingChange { key, from, to: value, origin, reload })
    });
    changes.collect()
}
