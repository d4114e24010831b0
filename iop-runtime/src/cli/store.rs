//! The store of the settings, opened.

use std::path::Path;
use std::sync::Arc;

use super::exit::{Exit, Failure};
use crate::clock::SystemClock;
use crate::settings::StoreChoice;
use crate::store::memory::MemoryStore;
use crate::store::{Store, Viewer};

/// To be run.
pub(crate) fn open(choice: &StoreChoice) -> Result<Arc<dyn Store>, Failure> {
    match choice {
        StoreChoice::Memory => Ok(MemoryStore::new(Arc::new(SystemClock))),
        StoreChoice::Sqlite(_) => Err(Failure::failed("only `--memory` is built in yet")),
    }
}

/// To be read, whoever runs it.
pub(crate) fn open_viewer(directory: &Path) -> Result<Arc<dyn Viewer>, Failure> {
    if !directory.exists() {
        let text = format!("there is no store {}; `run` makes one, `--store DIR` names another", directory.display());
        return Err(Failure::found_nothing(text));
    }
    Err(Failure::new(Exit::Failed, "no store can be read yet"))
}
