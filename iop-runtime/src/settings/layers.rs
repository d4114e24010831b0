//! Layers of settings outside the program: the file, the environment, the command line, in this order.
//!
//! Here a layer is read, not understood: whether a key exists and a value fits is asked in
//! [`resolve`](super::resolve).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::{Origin, Raw, SettingError};

/// The settings file that is read where no other one is named.
pub const DEFAULT_FILE: &str = "iop.toml";

/// What every environment variable that is a setting begins with.
pub const ENVIRONMENT_PREFIX: &str = "IOP__";

/// Where the layers are read from.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct LayerSources {
    /// The settings file; `None` reads `iop.toml` in the current directory, if there is one.
    pub file: Option<PathBuf>,
    /// Environment variables; those that do not begin with `IOP__` are left alone.
    pub environment: Vec<(String, String)>,
    /// `--set key=value`, in the order of the command line.
    pub set: Vec<String>,
    /// Options of the command line that stand for a setting: the option, the key, the value.
    pub options: Vec<(&'static str, &'static str, String)>,
}

impl LayerSources {
    /// With the variables of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let environment = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect();
        Self { environment, ..Self::default() }
    }
}

/// What the file, the environment and the command line say.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    pub(crate) given: Vec<Given>,
    pub(crate) errors: Vec<SettingError>,
}

/// A value that a layer gives.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) place: Place,
    pub(crate) raw: Raw,
    pub(crate) origin: Origin,
}

/// Which setting is meant.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// `item.setting`; the item `iop` is the engine.
    Key { item: String, setting: String },
    /// What follows the prefix of an environment variable.
    Variable(String),
}

impl Layers {
    /// Without what is said of some items: another component stands in their place.
    pub(crate) fn without_items(&self, items: &[&str]) -> Self {
        let is_of = |place: &Place| match place {
            Place::Key { item, .. } => items.contains(&item.as_str()),
            Place::Variable(rest) => items.iter().any(|item| {
                rest.get(..item.len()).is_some_and(|start| start.eq_ignore_ascii_case(item))
                    && rest[item.len()..].starts_with("__")
            }),
        };
        let mut layers = self.clone();
        layers.given.retain(|given| !is_of(&given.place));
        layers
    }

    /// What `--set` would say, and nothing else. For tests.
    #[cfg(feature = "testing")]
    pub(crate) fn assigned(set: &[String]) -> Self {
        let mut layers = Self::default();
        for text in set {
            layers.assignment(text);
        }
        layers
    }

    /// Nothing but what the program says.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads every layer. What cannot be read is kept as a mistake, so that [`resolve`](super::resolve) reports it
    /// together with all others.
    #[must_use]
    pub fn read(sources: LayerSources) -> Self {
        let mut layers = Self::none();
        match sources.file {
            Some(path) => layers.file(&path, Missing::IsAMistake),
            None => layers.file(Path::new(DEFAULT_FILE), Missing::IsFine),
        }
        layers.environment(sources.environment);
        for set in sources.set {
            layers.assignment(&set);
        }
        for (option, key, value) in sources.options {
            if let Some(place) = Place::of_key(key) {
                let origin = Origin::CommandLine(Arc::from(option));
                layers.given.push(Given { place, raw: Raw::from(value), origin });
            }
        }
        layers
    }

    fn file(&mut self, path: &Path, missing: Missing) {
        let origin = |line| Origin::File { path: Arc::from(path), line };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && missing == Missing::IsFine => return,
            Err(error) => {
                self.errors.push(SettingError::new("--config", origin(0), format!("cannot be read: {error}")));
                return;
            }
        };
        let (document, errors) = DeTable::parse_recoverable(&text);
        let mut last = None;
        for error in errors {
            let line = error.span().map_or(0, |span| line_of(&text, span.start));
            // What follows on the line of a syntax error is its consequence.
            if last.replace(line) != Some(line) {
                self.errors.push(SettingError::new("TOML", origin(line), error.message()));
            }
        }
        let mut given = Vec::new();
        for (item, table) in document.get_ref() {
            let DeValue::Table(table) = table.get_ref() else {
                let problem = "stands outside a table; write it under `[item]`, or under `[iop]` for the engine";
                let line = line_of(&text, item.span().start);
                self.errors.push(SettingError::new(item.get_ref().as_ref(), origin(line), problem));
                continue;
            };
            for (setting, value) in table {
                let place = Place::Key { item: item.get_ref().to_string(), setting: setting.get_ref().to_string() };
                given.push((line_of(&text, setting.span().start), place, raw(value.get_ref())));
            }
        }
        // As they are written, so that mistakes are found from top to bottom.
        given.sort_by_key(|(line, ..)| *line);
        self.given.extend(given.into_iter().map(|(line, place, raw)| Given { place, raw, origin: origin(line) }));
    }

    fn environment(&mut self, variables: Vec<(String, String)>) {
        let mut variables: Vec<_> = variables
            .into_iter()
            .filter_map(|(name, value)| {
                let (prefix, rest) = name.split_at_checked(ENVIRONMENT_PREFIX.len())?;
                let rest = prefix.eq_ignore_ascii_case(ENVIRONMENT_PREFIX).then(|| rest.to_owned())?;
                Some((name, rest, value))
            })
            .collect();
        // The environment has no order; a report that changes from start to start cannot be compared.
        variables.sort();
        self.given.extend(variables.into_iter().map(|(name, rest, value)| Given {
            place: Place::Variable(rest),
            raw: Raw::from(value),
            origin: Origin::Environment(Arc::from(name)),
        }));
    }

    fn assignment(&mut self, text: &str) {
        let origin = Origin::CommandLine(Arc::from("--set"));
        let given = text.split_once('=').and_then(|(key, value)| Some((Place::of_key(key.trim())?, value)));
        match given {
            Some((place, value)) => self.given.push(Given { place, raw: Raw::from(value), origin }),
            None => self.errors.push(SettingError::new(name_in(text), origin, "write `--set item.setting=value`")),
        }
    }
}

/// What a file that does not exist means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    IsAMistake,
    IsFine,
}

impl Place {
    fn of_key(key: &str) -> Option<Self> {
        let (item, setting) = key.split_once('.')?;
        Some(Self::Key { item: item.to_owned(), setting: setting.to_owned() })
    }
}

/// What can be the name of a setting, at the beginning of what is none: behind it there may be a secret.
fn name_in(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && !"._-".contains(c));
    &text[..end.unwrap_or(text.len())]
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count()
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::from(text.as_ref()),
        DeValue::Integer(number) => {
            let digits = number.as_str();
            // What does not fit stays text, and the setting's type says what it expects.
            i64::from_str_radix(digits, number.radix())
                .map(Raw::from)
                .or_else(|_| u64::from_str_radix(digits, number.radix()).map(Raw::from))
                .unwrap_or_else(|_| Raw::from(digits))
        }
        DeValue::Float(number) => number.as_str().parse::<f64>().map_or_else(|_| Raw::from(number.as_str()), Raw::from),
        DeValue::Boolean(value) => Raw::from(*value),
        DeValue::Datetime(time) => Raw::from(time.to_string()),
        DeValue::Array(values) => values.iter().map(|value| raw(value.get_ref())).collect(),
        DeValue::Table(table) => {
            table.iter().map(|(key, value)| (key.get_ref().to_string(), raw(value.get_ref()))).collect()
        }
    }
}
