//! Alerts: looks at what the engine knows, keeps a book of the conditions that hold, and sends what is to be told.
//!
//! The book is stored in the same step as the alerts of its changes, so that neither is there without the other. Alerts are
//! sent to the item of `alerts to …;`; without one, and where they are about that item itself, they are only logged and
//! shown: a mail that cannot be sent is no news for the one who sends mails. What fails behind that item cannot loop either,
//! because a condition that holds is not entered again.

mod book;
mod noticed;
mod rules;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::time::Instant;

use self::book::{Book, Record, Told};
pub use self::book::{Condition, Mute};
pub(crate) use self::noticed::Noticed;
use self::rules::{Failures, Known};
use super::core::{Core, Delivery, Emission};
use super::log;
use crate::clock::Timestamp;
use crate::message::{Alert, AlertKind, AlertPhase, Invocation, Kind, Message, MessageId, Priority, SessionId, Status};
use crate::store::{AuditRecord, NewMessage, OnRecord, StateWrite, Step, StoreError};

/// How often the rules are looked at that need nothing of the store.
const LOOK: Duration = Duration::from_secs(1);
/// How often the store is asked for its queues, at the most …
const ASK: Duration = Duration::from_secs(10);
/// … and so much longer than that takes.
const ASK_FACTOR: u32 = 50;

/// What is known and was told.
#[derive(Debug, Default)]
pub(crate) struct Alerts {
    state: Mutex<State>,
    /// A failure of the store, noted when it happened: it can only be told when the store works again.
    failed: std::sync::Mutex<Option<(Timestamp, String)>>,
    /// What the store still holds after a purge to its largest size, and that size.
    too_large: std::sync::Mutex<Option<(u64, u64)>>,
    /// Something is known that is not to wait for the next look.
    urgent: Notify,
}

#[derive(Debug, Default)]
struct State {
    book: Book,
    /// The version of the stored record; `None` where there is none.
    version: Option<u64>,
    /// The record was read, and is what the store has.
    loaded: bool,
    known: Known,
    failures: HashMap<usize, Failures>,
    suspensions: u64,
}

/// Where the record lies among the states of processes.
pub(crate) fn record_id() -> MessageId {
    MessageId::of_input(&[b"iop.alerts"])
}

/// The conditions and mutes of a stored record.
///
/// # Errors
/// Where it cannot be read.
pub fn stored(record: &[u8]) -> Result<(Vec<Condition>, Vec<Mute>), serde_json::Error> {
    serde_json::from_slice(record).map(|Record { conditions, muted }| (conditions, muted))
}

/// Watches until the production stops.
pub(crate) async fn watch(core: Arc<Core>) {
    let since = core.clock.now();
    let mut ask = Instant::now();
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = core.alerts.urgent.notified() => {}
        }
        let mut state = core.alerts.state.lock().await;
        let suspensions = core.items.iter().map(|item| item.noticed.suspensions()).sum();
        if Instant::now() >= ask || suspensions != state.suspensions {
            let began = Instant::now();
            // A store that cannot be read is noticed by those who need it more.
            state.ask(&core).await.unwrap_or_default();
            state.suspensions = suspensions;
            ask = Instant::now() + ASK.max(began.elapsed() * ASK_FACTOR);
        }
        // A store that was closed on purpose has no alerts to keep.
        if let Err(error) = state.look(&core, since).await
            && error != StoreError::Closed
        {
            log::engine_span(&core).in_scope(|| log::alerts_not_stored(&error));
        }
    }
}

impl State {
    async fn ask(&mut self, core: &Core) -> Result<(), StoreError> {
        let queues = core.store.queues().await?;
        self.known.fresh = true;
        self.known.queues = Some(queues.into_iter().map(|queue| (Arc::clone(&queue.item), queue)).collect());
        if core.retention.alert_store.is_some() {
            self.known.usage = Some(core.store.usage().await?);
        }
        Ok(())
    }

    /// Reads what an earlier run has told.
    async fn load(&mut self, core: &Core) -> Result<(), StoreError> {
        if self.loaded {
            return Ok(());
        }
        let stored = core.store.load_state(record_id()).await?;
        self.version = stored.as_ref().map(|stored| stored.version);
        // A record that cannot be read is one of another program: what holds is told again.
        let record = stored.and_then(|stored| serde_json::from_slice(&stored.data).ok()).unwrap_or_default();
        self.book.load(record);
        self.loaded = true;
        Ok(())
    }

    async fn look(&mut self, core: &Core, since: Timestamp) -> Result<(), StoreError> {
        self.load(core).await?;
        let now = core.clock.now();
        self.known.failed = core.alerts.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        self.known.too_large = *core.alerts.too_large.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut measured = rules::measure(core, &self.known, &mut self.failures, since, now);
        measured.push(rules::store(&self.known, core.retention.alert_store, now));
        self.known.fresh = false;
        let before = self.book.record.clone();
        let told = self.book.judge(measured, now);
        if self.book.record == before {
            return Ok(());
        }
        for told in &told {
            log::engine_span(core).in_scope(|| log::alert(told.phase, told.condition.item.as_deref(), &told.condition));
        }
        self.store(core, told, None, now).await
    }

    /// Stores the record, and sends what is to be told, in one step.
    async fn store(
        &mut self,
        core: &Core,
        told: Vec<Told>,
        record: Option<Box<OnRecord>>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let data =
            serde_json::to_vec(&self.book.record).map_err(|error| StoreError::NotStored(error.to_string().into()))?;
        let write = StateWrite { instance: record_id(), expected: self.version, new: Some(data.into()) };
        let alerts = told.iter().filter_map(|told| emission(core, told, now)).collect();
        let commit = core.submit(Step { state: vec![write], record, ..Step::default() }, alerts);
        // What follows is built on it; read again, if it does not come to be.
        self.loaded = false;
        let outcome = core.durable(&commit).await?;
        if !outcome.is_stored() {
            return Err(StoreError::NotStored(format!("the store refused the book of alerts: {outcome:?}").into()));
        }
        self.version = Some(self.version.unwrap_or(0) + 1);
        self.loaded = true;
        Ok(())
    }
}

/// The message that tells; `None` where nobody is to be told but the log.
fn emission(core: &Core, told: &Told, now: Timestamp) -> Option<Emission> {
    let to = core.graph.alerts?;
    let item = core.items.get(to)?;
    let Told { phase, condition } = told;
    if condition.item.as_deref() == Some(&*item.name) {
        return None;
    }
    let mut alert = Alert::new(core.graph.name, condition.item.as_deref(), condition.kind, *phase, condition.since);
    (alert.time, alert.value, alert.limit) = (now, condition.value, condition.limit);
    alert.text.clone_from(&condition.text);
    (alert.session, alert.message) = (condition.session, condition.message);
    let body = serde_json::to_vec(&alert).ok()?;
    // The same news has the same id: told twice after an unknown outcome, it is one message.
    let about = condition.item.as_deref().unwrap_or_default();
    let parts: [&[u8]; 5] = [
        about.as_bytes(),
        condition.kind.as_str().as_bytes(),
        phase.as_str().as_bytes(),
        &condition.since.0.to_le_bytes(),
        &condition.told.to_le_bytes(),
    ];
    let id = record_id().derive(&parts);
    let message = NewMessage {
        id,
        session: SessionId::of(id),
        parent: None,
        position: 0,
        source: Some(Arc::from(Alert::SOURCE)),
        target: Some(Arc::clone(&item.name)),
        instance: None,
        type_name: Arc::from(Alert::TYPE.name),
        type_version: Alert::TYPE.version,
        kind: Kind::Request,
        invocation: Invocation::OneWay,
        status: Status::Queued,
        priority: Priority::NORMAL,
        due: None,
        late: false,
        completion_key: None,
        description: Some(Arc::from(alert.text.as_str())),
        body: body.into(),
        keys: alert.keys(),
        leased: None,
        order_key: None,
        parks: false,
    };
    let value = Some(Box::new(alert) as _);
    Some(Emission { message, value, to: Delivery::Queue(to), transient: false, maybe_stored: false })
}

impl Alerts {
    /// Has the rules looked at now.
    pub(crate) fn look_now(&self) {
        self.urgent.notify_one();
    }

    /// The store failed. Told when it works again.
    pub(crate) fn store_failed(&self, now: Timestamp, error: &StoreError) {
        let mut failed = self.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *failed = Some((now, error.to_string()));
    }

    /// A purge could not bring the store down to its largest size, or `None`: it could.
    pub(crate) fn too_large(&self, left: Option<(u64, u64)>) {
        *self.too_large.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = left;
    }

    /// What holds, and what is muted.
    pub(crate) async fn now(&self, core: &Core) -> Result<(Vec<Condition>, Vec<Mute>), StoreError> {
        let mut state = self.state.lock().await;
        state.load(core).await?;
        let Record { conditions, mut muted } = state.book.record.clone();
        let now = core.clock.now();
        muted.retain(|mute| mute.until > now);
        Ok((conditions, muted))
    }

    /// Mutes a rule, or with a time that has passed lets it speak again; on record in the same commit.
    pub(crate) async fn mute(&self, core: &Core, mute: Mute, entry: AuditRecord) -> Result<(), StoreError> {
        let now = core.clock.now();
        let mut state = self.state.lock().await;
        state.load(core).await?;
        let same = |other: &Mute| other.item == mute.item && (mute.kind.is_none() || other.kind == mute.kind);
        state.book.record.muted.retain(|other| !same(other));
        if mute.until > now {
            state.book.record.muted.push(mute);
        }
        state.store(core, Vec::new(), Some(Box::new(entry.into())), now).await
    }
}

/// Words for the log.
pub(super) fn words(phase: AlertPhase, kind: AlertKind) -> String {
    match phase {
        AlertPhase::Entered => format!("alert ({kind})"),
        AlertPhase::Lasts => format!("alert ({kind}) lasts"),
        AlertPhase::Left => format!("alert ({kind}) is over"),
    }
}
