//! Lookup tables as they are kept: in the store of the production, one record for a table, with who changed what. What
//! handlers see of them is in [`settings::Lookup`](crate::settings::Lookup).
//!
//! A record is a versioned state of the store, under an id that is derived from the table's name. An edit is one
//! transaction that expects the version that it was made from; handlers see it when it is durable.

mod file;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, Timestamp};
use crate::message::MessageId;
use crate::settings::closest::closest;
use crate::settings::{Snapshot, Tables};
use crate::store::{AuditRecord, Outcome, StateWrite, Step, Store, StoreError};

pub use file::{Form, read, write};

/// How many changes of a table are kept beside its rows: the latest.
const CHANGES_KEPT: usize = 1000;

/// How often an edit is made again that another node was faster than.
const TRIES: usize = 5;

/// What is done to a table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Edit {
    /// Sets the value of a key.
    Set {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// Removes a key.
    Delete {
        /// The key.
        key: String,
    },
    /// Sets many keys at once.
    Import {
        /// Values by key.
        rows: BTreeMap<String, String>,
        /// Removes the keys that are not among them.
        replace: bool,
    },
}

/// A row that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowChange {
    /// The version of the table in which it is changed.
    pub version: u64,
    /// When, in microseconds since 1970.
    pub time: Timestamp,
    /// Who did it.
    pub by: String,
    /// The key.
    pub key: String,
    /// The value so far; `None` where the key is new.
    pub from: Option<String>,
    /// The new value; `None` where the key was removed.
    pub to: Option<String>,
}

/// What an edit did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edited {
    /// The version of the table now.
    pub version: u64,
    /// The rows that have other values than before.
    pub changes: Vec<RowChange>,
}

/// Why a table could not be read or edited. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// No setting names such a table.
    #[error("there is no lookup table `{name}`{}", hint(.nearest.as_deref(), .known))]
    UnknownTable {
        /// The name.
        name: String,
        /// The nearest name that exists.
        nearest: Option<String>,
        /// Every name that exists.
        known: Vec<String>,
    },
    /// The key is not in the table.
    #[error("the table `{table}` has no key `{key}`")]
    UnknownKey {
        /// The table.
        table: String,
        /// The key.
        key: String,
    },
    /// Rows that do not fit the types of the table: every one of them.
    #[error("the table `{table}` does not take it: {}", .problems.join("; "))]
    Invalid {
        /// The table.
        table: String,
        /// What is wrong, row by row.
        problems: Vec<String>,
    },
    /// The stored record cannot be read.
    #[error("the stored table `{table}` cannot be read: {problem}")]
    Unreadable {
        /// The table.
        table: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn hint(nearest: Option<&str>, known: &[String]) -> String {
    match nearest {
        Some(name) => format!("; did you mean `{name}`?"),
        None if known.is_empty() => "; this production uses none".to_owned(),
        None => format!("; there are: {}", known.join(", ")),
    }
}

/// A table as it is stored.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    rows: BTreeMap<String, String>,
    /// The latest changes, the oldest first.
    changes: VecDeque<RowChange>,
}

/// The tables of a production and the store that keeps them.
#[derive(Debug)]
pub struct TableStore {
    tables: Arc<Tables>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// One edit at a time, so that what handlers see goes on in the order of the versions.
    edits: tokio::sync::Mutex<()>,
}

impl TableStore {
    /// The tables that settings name, kept in `store`. Nothing is read yet.
    #[must_use]
    pub fn new(tables: Arc<Tables>, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { tables, store, clock, edits: tokio::sync::Mutex::default() }
    }

    /// What handlers see.
    #[must_use]
    pub fn tables(&self) -> &Arc<Tables> {
        &self.tables
    }

    /// Reads every table that was not read yet.
    ///
    /// # Errors
    /// The first that cannot be read. Look-ups in it wait for a later call; the other tables are there.
    pub async fn load(&self) -> Result<(), TableError> {
        self.read(|name| self.tables.snapshot(name).is_none()).await
    }

    /// Reads every table, after a failure of the store: of an edit nobody may know whether it was stored.
    ///
    /// # Errors
    /// The first that cannot be read; look-ups in it find what was there before.
    pub async fn read_again(&self) -> Result<(), TableError> {
        self.read(|_| true).await
    }

    async fn read(&self, wanted: impl Fn(&str) -> bool) -> Result<(), TableError> {
        let _order = self.edits.lock().await;
        let mut all = Ok(());
        for name in self.tables.names().into_iter().filter(|name| wanted(name)) {
            match self.record(&name).await {
                Ok((version, record)) => self.tables.set(&name, Snapshot::new(version, record.rows)),
                Err(error) => all = all.and(Err(error)),
            }
        }
        all
    }

    /// The rows of a table.
    ///
    /// # Errors
    /// [`TableError::UnknownTable`]; where it was not read yet, why it cannot be.
    pub async fn rows(&self, name: &str) -> Result<Arc<Snapshot>, TableError> {
        self.known(name)?;
        if let Some(rows) = self.tables.snapshot(name) {
            return Ok(rows);
        }
        let loaded = self.load().await;
        // Another one that cannot be read is no reason.
        self.tables.snapshot(name).ok_or_else(|| loaded.err().unwrap_or_else(|| self.unknown(name)))
    }

    /// The latest changes of a table, the newest first.
    ///
    /// # Errors
    /// [`TableError::UnknownTable`], [`TableError::Unreadable`], [`TableError::Store`].
    pub async fn history(&self, name: &str) -> Result<Vec<RowChange>, TableError> {
        self.known(name)?;
        let (_, record) = self.record(name).await?;
        Ok(record.changes.into_iter().rev().collect())
    }

    /// Edits a table: all of it, durable when this returns and from then on seen by handlers, or nothing. What has changed is
    /// stored with `entry` of it.
    ///
    /// # Errors
    /// See [`TableError`].
    pub async fn edit(
        &self,
        name: &str,
        edit: &Edit,
        by: &str,
        entry: impl Fn(&[RowChange]) -> AuditRecord,
    ) -> Result<Edited, TableError> {
        self.known(name)?;
        let wanted = self.wanted(name, edit)?;
        let _order = self.edits.lock().await;
        for _ in 0..TRIES {
            let (version, mut record) = self.record(name).await?;
            if let Edit::Delete { key } = edit
                && !wanted.iter().any(|(key, _)| record.rows.contains_key(key))
            {
                return Err(TableError::UnknownKey { table: name.to_owned(), key: key.clone() });
            }
            let changes = self.apply(&mut record, edit, &wanted, version + 1, by);
            if changes.is_empty() {
                self.tables.set(name, Snapshot::new(version, record.rows));
                return Ok(Edited { version, changes });
            }
            if let Some(version) = self.write(name, version, &record, entry(&changes)).await? {
                self.tables.set(name, Snapshot::new(version, record.rows));
                return Ok(Edited { version, changes });
            }
        }
        Err(StoreError::NotStored("other nodes edit the same table; try again".into()).into())
    }

    /// The keys that the edit is about, as they are kept, with the values that they get.
    fn wanted(&self, name: &str, edit: &Edit) -> Result<BTreeMap<String, Option<String>>, TableError> {
        let one = |key: &str, value: &str| {
            let row = self.tables.row(name, key, value);
            row.map(|(key, value)| (key, Some(value))).map_err(|problem| format!("`{key}`: {problem}"))
        };
        let rows: Vec<Result<_, String>> = match edit {
            Edit::Set { key, value } => vec![one(key, value)],
            Edit::Delete { key } => vec![Ok((self.tables.key(name, key), None))],
            Edit::Import { rows, .. } => rows.iter().map(|(key, value)| one(key, value)).collect(),
        };
        let (mut wanted, mut problems) = (BTreeMap::new(), Vec::new());
        for row in rows {
            match row {
                Ok((key, value)) => {
                    if wanted.insert(key.clone(), value).is_some() {
                        problems.push(format!("`{key}`: stands twice"));
                    }
                }
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(wanted) } else { Err(TableError::Invalid { table: name.to_owned(), problems }) }
    }

    fn apply(
        &self,
        record: &mut Record,
        edit: &Edit,
        wanted: &BTreeMap<String, Option<String>>,
        version: u64,
        by: &str,
    ) -> Vec<RowChange> {
        let mut next = match edit {
            Edit::Import { replace: true, .. } => BTreeMap::new(),
            _ => record.rows.clone(),
        };
        for (key, value) in wanted {
            match value {
                Some(value) => next.insert(key.clone(), value.clone()),
                None => next.remove(key),
            };
        }
        let keys = record.rows.keys().chain(next.keys()).collect::<std::collections::BTreeSet<_>>();
        let changed = keys.into_iter().filter(|key| record.rows.get(*key) != next.get(*key));
        let change = |key: &String| RowChange {
            version,
            time: self.clock.now(),
            by: by.to_owned(),
            key: key.clone(),
            from: record.rows.get(key).cloned(),
            to: next.get(key).cloned(),
        };
        let changes: Vec<RowChange> = changed.map(change).collect();
        record.rows = next;
        record.changes.extend(changes.iter().cloned());
        let more = record.changes.len().saturating_sub(CHANGES_KEPT);
        record.changes.drain(..more);
        changes
    }

    /// The stored version of a table and its record; version 0 where nobody has edited it.
    async fn record(&self, name: &str) -> Result<(u64, Record), TableError> {
        let Some(state) = self.store.load_state(id(name)).await? else { return Ok((0, Record::default())) };
        let record = serde_json::from_slice(&state.data).map_err(|error| unreadable(name, &error))?;
        Ok((state.version, record))
    }

    /// The new version; `None` where somebody else has edited the table meanwhile.
    async fn write(
        &self,
        name: &str,
        version: u64,
        record: &Record,
        entry: AuditRecord,
    ) -> Result<Option<u64>, TableError> {
        let data = serde_json::to_vec(record).map_err(|error| unreadable(name, &error))?;
        let expected = (version > 0).then_some(version);
        let write = StateWrite { instance: id(name), expected, new: Some(Bytes::from(data)) };
        let receipt =
            self.store.submit(Step { state: vec![write], record: Some(Box::new(entry.into())), ..Step::default() });
        match receipt.commit.wait().await? {
            Outcome::StateConflict => Ok(None),
            outcome if outcome.is_stored() => Ok(Some(version + 1)),
            outcome => Err(StoreError::NotStored(format!("the store refused it: {outcome:?}").into()).into()),
        }
    }

    fn known(&self, name: &str) -> Result<(), TableError> {
        if self.tables.uses(name).is_empty() { Err(self.unknown(name)) } else { Ok(()) }
    }

    fn unknown(&self, name: &str) -> TableError {
        let known: Vec<String> = self.tables.names().iter().map(ToString::to_string).collect();
        let nearest = closest(name, known.iter().map(String::as_str)).map(str::to_owned);
        TableError::UnknownTable { name: name.to_owned(), nearest, known }
    }
}

fn unreadable(name: &str, error: &serde_json::Error) -> TableError {
    TableError::Unreadable { table: name.to_owned(), problem: error.to_string() }
}

/// The id of the record of a table.
fn id(name: &str) -> MessageId {
    MessageId::of_input(&[b"lookup table", name.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::settings::{Lookup, Setting, TableUse};
    use crate::store::memory::MemoryStore;

    /// The tables `a` and `b`, and the store that keeps them.
    fn two_tables() -> (TableStore, Arc<MemoryStore>) {
        let kind = <Lookup<String, String> as Setting>::TABLE.unwrap();
        let of = |name: &str| (name.to_owned(), TableUse { key: format!("router.{name}"), kind });
        let (tables, clock) = (Arc::new(Tables::used_by([of("a"), of("b")])), Arc::new(SystemClock));
        let store = MemoryStore::new(clock.clone());
        (TableStore::new(tables, store.clone(), clock), store)
    }

    async fn write(store: &MemoryStore, name: &str, expected: Option<u64>, data: &'static str) {
        let write = StateWrite { instance: id(name), expected, new: Some(Bytes::from_static(data.as_bytes())) };
        let outcome = store.submit(Step { state: vec![write], ..Step::default() }).commit.wait().await;
        assert!(outcome.unwrap().is_stored());
    }

    #[tokio::test]
    async fn a_table_that_cannot_be_read_keeps_no_other_from_being_read() {
        let (tables, store) = two_tables();
        write(&store, "a", None, "{").await;
        write(&store, "b", None, r#"{"rows":{"x":"1"},"changes":[]}"#).await;
        assert!(matches!(tables.load().await, Err(TableError::Unreadable { table, .. }) if table == "a"));
        assert_eq!(tables.tables().snapshot("b").unwrap().rows["x"], "1");
        assert!(tables.rows("b").await.is_ok());
        assert!(matches!(tables.rows("a").await, Err(TableError::Unreadable { .. })));
    }

    #[tokio::test]
    async fn after_a_failure_of_the_store_a_table_is_what_is_stored() {
        let (tables, store) = two_tables();
        tables.load().await.unwrap();
        // An edit whose outcome nobody was told, and which is there.
        write(&store, "a", None, r#"{"rows":{"x":"1"},"changes":[]}"#).await;
        tables.read_again().await.unwrap();
        assert_eq!(tables.tables().snapshot("a").unwrap().rows["x"], "1");
    }
}
