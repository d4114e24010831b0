//! A production that is not the one that the store was last opened by: items that are gone or have another name, and
//! message types that stored messages do not fit. Looked at before anything is consumed.

use std::fmt;
use std::sync::Arc;

use futures_util::future::try_join_all;

use super::core::Core;
use super::decisions;
use crate::message::{MessageId, MessageType, Status, SuspendReason};
use crate::production::Graph;
use crate::production::lock::{LockBreak, MessagesLock, breaks, types};
use crate::store::{Admin, MessageQuery, QueueStatus, Store, StoreError, Viewer};

/// The name under which a store keeps the lock of the production that it was last opened by.
const NOTE: &str = "messages.lock";

/// How many messages are looked at and decided on at once.
const PAGE: usize = 500;

/// The states in which a message still waits for a worker.
const WAITING: [Status; 3] = [Status::Queued, Status::InFlight, Status::Retrying];

/// What to do with messages in the queues of items that are no longer in the production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Orphans {
    /// Do not start.
    #[default]
    Refuse,
    /// Suspend them, with the reason `orphaned`.
    Hold,
    /// Discard them; each is in the event log.
    Discard,
}

/// What a person has decided about a changed production.
#[derive(Debug, Clone, Default)]
pub struct ChangeChoice {
    /// About items that are gone.
    pub orphans: Orphans,
    /// Start although types have changed so that stored messages cannot be read: those are suspended, with the reason
    /// `schema`.
    pub hold_changed: bool,
}

/// Why a changed production does not start on a store. Nothing was consumed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Changed {
    /// Items are gone, and messages wait for them.
    Orphans(Vec<QueueStatus>),
    /// Types have changed, and as many unfinished messages of them are stored.
    Messages(Vec<(LockBreak, usize)>),
    /// The store did not answer.
    Store(StoreError),
}

impl From<StoreError> for Changed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl std::error::Error for Changed {}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Orphans(queues) => {
                writeln!(f, "messages wait for items that are not in this production:")?;
                for queue in queues {
                    writeln!(f, "  {}: {}", queue.item, waiting(queue))?;
                }
                f.write_str(
                    "  help: if an item was renamed, write `#[item(renamed_from = \"…\")]` on it; `run --orphans=hold` \
                     starts and suspends them, `run --orphans=discard` starts and discards them",
                )
            }
            Self::Messages(breaks) => {
                writeln!(f, "the store holds messages that this program could not read:")?;
                for (change, count) in breaks {
                    let more = if *count >= PAGE { " or more" } else { "" };
                    writeln!(f, "{count}{more} unfinished; {change}")?;
                }
                f.write_str("  help: change the type, or `run --changed=hold` starts, and suspends what does not fit")
            }
            Self::Store(error) => error.fmt(f),
        }
    }
}

fn waiting(queue: &QueueStatus) -> u64 {
    queue.queued + queue.in_flight + queue.retrying
}

/// Looks at the store before a production starts on it, does what was decided, and remembers the production's types.
/// Everything that may refuse the start is asked before anything is done: a refused start changes nothing.
pub(super) async fn reconcile(core: &Core, choice: &ChangeChoice) -> Result<(), Changed> {
    let (graph, store) = (core.graph, &*core.store);
    let orphans = orphans(graph, store).await?;
    if choice.orphans == Orphans::Refuse && !orphans.is_empty() {
        return Err(Changed::Orphans(orphans));
    }
    let types = types(graph);
    if !choice.hold_changed {
        // What will be discarded need not be readable.
        let leaving: &[QueueStatus] = if choice.orphans == Orphans::Discard { &orphans } else { &[] };
        let broken = unreadable(&types, leaving, store).await?;
        if !broken.is_empty() {
            return Err(Changed::Messages(broken));
        }
    }
    move_queues(graph, store).await?;
    match choice.orphans {
        Orphans::Refuse => {}
        Orphans::Hold => hold(store, &orphans).await?,
        Orphans::Discard => discard(core, &orphans).await?,
    }
    let lock = MessagesLock::of(&types).to_text();
    if store.note(NOTE.into()).await?.as_deref() != Some(&*lock) {
        store.write_note(NOTE.into(), lock.into()).await?;
    }
    Ok(())
}

async fn hold(store: &dyn Store, orphans: &[QueueStatus]) -> Result<(), StoreError> {
    let error: Arc<str> = "its item is no longer in the production".into();
    for queue in orphans {
        let hold = |id| store.admin(Admin::Hold { id, reason: SuspendReason::Orphaned, error: Arc::clone(&error) });
        decide(store, &queue.item, &WAITING, hold).await?;
    }
    Ok(())
}

async fn discard(core: &Core, orphans: &[QueueStatus]) -> Result<(), StoreError> {
    let by: Arc<str> = "run --orphans=discard".into();
    for queue in orphans {
        decide(&*core.store, &queue.item, &WAITING, |id| decisions::discard(core, id, &by, None)).await?;
    }
    Ok(())
}

/// Gives the queues of renamed items to their items.
async fn move_queues(graph: &Graph, store: &dyn Store) -> Result<(), StoreError> {
    for item in graph.items {
        let Some(old) = item.policy.renamed_from else { continue };
        let unfinished = [Status::Queued, Status::InFlight, Status::Retrying, Status::Suspended];
        let to: Arc<str> = item.name.into();
        let relocate = |id| store.admin(Admin::Move { id, to: Arc::clone(&to) });
        decide(store, old, &unfinished, relocate).await?;
    }
    Ok(())
}

/// The queues that no item has, nor will have as the one that was renamed.
async fn orphans(graph: &Graph, store: &dyn Viewer) -> Result<Vec<QueueStatus>, StoreError> {
    let has = |queue: &QueueStatus| {
        let name = &*queue.item;
        graph.items.iter().any(|item| item.name == name || item.policy.renamed_from == Some(name))
    };
    let mut queues = store.queues().await?;
    queues.retain(|queue| !has(queue) && waiting(queue) > 0);
    queues.sort_by(|one, other| one.item.cmp(&other.item));
    Ok(queues)
}

/// Decides on every message in the queue of `item` that is in one of these states.
async fn decide<D: Future<Output = Result<bool, StoreError>>>(
    store: &dyn Store,
    item: &str,
    states: &[Status],
    decision: impl Fn(MessageId) -> D,
) -> Result<(), StoreError> {
    for status in states {
        let mut after = None;
        loop {
            let query = MessageQuery {
                item: Some(item.into()),
                status: Some(*status),
                after,
                limit: PAGE,
                oldest_first: true,
                ..MessageQuery::default()
            };
            let page = store.query(query).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.sequence);
            let its_own = page.iter().filter(|header| header.target.as_deref() == Some(item));
            // Handed in together, so that they share commits.
            try_join_all(its_own.map(|header| decision(header.id))).await?;
        }
    }
    Ok(())
}

/// The changes since the production that the store was last opened by, of which unfinished messages are stored that are
/// not about to leave it.
async fn unreadable(
    types: &[&'static MessageType],
    leaving: &[QueueStatus],
    store: &dyn Viewer,
) -> Result<Vec<(LockBreak, usize)>, Changed> {
    let Some(older) = store.note(NOTE.into()).await? else { return Ok(Vec::new()) };
    // One that cannot be read was written by a newer program; what it stored says so message by message.
    let Ok(older) = MessagesLock::parse(&older) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for change in breaks(types, &older) {
        let mut count = 0;
        for status in WAITING {
            count += count_of(&change.message, status, leaving, store).await?;
        }
        // Nobody decides here about what is suspended already.
        count += count_of(&change.message, Status::Suspended, &[], store).await?;
        if count > 0 {
            found.push((change, count));
        }
    }
    Ok(found)
}

/// How many messages of a type are in a state and not in these queues; after a page of them it is enough.
async fn count_of(
    type_name: &str,
    status: Status,
    except: &[QueueStatus],
    store: &dyn Viewer,
) -> Result<usize, StoreError> {
    let (mut count, mut after) = (0, None);
    while count < PAGE {
        let query = MessageQuery {
            type_name: Some(type_name.into()),
            status: Some(status),
            after,
            limit: PAGE,
            oldest_first: true,
            ..MessageQuery::default()
        };
        let page = store.query(query).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.sequence);
        let is_of = |target: Option<&str>| except.iter().any(|queue| target == Some(&*queue.item));
        count += page.iter().filter(|header| !is_of(header.target.as_deref())).count();
        if page.len() < PAGE {
            break;
        }
    }
    Ok(count)
}
