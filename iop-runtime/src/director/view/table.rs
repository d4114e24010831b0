//! Lookup tables.

use schemars::JsonSchema;
use serde::Serialize;

use crate::settings::{Snapshot, TableUse};

/// A lookup table without its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct TableView {
    /// Its name.
    pub name: String,
    /// Goes up by one with each edit.
    pub version: u64,
    /// How many rows it has.
    pub rows: usize,
    /// The type of its keys.
    pub key: &'static str,
    /// The type of its values.
    pub value: &'static str,
    /// The settings that name it.
    pub used_by: Vec<String>,
}

impl TableView {
    /// `None` where no setting names the table, and so nothing says of which types it is.
    pub(crate) fn of(name: &str, uses: &[TableUse], snapshot: &Snapshot) -> Option<Self> {
        let first = uses.first()?;
        Some(Self {
            name: name.to_owned(),
            version: snapshot.version,
            rows: snapshot.rows.len(),
            key: first.kind.key_type,
            value: first.kind.value_type,
            used_by: uses.iter().map(|of| of.key.clone()).collect(),
        })
    }
}
