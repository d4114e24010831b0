//! What people change while a production runs: its settings and its lookup tables.

use std::sync::Arc;

use super::audit::{done_or_not, failed};
use super::{Act, By, Director};
use crate::engine::{ReloadError, Reloading, Stop, row_edited, whole};
use crate::lookup::{Edit, Edited, RowChange, TableError};
use crate::settings::{Reloaded, SettingChange, ShownSetting, Snapshot, TableUse};
use crate::store::AuditHash;

impl Director {
    /// Every setting as it is now.
    #[must_use]
    pub fn settings(&self) -> Vec<ShownSetting> {
        self.core.settings.shown()
    }

    /// Reads the settings once more and applies what has changed, in the name of `by`: all of it or nothing. Items whose
    /// settings are read at their start are stopped with `stop` and started again.
    ///
    /// # Errors
    /// See [`ReloadError`]: nothing was changed.
    pub async fn reload_settings(&self, by: &str, reloading: Reloading, stop: Stop) -> Result<Reloaded, ReloadError> {
        let (director, by) = (self.clone(), by.to_owned());
        // To its end, also where whoever asked goes away: an item may be half restarted.
        let task = whole(async move {
            match reloading {
                Reloading::Preview => crate::engine::reload(&director.core, &by, reloading, stop).await,
                Reloading::Apply => director.reload_to_the_end(&by, stop).await,
            }
        });
        task.await.unwrap_or(Err(ReloadError::NoSource))
    }

    async fn reload_to_the_end(&self, by: &str, stop: Stop) -> Result<Reloaded, ReloadError> {
        let act = Act::new("settings.reload", "settings").by(By::from(by));
        self.begins(&act).await.map_err(|error| ReloadError::NotOnRecord(error.to_string()))?;
        let reloaded = crate::engine::reload(&self.core, by, Reloading::Apply, stop).await;
        let act = match &reloaded {
            Ok(Reloaded { changes, .. }) => {
                let rows = |side: fn(&SettingChange) -> &Option<String>| hash(changes, |change| &change.key, side);
                act.changed(rows(|change| &change.from), rows(|change| &change.to))
            }
            Err(error) => act.came_to(failed(error)),
        };
        // A record that is not stored has been reported: the production starts over from what is stored.
        drop(self.record(act).await);
        reloaded
    }

    /// The lookup tables that settings name, and the settings that name each.
    #[must_use]
    pub fn tables(&self) -> Vec<(Arc<str>, Vec<TableUse>)> {
        let tables = self.core.tables.tables();
        tables.names().into_iter().map(|name| (Arc::clone(&name), tables.uses(&name).to_vec())).collect()
    }

    /// The rows of a lookup table.
    ///
    /// # Errors
    /// See [`TableError`].
    pub async fn table(&self, name: &str) -> Result<Arc<Snapshot>, TableError> {
        self.core.tables.rows(name).await
    }

    /// The latest changes of a lookup table, the newest first.
    ///
    /// # Errors
    /// See [`TableError`].
    pub async fn table_history(&self, name: &str) -> Result<Vec<RowChange>, TableError> {
        self.core.tables.history(name).await
    }

    /// Edits a lookup table in the name of `by`: durable when this returns, and seen by every later look-up.
    ///
    /// # Errors
    /// See [`TableError`]: nothing was changed.
    pub async fn edit_table(&self, name: &str, edit: &Edit, by: &str) -> Result<Edited, TableError> {
        let (director, name, edit, by) = (self.clone(), name.to_owned(), edit.clone(), by.to_owned());
        // To its end, also where whoever asked goes away: handlers see what is stored.
        whole(async move { director.edit_to_the_end(&name, &edit, &by).await }).await?
    }

    async fn edit_to_the_end(&self, name: &str, edit: &Edit, by: &str) -> Result<Edited, TableError> {
        let entry = |changes: &[RowChange]| table_edited(name, by, changes).entry(&self.actor);
        let edited = self.core.tables.edit(name, edit, by, entry).await;
        match &edited {
            Ok(edited) => row_edited(&self.core, name, &edited.changes),
            // The engine starts over from what is stored, as after every failed commit.
            Err(TableError::Store(error)) => self.core.failure.report(error),
            Err(_) => {}
        }
        let result = match &edited {
            // What has changed is on record with the change.
            Ok(Edited { changes, .. }) if !changes.is_empty() => return edited,
            Ok(_) => done_or_not(&false),
            Err(error) => failed(error),
        };
        // As above.
        drop(self.record(table_edited(name, by, &[]).came_to(result)).await);
        edited
    }
}

/// The act of somebody who has changed rows of a table.
pub(crate) fn table_edited(table: &str, by: &str, changes: &[RowChange]) -> Act {
    let rows = |side: fn(&RowChange) -> &Option<String>| hash(changes, |change| &change.key, side);
    let act = Act::new("table.edit", format!("table {table}")).by(By::from(by));
    act.changed(rows(|change| &change.from), rows(|change| &change.to))
}

/// Of what has changed, the keys with their values on one side of the change; `None` where nothing has.
fn hash<T>(changes: &[T], key: fn(&T) -> &String, side: fn(&T) -> &Option<String>) -> Option<AuditHash> {
    let rows: Vec<_> = changes.iter().map(|change| (key(change), side(change))).collect();
    let text = serde_json::to_vec(&rows).ok().filter(|_| !rows.is_empty())?;
    Some(AuditHash::of(&text))
}
