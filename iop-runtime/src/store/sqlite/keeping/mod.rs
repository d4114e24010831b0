//! What an operator does with a store: looks whether it is sound, keeps its books, copies it, saves what can be saved of it,
//! and goes on without what is lost.
//!
//! What only looks does so beside a production that runs. What changes something takes the store for itself first.

mod audit;
mod backup;
mod check;
mod contents;
mod first_page;
mod loss;
mod release;
mod salvage;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use serde::Serialize;

pub use self::audit::{Audit, ItemBooks, Orphans, audit};
pub use self::backup::{Backup, backup};
pub use self::check::{Check, Damage, check};
pub use self::loss::{AcceptedLoss, accept_loss, find_loss};
pub use self::release::release;
pub use self::salvage::{LeftBehind, Salvage, salvage};
use super::directory::{Directory, OpenError};
use super::{LostTail, SqliteStore};
use crate::clock::SystemClock;
use crate::store::{AuditRecord, Event, Level, Store, StoreError};

/// Who keeps the store, for its logs.
#[derive(Debug, Clone)]
pub struct Keeper {
    /// The user.
    pub who: Arc<str>,
    /// In which role.
    pub role: Arc<str>,
    /// From where.
    pub from: Arc<str>,
}

/// Why a store was not kept as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeepingError {
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is something where the copy should go.
    #[error("{} is not empty; name a directory that is not there yet", .0.display())]
    Taken(PathBuf),
    /// The copy is not what it should be.
    #[error("the copy in {} is not sound, and was removed: {why}", to.display())]
    BadCopy {
        /// Where it was to go.
        to: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The change was made, and could not be written to the logs of the store.
    #[error("done, but the logs of the store could not be written: {0}")]
    NotLogged(StoreError),
}

/// How much was copied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Copied {
    /// Messages.
    pub messages: u64,
    /// States of process instances, and lookup tables.
    pub states: u64,
    /// Contents that messages refer to.
    pub blobs: u64,
}

/// Writes into both logs of a store, which nobody has open, what was done to it.
fn write_down(dir: &Path, keeper: &Keeper, action: &str, text: &str) -> Result<(), KeepingError> {
    let store = SqliteStore::open(dir, Arc::new(SystemClock))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| KeepingError::NotLogged(StoreError::NotStored(error.to_string().into())))?;
    runtime.block_on(async {
        store.append_events(vec![line(&format!("{text}, by {}", keeper.who), store_now())]);
        let record = AuditRecord {
            who: keeper.who.clone(),
            role: keeper.role.clone(),
            from: keeper.from.clone(),
            action: action.into(),
            object: format!("store {}", dir.display()).into(),
            reason: None,
            before: None,
            after: None,
            result: text.into(),
        };
        store.append_audit(record).await.map_err(KeepingError::NotLogged)?;
        store.close().await.map_err(KeepingError::NotLogged)
    })
}

fn store_now() -> crate::clock::Timestamp {
    use crate::clock::Clock;
    SystemClock.now()
}

/// A line of the event log about the store itself.
fn line(text: &str, time: crate::clock::Timestamp) -> Event {
    Event { level: Level::Warn, ..Event::of_store(text, time) }
}

/// Where the database stands, and what its tip remembers beyond that.
fn stands(
    directory: &Directory,
    connection: &Connection,
) -> Result<(super::schema::Meta, Option<LostTail>), OpenError> {
    use super::directory::{database_error, io_error};
    let remembered = super::tip::Tip::new(directory.tip()?).read().map_err(io_error("read", &directory.path))?;
    let meta = connection.query_row(super::schema::META, (), super::schema::Meta::read);
    let meta = meta.map_err(|error| database_error(&directory.path, &error))?;
    Ok((meta, remembered.and_then(|tip| LostTail::between(&tip, &meta.place))))
}
