//! The store of the settings, opened.

use std::path::Path;
use std::sync::Arc;

use super::exit::{Exit, Failure};
use crate::clock::SystemClock;
use crate::settings::{EngineSettings, StoreChoice};
use crate::store::memory::MemoryStore;
use crate::store::sqlite::{Network, OpenError, SqliteOptions, SqliteStore};
use crate::store::{Store, Viewer};

/// To be run.
pub(crate) fn open(engine: &EngineSettings) -> Result<Arc<dyn Store>, Failure> {
    let clock = Arc::new(SystemClock);
    match &engine.store {
        StoreChoice::Memory => Ok(MemoryStore::new(clock)),
        StoreChoice::Sqlite(directory) => {
            let store = SqliteStore::open_with(directory, clock, options(engine)).map_err(|error| refused(&error))?;
            Ok(store)
        }
    }
}

fn options(engine: &EngineSettings) -> SqliteOptions {
    let network = if engine.network_store { Network::Allowed } else { Network::Refused };
    SqliteOptions::default().with_ballast(engine.ballast).on_network(network)
}

/// To be read, whoever runs it.
pub(crate) fn open_viewer(directory: &Path) -> Result<Arc<dyn Viewer>, Failure> {
    if !directory.exists() {
        let text = format!("there is no store {}; `run` makes one, `--store DIR` names another", directory.display());
        return Err(Failure::found_nothing(text));
    }
    let store = SqliteStore::open_read_only(directory).map_err(|error| refused(&error))?;
    Ok(store)
}

/// Why a store was not opened.
pub(crate) fn refused(error: &OpenError) -> Failure {
    let exit = match error {
        OpenError::Locked { .. } => Exit::Refused,
        OpenError::NotAStore { .. }
        | OpenError::NewerFormat { .. }
        | OpenError::LostTail { .. }
        | OpenError::Corrupt { .. } => Exit::Damaged,
        OpenError::Io { .. } | OpenError::Database { .. } | OpenError::OnNetwork { .. } => Exit::Unusable,
    };
    Failure::new(exit, error.to_string())
}
