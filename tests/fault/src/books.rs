//! What the store says of every message, read through the store's own reading side: the auditor's view of the engine.

use std::path::Path;
use std::sync::Arc;

use iop::clock::SystemClock;
use iop::message::{Kind, Status, SuspendReason};
use iop::store::sqlite::SqliteStore;
use iop::store::{MessageQuery, Store as _, Viewer};
use serde::Deserialize;

use crate::trouble::Result;

/// A message as the auditor needs it.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: String,
    /// Its place in the order of acceptance.
    pub(crate) sequence: u64,
    pub(crate) parent: Option<String>,
    pub(crate) target: String,
    pub(crate) type_name: String,
    pub(crate) kind: Kind,
    pub(crate) status: Status,
    pub(crate) reason: Option<SuspendReason>,
    /// What is said of a message that was taken out: who did it.
    pub(crate) error: Option<String>,
    pub(crate) said: Said,
}

/// What of a body the auditor understands.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Said {
    pub(crate) number: u64,
    pub(crate) lane: String,
    /// Of a batch.
    pub(crate) numbers: Vec<u64>,
}

impl Row {
    pub(crate) fn is(&self, type_name: &str) -> bool {
        self.kind == Kind::Request && self.type_name == type_name
    }
}

/// Every message of a store that nobody has open, in the order of acceptance.
pub(crate) fn read(store: &Path) -> Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Opened as the engine would: what is in the log of the database belongs to it.
    let store = SqliteStore::open(store, Arc::new(SystemClock))?;
    runtime.block_on(async {
        let rows = of(&*store).await;
        store.close().await?;
        rows
    })
}

/// Every message that a viewer shows.
pub(crate) async fn of(viewer: &dyn Viewer) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut query = MessageQuery { oldest_first: true, limit: 5_000, ..MessageQuery::default() };
    loop {
        let page = viewer.query(query.clone()).await?;
        let Some(last) = page.last() else { return Ok(rows) };
        query.after = Some(last.sequence);
        for header in page {
            let found = viewer.find(header.id).await?;
            // A body that cannot be read says nothing; that its message is suspended, its header says.
            let said = found.and_then(|found| serde_json::from_slice(&found.body).ok()).unwrap_or_default();
            rows.push(Row {
                id: header.id.to_string(),
                sequence: header.sequence,
                parent: header.parent.map(|parent| parent.to_string()),
                target: header.target.as_deref().unwrap_or_default().to_owned(),
                type_name: header.type_name.to_string(),
                kind: header.kind,
                status: header.status,
                reason: header.reason,
                error: header.error.as_deref().map(str::to_owned),
                said,
            });
        }
    }
}
