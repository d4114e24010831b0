//! Stores that are filled by hand, without an engine: many messages in little time, each with a body that is known.

use std::path::Path;
use std::sync::Arc;

use iop::clock::SystemClock;
use iop::message::{Invocation, Kind, MessageId, Priority, SessionId, Status};
use iop::store::sqlite::SqliteStore;
use iop::store::{NewMessage, Step, Store};

use crate::trouble::Result;

/// A message to an item that was never sent by anybody.
pub(crate) fn message(target: &str, type_name: &str, body: String, key: Option<(&'static str, &str)>) -> NewMessage {
    let id = MessageId::random();
    NewMessage {
        id,
        session: SessionId::of(id),
        parent: None,
        position: 0,
        source: None,
        target: Some(target.into()),
        instance: None,
        type_name: type_name.into(),
        type_version: 1,
        kind: Kind::Request,
        invocation: Invocation::OneWay,
        status: Status::Queued,
        priority: Priority::NORMAL,
        due: None,
        late: false,
        completion_key: None,
        description: None,
        body: body.into(),
        keys: key.map(|(name, value)| (name, value.to_owned())).into_iter().collect(),
        leased: None,
        order_key: key.map(|(_, value)| value.into()),
        parks: false,
    }
}

/// Opens a store as an engine would.
pub(crate) fn open(store: &Path) -> Result<Arc<SqliteStore>> {
    Ok(SqliteStore::open(store, Arc::new(SystemClock))?)
}

/// Runs something of a store to its end.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// Stores messages, many to a step, and waits until they are durable.
pub(crate) async fn put(store: &dyn Store, messages: impl IntoIterator<Item = NewMessage>) -> Result<()> {
    let mut messages = messages.into_iter().peekable();
    let mut last = None;
    while messages.peek().is_some() {
        let emit: Vec<_> = messages.by_ref().take(500).collect();
        let commit = store.submit(Step { emit, ..Step::default() }).commit;
        // One step is prepared while the last one is written.
        if let Some(before) = last.replace(commit) {
            iop::store::Commit::wait(&before).await?;
        }
    }
    if let Some(last) = last {
        last.wait().await?;
    }
    Ok(())
}
