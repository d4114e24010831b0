//! The store of the settings, opened.

use std::path::Path;
use std::sync::Arc;

use super::exit::{Exit, Failure};
use crate::clock::SystemClock;
use crate::settings::StoreChoice;
use crate::store::memory::MemoryStore;
use crate::store::sqlite::{OpenError, SqliteStore, SqliteViewer};
use crate::store::{Store, Viewer};

/// To be run.
pub(crate) fn open(choice: &StoreChoice) -> Result<Arc<dyn Store>, Failure> {
    match choice {
        StoreChoice::Memory => Ok(MemoryStore::new(Arc::new(SystemClock))),
        StoreChoice::Sqlite(directory) => match SqliteStore::open(directory, Arc::new(SystemClock)) {
            Ok(store) => Ok(store),
            Err(error @ OpenError::Locked { .. }) => Err(Failure::new(Exit::Refused, error.to_string())),
            Err(error) => Err(Failure::failed(error)),
        },
    }
}

/// To be read, whoever runs it.
pub(crate) fn open_viewer(directory: &Path) -> Result<Arc<dyn Viewer>, Failure> {
    if !directory.exists() {
        let text = format!("there is no store {}; `run` makes one, `--store DIR` names another", directory.display());
        return Err(Failure::found_nothing(text));
    }
    match SqliteViewer::open(directory) {
        Ok(viewer) => Ok(Arc::new(viewer)),
        Err(error) => Err(Failure::failed(error)),
    }
}
