//! The operation that keeps events in a table.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use iop::prelude::*;
use rusqlite::{Connection, params};

use super::messages::{ClassifiedEvent, Decimal, Kept};

/// The name of the database.
pub const DATABASE: &str = "events.sqlite";

/// Keeps the newest revision of each event in a SQLite table. A repeated turn finds its row and leaves it.
#[business_operation]
pub struct Table {
    /// Where the database is.
    #[setting]
    folder: PathBuf,
    connection: Option<Arc<Mutex<Connection>>>,
}

#[handlers]
impl Table {
    async fn on_init(&mut self) -> Result {
        let folder = self.folder.clone();
        let connection = tokio::task::spawn_blocking(move || open(&folder)).await??;
        self.connection = Some(Arc::new(Mutex::new(connection)));
        Ok(())
    }

    async fn keep(&mut self, classified: ClassifiedEvent) -> Result<Kept> {
        let connection = self.connection.clone().ok_or_else(|| Error::fatal("the table is not open"))?;
        // A commit waits for the disk: not on a thread that others need.
        let changed = tokio::task::spawn_blocking(move || {
            upsert(&connection.lock().unwrap_or_else(PoisonError::into_inner), &classified)
        });
        Ok(Kept { before: changed.await?? == 0 })
    }
}

fn open(folder: &Path) -> Result<Connection> {
    std::fs::create_dir_all(folder)?;
    let connection = Connection::open(folder.join(DATABASE))?;
    // What is answered as kept is on the disk.
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS events (
            id TEXT PRIMARY KEY,
            updated TEXT NOT NULL,
            time TEXT NOT NULL,
            class TEXT NOT NULL,
            magnitude REAL,
            place TEXT,
            longitude REAL,
            latitude REAL,
            depth REAL,
            network TEXT NOT NULL,
            network_name TEXT,
            network_region TEXT
        ) STRICT",
    )?;
    Ok(connection)
}

/// How many rows have changed.
fn upsert(connection: &Connection, classified: &ClassifiedEvent) -> Result<usize> {
    let ClassifiedEvent { event, class, network } = classified;
    let number = |decimal: &Option<Decimal>| decimal.as_ref().map(Decimal::value);
    Ok(connection.execute(
        "INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT (id) DO UPDATE SET
            updated = excluded.updated, time = excluded.time, class = excluded.class, magnitude = excluded.magnitude,
            place = excluded.place, longitude = excluded.longitude, latitude = excluded.latitude,
            depth = excluded.depth, network = excluded.network, network_name = excluded.network_name,
            network_region = excluded.network_region
         WHERE excluded.updated > events.updated",
        params![
            event.id,
            event.updated,
            event.time,
            class.plural(),
            number(&event.magnitude),
            event.place,
            number(&event.longitude),
            number(&event.latitude),
            number(&event.depth),
            event.network,
            network.name,
            network.region,
        ],
    )?)
}
