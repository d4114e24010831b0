//! A store as a busy hospital leaves it: an old backlog, rare items, failures, sessions of four messages over thirty days.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use iop::clock::{Clock, ManualClock, SystemClock, Timestamp};
use iop::message::{Invocation, Kind, MessageId, Priority, SessionId, Status, SuspendReason};
use iop::search::RESENT_FROM;
use iop::store::sqlite::SqliteStore;
use iop::store::{End, LeaseOrder, LeaseRequest, MessageQuery, NewMessage, NodeId, Step, Store, Viewer};

const DAYS: u64 = 30;
const STEP: u64 = 1000;

/// What the searches name.
pub(crate) struct Known {
    pub(crate) order: String,
    pub(crate) session: SessionId,
    pub(crate) middle: Timestamp,
    pub(crate) hour_later: Timestamp,
    last: u64,
}

impl Known {
    /// How many messages were looked at, where a search ended early.
    pub(crate) fn looked(&self, next: Option<u64>) -> u64 {
        self.last.saturating_sub(next.unwrap_or(0))
    }
}

pub(crate) async fn known(store: &SqliteStore, count: u64) -> Result<Known, String> {
    let last = store.last_sequence().await.map_err(|error| error.to_string())?;
    let query = MessageQuery { after: Some(count / 2), oldest_first: true, limit: 1, ..MessageQuery::default() };
    let found = store.query(query).await.map_err(|error| error.to_string())?;
    let middle = found.first().ok_or("the store is empty")?;
    Ok(Known {
        order: format!("ORD-{}", count / 8),
        session: middle.session,
        middle: middle.created,
        hour_later: middle.created.after(Duration::from_secs(3600)),
        last,
    })
}

pub(crate) async fn fill(directory: &Path, count: u64) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let now = SystemClock.now().0;
    let began = now - i64::try_from(DAYS * 86_400_000_000).map_err(|error| text(&error))?;
    let clock = ManualClock::default();
    clock.advance(Duration::from_micros(u64::try_from(began).map_err(|error| text(&error))?));
    let store = SqliteStore::open(directory, Arc::new(clock.clone())).map_err(|error| text(&error))?;
    for first in (0..count).step_by(usize::try_from(STEP).unwrap_or(1000)) {
        clock.advance(Duration::from_secs(DAYS * 86_400 * STEP / count));
        let emit = (first..(first + STEP).min(count)).map(|number| message(number, count)).collect();
        let commit = store.submit(Step { emit, ..Step::default() }).commit;
        commit.wait().await.map_err(|error| text(&error))?;
        if first % (count / 10).max(STEP) == 0 {
            fail_some(&store, &clock, first).await?;
        }
    }
    fail_some(&store, &clock, count).await?;
    store.close().await.map_err(|error| text(&error))
}

/// Messages of billing and the laboratory fail, each tenth of the way.
async fn fail_some(store: &SqliteStore, clock: &ManualClock, round: u64) -> Result<(), String> {
    for queue in ["billing", "lab"] {
        let lease = LeaseRequest {
            queue: queue.into(),
            node: NodeId(1),
            limit: 1000,
            ttl: Duration::MAX,
            order: LeaseOrder::None,
            with_parked: false,
        };
        let leased = store.lease(lease).await.map_err(|error| error.to_string())?.leased;
        for (number, leased) in leased.into_iter().enumerate() {
            let error = format!("connect to 10.0.{}.{}: timed out", round % 250, number % 250).into();
            let reason = if number % 50 == 0 { SuspendReason::InDoubt } else { SuspendReason::Poison };
            let end = match number % 4 {
                0 => End::Retry { due: clock.now().after(Duration::from_secs(90 * 86_400)), error, keep: false },
                _ => End::Suspend { reason, error },
            };
            let step = Step { end: vec![(leased.token, end)], ..Step::default() };
            store.submit(step).commit.wait().await.map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

fn message(number: u64, count: u64) -> NewMessage {
    let id = MessageId::random();
    let session = number / 4;
    // What is oldest is rare, or waits.
    let (rare, backlog) = (number < 20, number < count / 50);
    let (source, target, type_name) = match number % 4 {
        _ if rare => (Some("front"), Some("fax"), "Fax"),
        _ if backlog => (Some("billing"), Some("archive"), "Order"),
        0 => (None, Some("front"), "Order"),
        1 => (Some("front"), Some("billing"), "Order"),
        2 => (Some("billing"), Some("lab"), "Request"),
        _ => (Some("lab"), Some("archive"), "Result"),
    };
    // Few fail, and only billing and the laboratory do.
    let fails = matches!(target, Some("billing" | "lab")) && number % 250 < 3;
    let mut keys = vec![("order_id", format!("ORD-{session}")), ("ward", format!("W{}", session % 10))];
    if number % 2000 == 1 {
        keys.push((RESENT_FROM, id.to_string()));
    }
    let diagnosis = if number.is_multiple_of(10) { "pneumonia" } else { "fracture of the left wrist" };
    let needle = if number + 100 > count { "needle-new" } else { "nothing else" };
    NewMessage {
        id,
        session: SessionId::of(MessageId::of_input(&[&session.to_le_bytes()])),
        parent: None,
        position: 0,
        source: source.map(Into::into),
        target: target.map(Into::into),
        instance: None,
        type_name: type_name.into(),
        type_version: 1,
        kind: if number % 500 == 7 { Kind::Timer } else { Kind::Request },
        invocation: Invocation::OneWay,
        status: match number % 1000 {
            _ if backlog || fails => Status::Queued,
            17 => Status::Discarded,
            18 => Status::Expired,
            _ => Status::Completed,
        },
        priority: if number % 3000 == 11 { Priority::HIGH } else { Priority::NORMAL },
        due: None,
        late: number % 5000 == 3,
        completion_key: None,
        description: None,
        body: format!(
            "{{\"number\":{number},\"patient\":\"P{:07}\",\"diagnosis\":\"{diagnosis}\",\"remark\":\"{needle}\",\"text\":\"{}\"}}",
            session % 50_000,
            "the usual words of a letter, ".repeat(10)
        )
        .into(),
        keys,
        leased: None,
        order_key: None,
        parks: false,
    }
}
