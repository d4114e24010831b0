//! From layers to effective values: which setting is meant, whether the value fits, which layer wins.
//!
//! Nothing here starts anything. Every mistake is found before any is reported.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::closest::closest;
use super::layers::{Given, Place};
use super::options::{self, AtLeastOne, ENGINE, LogFilter, SomeTime};
use super::reload::SettingsSource;
use super::size::ByteSize;
use super::watching::{self, KeepTypes};
use super::{
    AlertSettings, Collector, EngineSettings, Feed, FirstCall, HttpChoice, ItemSettings, Layers, Origin, Raw,
    Retention, Setting, SettingDecl, SettingError, StoreChoice, TableUse, Tables, TlsFiles, is_reference,
    missing_outside,
};
use crate::component::{Entrance, ItemConfig, Wiring};
use crate::production::Graph;

/// A production with the effective value of every setting.
#[derive(Debug)]
#[non_exhaustive]
pub struct ResolvedProduction {
    /// Items and routes.
    pub graph: &'static Graph,
    /// Settings and targets of the items, in the order of the graph.
    pub items: Vec<ResolvedItem>,
    /// Settings of the process.
    pub engine: EngineSettings,
    /// Every setting as a person sees it: those of the process, then those of the items in the order of the graph.
    pub shown: Vec<ShownSetting>,
    /// The lookup tables that settings name.
    pub tables: Arc<Tables>,
    /// Where it can be resolved from once more.
    pub(crate) source: Option<SettingsSource>,
}

/// An item with the effective value of every setting.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ResolvedItem {
    /// What its component is built from.
    pub config: ItemConfig,
    /// What the engine needs to know.
    pub options: ItemSettings,
}

/// A setting as a person sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ShownSetting {
    /// `item.setting`.
    pub key: String,
    /// The effective value as text; `None` where an optional one is not set. Of a secret, the reference.
    pub value: Option<String>,
    /// The type, for people.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// What a bare number counts.
    pub unit: Option<&'static str>,
    /// Its `min` and `max`: `1 to 100`.
    pub range: Option<String>,
    /// What it takes to change it while the production runs.
    pub reload: Reload,
    /// The doc comment.
    pub doc: &'static str,
    /// Where the value was written.
    pub origin: Origin,
}

/// What it takes to change a setting while the production runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reload {
    /// A reload is enough.
    AtOnce,
    /// A reload restarts the item.
    RestartsItem,
    /// Only a new start of the production.
    NeedsStart,
}

impl Reload {
    /// As a person reads it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AtOnce => "at once",
            Self::RestartsItem => "restarts the item",
            Self::NeedsStart => "at the next start",
        }
    }
}

/// The effective value of every setting of a production.
///
/// # Errors
/// Every mistake in every layer, in the order in which a person would look for them.
pub fn resolve(
    graph: &'static Graph,
    wiring: Vec<Wiring>,
    layers: &Layers,
) -> Result<ResolvedProduction, Vec<SettingError>> {
    let mut errors = layers.errors.clone();
    let mut slots = Slots::declared(graph, &mut errors);
    let targets = wiring.iter().enumerate().map(|(index, wiring)| targets(graph, index, wiring, &mut errors)).collect();
    slots.take_wiring(graph, wiring, &mut errors);
    for given in &layers.given {
        slots.take(graph, given, &mut errors);
    }
    slots.require(&mut errors);
    slots.read_secrets(&mut errors);
    let items = slots.items(graph, targets, &mut errors);
    super::proofs::check(graph, |item| slots.workers(item), &mut errors);
    let engine = slots.engine(&mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let (Some(items), Some(engine)) = (items, engine) else {
        // Unreachable while whatever makes a value absent also reports it; said rather than assumed.
        let problem = "the settings are incomplete";
        return Err(vec![SettingError::new(graph.name, Origin::Code, problem)]);
    };
    let tables = items.first().map(|item| Arc::clone(item.config.feed.tables())).unwrap_or_default();
    Ok(ResolvedProduction { graph, items, engine, tables, shown: slots.shown(), source: None })
}

/// The effective settings of the process alone: who only reads a store needs no password of an operation.
///
/// # Errors
/// Every mistake in a layer that cannot be read, and in the settings of the process.
pub fn resolve_engine(graph: &'static Graph, layers: &Layers) -> Result<EngineSettings, Vec<SettingError>> {
    let mut errors = layers.errors.clone();
    // Mistakes in items are not asked for here, neither in code nor in the layers.
    let mut slots = Slots::declared(graph, &mut Vec::new());
    for given in &layers.given {
        let mut found = Vec::new();
        slots.take(graph, given, &mut found);
        errors.extend(found.into_iter().filter(|error| error.key.starts_with("iop.")));
    }
    match slots.engine(&mut errors) {
        Some(engine) if errors.is_empty() => Ok(engine),
        _ => Err(errors),
    }
}

/// Index and name of the items behind each target of an item.
type Targets = HashMap<&'static str, Vec<(usize, Arc<str>)>>;

/// A setting that exists, and the value that it has so far.
#[derive(Debug)]
struct Slot {
    /// Index of the item; `None` for the process.
    owner: Option<usize>,
    key: String,
    decl: &'static SettingDecl,
    /// The component has a field for it.
    of_component: bool,
    value: Option<(Raw, Origin)>,
    /// A value of it was refused, which says enough.
    refused: bool,
}

impl Slot {
    fn reload(&self) -> Reload {
        // Which tables there are is known from the start.
        if self.decl.table.is_some() {
            return Reload::NeedsStart;
        }
        match (self.decl.live, self.of_component) {
            (true, _) => Reload::AtOnce,
            (false, true) => Reload::RestartsItem,
            (false, false) => Reload::NeedsStart,
        }
    }

    fn set(&mut self, raw: &Raw, origin: Origin, errors: &mut Vec<SettingError>) {
        match self.decl.fits(raw) {
            Ok(()) => self.value = Some((raw.clone(), origin)),
            Err(problem) => {
                self.refused = true;
                errors.push(SettingError::new(self.key.clone(), origin, problem));
            }
        }
    }
}

#[derive(Debug)]
struct Slots(Vec<Slot>);

impl Slots {
    /// Every setting that exists, with its default.
    fn declared(graph: &'static Graph, errors: &mut Vec<SettingError>) -> Self {
        let mut slots = Self(Vec::new());
        for decl in options::OF_THE_PROCESS.iter().chain(watching::OF_THE_PROCESS) {
            slots.declare(None, ENGINE, decl, false, errors);
        }
        for (index, item) in graph.items.iter().enumerate() {
            if item.name == ENGINE {
                let problem = "an item cannot have the name of the engine's settings; rename it";
                errors.push(SettingError::new(item.name, Origin::Production, problem));
            }
            for decl in item.component.all_settings() {
                slots.declare(Some(index), item.name, decl, true, errors);
            }
            for decl in options::EVERY_ITEM.iter().chain(watching::EVERY_ITEM) {
                let Some(taken) = slots.of(Some(index), decl.name) else {
                    slots.declare(Some(index), item.name, decl, false, errors);
                    continue;
                };
                taken.refused = true;
                let problem = format!(
                    "`{}` declares a setting with the name of an option that every item has; rename the field",
                    item.component.name
                );
                errors.push(SettingError::new(format!("{}.{}", item.name, decl.name), Origin::Code, problem));
            }
            if matches!(item.component.entrance, Entrance::Poll | Entrance::Adapter(_)) {
                for decl in options::IN_INTERVALS {
                    if slots.of(Some(index), decl.name).is_none() {
                        slots.declare(Some(index), item.name, decl, false, errors);
                    }
                }
            }
        }
        if let Some(store) = slots.of(None, "store") {
            store.value = Some((options::default_store(graph.name).to_raw(), Origin::Code));
        }
        slots
    }

    fn declare(
        &mut self,
        owner: Option<usize>,
        name: &str,
        decl: &'static SettingDecl,
        of_component: bool,
        errors: &mut Vec<SettingError>,
    ) {
        let key = format!("{name}.{}", decl.name);
        let mut slot = Slot { owner, key, decl, of_component, value: None, refused: false };
        if let Some(default) = decl.default {
            slot.set(&default(), Origin::Code, errors);
        }
        self.0.push(slot);
    }

    fn of(&mut self, owner: Option<usize>, name: &str) -> Option<&mut Slot> {
        self.0.iter_mut().find(|slot| slot.owner == owner && slot.decl.name == name)
    }

    fn take_wiring(&mut self, graph: &'static Graph, wiring: Vec<Wiring>, errors: &mut Vec<SettingError>) {
        if wiring.len() != graph.items.len() {
            let problem = format!("{} items in the graph, {} in the wiring", graph.items.len(), wiring.len());
            errors.push(SettingError::new(graph.name, Origin::Production, problem));
        }
        for (index, (item, wiring)) in graph.items.iter().zip(wiring).enumerate() {
            for (name, raw) in wiring.settings.into_iter().chain(wiring.options) {
                match self.of(Some(index), name) {
                    Some(slot) => slot.set(&raw, Origin::Production, errors),
                    None => errors.push(SettingError::new(
                        format!("{}.{name}", item.name),
                        Origin::Production,
                        self.unknown_setting(Some(index), name),
                    )),
                }
            }
        }
    }

    fn take(&mut self, graph: &'static Graph, given: &Given, errors: &mut Vec<SettingError>) {
        match self.find(graph, &given.place) {
            Ok(slot) => slot.set(&given.raw, given.origin.clone(), errors),
            Err((key, problem)) => errors.push(SettingError::new(key, given.origin.clone(), problem)),
        }
    }

    /// The setting that is meant, or what was written and why it is none.
    fn find(&mut self, graph: &'static Graph, place: &Place) -> Result<&mut Slot, (String, String)> {
        let (item, setting) = match place {
            Place::Key { item, setting } => (item.clone(), setting.clone()),
            Place::Variable(rest) => {
                // By the whole name first: a name may itself contain two underscores.
                if let Some(at) = self.0.iter().position(|slot| variable(slot).eq_ignore_ascii_case(rest)) {
                    return Ok(&mut self.0[at]);
                }
                let (item, setting) = rest.split_once("__").unwrap_or((ENGINE, rest));
                (item.to_lowercase(), setting.to_lowercase())
            }
        };
        let key = format!("{item}.{setting}");
        let owner = if item == ENGINE {
            None
        } else {
            match graph.items.iter().position(|known| known.name == item) {
                Some(index) => Some(index),
                None => return Err((key, unknown_item(graph, &item))),
            }
        };
        match self.0.iter().position(|slot| slot.owner == owner && slot.decl.name == setting) {
            Some(at) => Ok(&mut self.0[at]),
            None => Err((key, self.unknown_setting(owner, &setting))),
        }
    }

    fn unknown_setting(&self, owner: Option<usize>, name: &str) -> String {
        let known = || self.0.iter().filter(|slot| slot.owner == owner).map(|slot| slot.decl.name);
        match closest(name, known()) {
            Some(near) => format!("unknown setting; did you mean `{near}`?"),
            None => format!("unknown setting; there are: {}", known().collect::<Vec<_>>().join(", ")),
        }
    }

    /// Reports what has no value and needs one.
    fn require(&self, errors: &mut Vec<SettingError>) {
        let missing = self.0.iter().filter(|slot| slot.value.is_none() && !slot.decl.optional && !slot.refused);
        errors.extend(missing.map(|slot| {
            let problem = format!(
                "is missing and has no default; give a {} in `production!`, `iop.toml` or as IOP__{}",
                slot.decl.type_name,
                variable(slot).to_uppercase()
            );
            SettingError::new(slot.key.clone(), Origin::Production, problem)
        }));
    }

    /// Reads what secrets refer to: only of the values that count.
    fn read_secrets(&self, errors: &mut Vec<SettingError>) {
        for slot in self.0.iter().filter(|slot| slot.decl.secret && !slot.refused) {
            let Some((raw, origin)) = &slot.value else { continue };
            if let Err(problem) = (slot.decl.read)(raw) {
                errors.push(SettingError::new(slot.key.clone(), origin.clone(), problem));
            }
        }
    }

    /// The tables that effective values name.
    fn tables(&self) -> Tables {
        Tables::used_by(self.0.iter().filter_map(|slot| {
            let (kind, name) = (slot.decl.table?, slot.value.as_ref()?.0.as_str()?.trim().to_owned());
            Some((name, TableUse { key: slot.key.clone(), kind }))
        }))
    }

    /// A value as its type. A declared setting of another type than the engine's is reported.
    fn read<T: Setting>(&mut self, owner: Option<usize>, name: &str, errors: &mut Vec<SettingError>) -> Option<T> {
        let slot = self.of(owner, name).filter(|slot| !slot.refused)?;
        let (raw, origin) = slot.value.as_ref()?;
        T::from_raw(raw).map_err(|problem| errors.push(SettingError::new(&slot.key, origin.clone(), problem))).ok()
    }

    fn items(
        &mut self,
        graph: &'static Graph,
        targets: Vec<Targets>,
        errors: &mut Vec<SettingError>,
    ) -> Option<Vec<ResolvedItem>> {
        let items: Vec<_> = graph.items.iter().zip(targets).enumerate().collect();
        let tables = Arc::new(self.tables());
        let resolved = items.into_iter().map(|(index, (item, targets))| {
            let settings = self.0.iter().filter(|slot| slot.owner == Some(index) && slot.of_component);
            let settings =
                settings.filter_map(|slot| slot.value.as_ref().map(|(raw, _)| (slot.decl.name, raw.clone()))).collect();
            let feed = Arc::new(Feed::new(Arc::clone(&tables)));
            let config = ItemConfig { item: Arc::from(item.name), settings, targets, feed, ..ItemConfig::default() };
            Some(ResolvedItem { config, options: self.item_settings(index, errors)? })
        });
        // Every item is looked at, so that every mistake is found.
        resolved.collect::<Vec<_>>().into_iter().collect()
    }

    fn workers(&self, item: usize) -> Option<(u32, Origin)> {
        let slot = self.0.iter().find(|slot| slot.owner == Some(item) && slot.decl.name == "pool_size")?;
        let (raw, origin) = slot.value.as_ref()?;
        Some((AtLeastOne::from_raw(raw).ok()?.0, origin.clone()))
    }

    fn item_settings(&mut self, index: usize, errors: &mut Vec<SettingError>) -> Option<ItemSettings> {
        let owner = Some(index);
        let defaults = ItemSettings::default();
        let pool_size = self.read::<AtLeastOne>(owner, "pool_size", errors);
        let attempts = self.read::<AtLeastOne>(owner, "attempts", errors);
        let enabled = self.read(owner, "enabled", errors);
        let timeout = self.read::<SomeTime>(owner, "timeout", errors);
        let request_timeout = self.read::<SomeTime>(owner, "request_timeout", errors);
        let backoff: Option<_> = self.read(owner, "backoff", errors);
        let backoff_cap = self.read(owner, "backoff_cap", errors);
        let active: Option<Option<_>> = self.read(owner, "active", errors);
        let call_schedule: Option<Option<_>> = self.read(owner, "call_schedule", errors);
        let failure_timeout: Option<Option<_>> = self.read(owner, "failure_timeout", errors);
        let throttle: Option<Option<_>> = self.read(owner, "throttle", errors);
        let breaker = self.read(owner, "breaker", errors);
        let breaker_pause: Option<Option<SomeTime>> = self.read(owner, "breaker_pause", errors);
        let category = self.read(owner, "category", errors);
        let call_interval = self.read::<SomeTime>(owner, "call_interval", errors);
        let first_call: Option<FirstCall> = self.read(owner, "first_call", errors);
        // A pause that is longer than the cap by itself is meant to be that long.
        let backoff_cap = std::cmp::max(backoff_cap?, backoff?);
        let alerts = self.alerts(owner, errors);
        let retention = self.read(owner, "retention", errors);
        Some(ItemSettings {
            alerts: alerts?,
            retention,
            pool_size: usize::try_from(pool_size?.0).ok()?,
            enabled: enabled?,
            active: active.flatten(),
            timeout: timeout?.0,
            attempts: attempts?.0,
            backoff: backoff?,
            backoff_cap,
            failure_timeout: failure_timeout.flatten(),
            throttle: throttle.flatten(),
            breaker: breaker?,
            breaker_pause: breaker_pause.flatten().map_or(backoff_cap, |pause| pause.0),
            category: category?,
            request_timeout: request_timeout?.0,
            call_interval: call_interval.map_or(defaults.call_interval, |interval| interval.0),
            first_call: first_call.unwrap_or(defaults.first_call),
            call_schedule: call_schedule.flatten(),
        })
    }

    fn engine(&mut self, errors: &mut Vec<SettingError>) -> Option<EngineSettings> {
        let http_explicit = self.of(None, "http")?.value.as_ref().is_some_and(|(_, origin)| *origin != Origin::Code);
        let store = self.read::<StoreChoice>(None, "store", errors);
        let http = self.read::<HttpChoice>(None, "http", errors);
        let ballast = self.read::<ByteSize>(None, "ballast", errors);
        let network_store = self.read::<bool>(None, "network_store", errors);
        let http_names = self.read(None, "http_names", errors);
        let users = self.read::<Option<PathBuf>>(None, "users", errors);
        let certificate = self.read::<Option<PathBuf>>(None, "tls_certificate", errors).flatten();
        let key = self.read::<Option<PathBuf>>(None, "tls_key", errors).flatten();
        let threads = self.read::<AtLeastOne>(None, "threads", errors);
        let stop_grace = self.read(None, "stop_grace", errors);
        let log = self.read::<LogFilter>(None, "log", errors);
        let otlp = self.read::<Option<Collector>>(None, "otlp", errors).flatten();
        let retention = self.retention(errors);
        let given = if certificate.is_some() { "tls_certificate" } else { "tls_key" };
        let tls = self.together(given, TlsFiles::of(certificate, key), errors);
        if let (Some(HttpChoice::Listen(address)), Some(tls)) = (http, &tls) {
            let missing = missing_outside(address, tls.is_some(), users.as_ref().is_some_and(Option::is_some));
            self.together("http", missing.map_or(Ok(()), Err), errors);
        }
        Some(EngineSettings {
            retention: retention?,
            store: store?,
            ballast: ballast?.bytes(),
            network_store: network_store?,
            threads: usize::try_from(threads?.0).ok()?,
            http: http?,
            http_explicit,
            http_names: http_names?,
            users: users.flatten(),
            tls: tls?,
            otlp,
            stop_grace: stop_grace?,
            log: log?.0,
        })
    }

    /// What settings of the process say together; a mistake in it is reported where one of them stands.
    fn together<T>(&mut self, name: &str, said: Result<T, String>, errors: &mut Vec<SettingError>) -> Option<T> {
        let problem = match said {
            Ok(value) => return Some(value),
            Err(problem) => problem,
        };
        let slot = self.of(None, name)?;
        let origin = slot.value.as_ref().map_or(Origin::Code, |(_, origin)| origin.clone());
        errors.push(SettingError::new(&slot.key, origin, problem));
        None
    }

    fn alerts(&mut self, owner: Option<usize>, errors: &mut Vec<SettingError>) -> Option<AlertSettings> {
        let suspended = self.read(owner, "alert_suspended", errors);
        let down = self.read(owner, "alert_down", errors);
        let errors_limit = self.read::<AtLeastOne>(owner, "alert_errors", errors);
        let depth = self.read::<AtLeastOne>(owner, "alert_depth", errors);
        let age = self.read(owner, "alert_age", errors);
        let inactive = self.read(owner, "alert_inactive", errors);
        let grace = self.read(owner, "alert_grace", errors);
        let repeat = self.read(owner, "alert_repeat", errors);
        Some(AlertSettings {
            suspended: suspended?,
            down: down?,
            errors: errors_limit.map(|limit| limit.0),
            depth: depth.map(|limit| limit.0),
            age,
            inactive,
            grace: grace?,
            repeat,
        })
    }

    fn retention(&mut self, errors: &mut Vec<SettingError>) -> Option<Retention> {
        let sessions = self.read(None, "retention", errors);
        let types = self.read::<KeepTypes>(None, "retention_types", errors);
        let marks = self.read(None, "mark_retention", errors);
        let log = self.read(None, "log_retention", errors);
        let largest_store = self.read(None, "max_store_bytes", errors);
        let alert_store = self.read(None, "alert_store_bytes", errors);
        let every = self.read::<SomeTime>(None, "purge_interval", errors);
        Some(Retention {
            sessions: sessions?,
            types: types?.0,
            marks: marks?,
            log: log?,
            largest_store,
            alert_store,
            every: every?.0,
        })
    }

    fn shown(self) -> Vec<ShownSetting> {
        let shown = self.0.into_iter().map(|slot| {
            let reload = slot.reload();
            let Slot { key, decl, value, .. } = slot;
            let (value, origin) = match value {
                Some((raw, origin)) if decl.secret => (Some(reference(&raw)), origin),
                Some((raw, origin)) => (Some(decl.with_unit(&raw)), origin),
                None => (None, Origin::Code),
            };
            let SettingDecl { type_name, unit, doc, .. } = *decl;
            ShownSetting { key, value, type_name, unit, range: decl.range(), reload, doc, origin }
        });
        shown.collect()
    }
}

/// What may be shown of a secret: where it is kept.
fn reference(raw: &Raw) -> String {
    match raw {
        Raw::String(text) if is_reference(text) => text.clone(),
        Raw::Array(secrets) => secrets.iter().map(reference).collect::<Vec<_>>().join(", "),
        _ => "***".to_owned(),
    }
}

/// The name of a setting in the environment, without the prefix. Those of the process are not repeated under `IOP`.
fn variable(slot: &Slot) -> String {
    if slot.owner.is_none() { slot.decl.name.to_owned() } else { slot.key.replacen('.', "__", 1) }
}

fn unknown_item(graph: &'static Graph, name: &str) -> String {
    let known = || graph.items.iter().map(|item| item.name).chain([ENGINE]);
    match closest(name, known()) {
        Some(near) => format!("unknown item; did you mean `{near}`?"),
        None => format!("unknown item; there are: {}", known().collect::<Vec<_>>().join(", ")),
    }
}

/// The items behind each target. The compiler has refused what is wrong here in a `production!`.
fn targets(graph: &'static Graph, index: usize, wiring: &Wiring, errors: &mut Vec<SettingError>) -> Targets {
    let mut targets = Targets::new();
    let Some(sender) = graph.items.get(index) else { return targets };
    let mut refuse = |target: &str, problem: String| {
        let key = format!("{}.{target}", sender.name);
        errors.push(SettingError::new(key, Origin::Production, problem));
    };
    for (target, names) in &wiring.targets {
        for name in names {
            match graph.items.iter().position(|item| item.name == *name) {
                Some(to) => targets.entry(target).or_default().push((to, Arc::from(*name))),
                None => refuse(target, format!("leads to `{name}`; {}", unknown_item(graph, name))),
            }
        }
    }
    for target in sender.component.targets {
        if target.required && !wiring.targets.iter().any(|(name, names)| *name == target.name && !names.is_empty()) {
            refuse(target.name, "leads nowhere; name an item".to_owned());
        }
    }
    targets
}
