//! Where a setting came from, and what is wrong with one.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// Where the value of a setting was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The default in code.
    Code,
    /// `production!`.
    Production,
    /// A settings file.
    File {
        /// The file.
        path: Arc<Path>,
        /// The line, from 1; 0 where the file as a whole is meant.
        line: usize,
    },
    /// An environment variable, by its name.
    Environment(Arc<str>),
    /// An option of the command line, by its name.
    CommandLine(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code => f.write_str("default in code"),
            Self::Production => f.write_str("production!"),
            Self::File { path, line: 0 } => write!(f, "{}", path.display()),
            Self::File { path, line } => write!(f, "{} line {line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::CommandLine(option) => f.write_str(option),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Origin {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Origin".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "Where a value was written, in words." })
    }
}

/// One mistake in the settings. A start reports every one of them at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, thiserror::Error)]
#[error("`{key}` ({origin}): {problem}")]
pub struct SettingError {
    /// The key as it was written, or the one that is missing.
    pub key: String,
    /// Where it was written.
    pub origin: Origin,
    /// What is wrong, and what to write instead.
    pub problem: String,
}

impl SettingError {
    pub(crate) fn new(key: impl Into<String>, origin: Origin, problem: impl Into<String>) -> Self {
        Self { key: key.into(), origin, problem: problem.into() }
    }
}
