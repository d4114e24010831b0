//! What people change while a production runs: its settings and its lookup tables.

use std::sync::Arc;

use super::Director;
use crate::engine::{ReloadError, Reloading, Stop, row_edited};
use crate::lookup::{Edit, Edited, RowChange, TableError};
use crate::settings::{SettingChange, ShownSetting, Snapshot, TableUse};

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
    pub async fn reload_settings(
        &self,
        by: &str,
        reloading: Reloading,
        stop: Stop,
    ) -> Result<Vec<SettingChange>, ReloadError> {
        let (core, by) = (Arc::clone(&self.core), by.to_owned());
        // To its end, also where whoever asked goes away: an item may be half restarted.
        let task = tokio::spawn(async move { crate::engine::reload(&core, &by, reloading, stop).await });
        task.await.unwrap_or(Err(ReloadError::NoSource))
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
        let edited = self.core.tables.edit(name, edit, by).await;
        match &edited {
            Ok(edited) => row_edited(&self.core, name, &edited.changes),
            // The engine starts over from what is stored, as after every failed commit.
            Err(TableError::Store(error)) => self.core.failure.report(error),
            Err(_) => {}
        }
        edited
    }
}
