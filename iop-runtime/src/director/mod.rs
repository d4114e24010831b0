//! The director: the handle through which other code drives a running production.

mod access;
mod alerts;
mod audit;
mod edits;
mod error;
mod failure;
pub mod http;
mod import;
mod jobs;
mod json;
mod moving;
mod operator;
mod purge;
mod read;
mod remote;
mod saved;
mod search;
mod service;
mod status;
pub mod view;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use self::audit::done_or_not;
use crate::clock::Timestamp;
use crate::component::{ComponentKind, Entrance, Incoming};
use crate::engine::{Caller as Waiting, Core, CrashPoint, Delivery, Emission, Running, Stop, response_id, whole};
use crate::message::{Accepted, Invocation, Kind, MessageId, MessageType, Priority, SessionId, Status, SuspendReason};
use crate::production::Graph;
use crate::store::{NewMessage, OnRecord, Step, Store, StoredMessage};

pub use self::access::{CallOrigin, Caller, Role};
pub use self::audit::{Act, Actor, By};
pub(crate) use self::edits::table_edited;
pub use self::error::DirectorError;
use self::error::{refused, store_error};
pub use self::failure::{CallFailure, FailureKind};
pub use self::import::{Imported, ImportedLine, Importing};
pub use self::jobs::{Job, JobAct, JobPlan, JobState, MOST_MESSAGES};
pub use self::json::{JsonAnswer, JsonDirector};
pub use self::operator::Resend;
pub use self::purge::{AgePurge, QueryPurge};
pub use self::read::ExportOf;
pub(crate) use self::remote::segment;
pub use self::remote::{RemoteAnswer, RemoteDirector};
pub use self::saved::SavedSearch;
pub(crate) use self::saved::saved_in;
pub use self::search::{PageOf, SearchPage, SuspendedGroup, SuspendedGroups};
pub use self::service::BusinessService;
pub use self::status::{FailingStatus, ItemStatus, ParkedStatus, ProductionStatus, ScheduleStatus};
pub use crate::search::{IMPORTED_FROM, RESENT_FROM};

/// How long a caller outside waits for a response where nothing else is said.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// The handle through which other code drives a running production. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Director {
    core: Arc<Core>,
    actor: Arc<Actor>,
}

/// What came of a call.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Called {
    /// The message.
    pub id: MessageId,
    /// Its session.
    pub session: SessionId,
    /// The response as JSON; `None` where the message type has none.
    pub response: Option<Bytes>,
}

// Here, since the engine does not know who drives it.
impl Running {
    /// The handle for other code.
    #[must_use]
    pub fn director(&self) -> Director {
        Director { core: Arc::clone(self.core()), actor: Actor::program() }
    }
}

impl Director {
    /// The graph that runs.
    #[must_use]
    pub fn graph(&self) -> &'static Graph {
        self.core.graph
    }

    /// What the production's clock says.
    pub(crate) fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    /// The store behind it.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.core.store
    }

    /// A service that takes messages, by the name of its item.
    ///
    /// # Errors
    /// [`DirectorError::UnknownItem`], [`DirectorError::NotAService`].
    pub fn get_business_service(&self, name: &str) -> Result<BusinessService, DirectorError> {
        let item = self.index(name)?;
        let component = self.core.items[item].component();
        match component.entrance {
            Entrance::Director { message } => Ok(BusinessService { director: self.clone(), item, message }),
            Entrance::Queue => Err(DirectorError::NotAService(name.to_owned(), "it is not a service")),
            Entrance::Poll | Entrance::Adapter(_) => {
                Err(DirectorError::NotAService(name.to_owned(), "it fetches its input itself"))
            }
        }
    }

    /// Sends a JSON body to an item and waits for the response. `type_name` may be left out where the item takes one
    /// message type. With an `id`, calling again is safe: the same id is one message and has one response.
    ///
    /// # Errors
    /// See [`DirectorError`].
    pub async fn call_json(
        &self,
        item: &str,
        type_name: Option<&str>,
        body: &[u8],
        id: Option<MessageId>,
    ) -> Result<Called, DirectorError> {
        self.call_json_as(item, type_name, body, id.into()).await
    }

    /// The same, of a message whose id the caller knows before.
    async fn call_json_as(
        &self,
        item: &str,
        type_name: Option<&str>,
        body: &[u8],
        identity: Identity,
    ) -> Result<Called, DirectorError> {
        let index = self.index(item)?;
        let message = self.message_type(index, type_name)?;
        let accepted =
            message.accept(body).map_err(|invalid| DirectorError::Invalid { type_name: message.name, invalid })?;
        let (called, response) = self.call(index, message, accepted, identity).await?;
        Ok(Called { response: response.map(|incoming| incoming.body).filter(|body| !body.is_empty()), ..called })
    }

    /// Sends a JSON body to an item and does not wait for what comes of it: it returns when the message is durable.
    /// Otherwise as [`call_json`](Self::call_json).
    ///
    /// # Errors
    /// See [`DirectorError`].
    pub async fn send_json(
        &self,
        item: &str,
        type_name: Option<&str>,
        body: &[u8],
        id: Option<MessageId>,
    ) -> Result<Called, DirectorError> {
        self.send_json_as(item, type_name, body, id.into()).await
    }

    async fn send_json_as(
        &self,
        item: &str,
        type_name: Option<&str>,
        body: &[u8],
        identity: Identity,
    ) -> Result<Called, DirectorError> {
        let index = self.index(item)?;
        let message = self.message_type(index, type_name)?;
        let accepted =
            message.accept(body).map_err(|invalid| DirectorError::Invalid { type_name: message.name, invalid })?;
        let core = &self.core;
        let id = identity.id();
        if !core.items[index].is_up() {
            return Err(DirectorError::Stopped(core.items[index].name.to_string()));
        }
        let mut emission = entering(core, index, message, accepted, id);
        emission.message.invocation = Invocation::OneWay;
        // The store knows whether it has the message already.
        emission.maybe_stored = identity.may_be_repeated();
        let commit = core.submit(Step::default(), vec![emission]);
        core.halts_at(CrashPoint::AfterAccept, &core.items[index], Some(id)).await;
        core.durable(&commit).await.map_err(store_error)?;
        core.halts_at(CrashPoint::BeforeReply, &core.items[index], Some(id)).await;
        Ok(Called { id, session: SessionId::of(id), response: None })
    }

    /// Puts a suspended message back to its own place in its queue, with its attempts forgotten; `false` where it is not
    /// suspended. What it had parked goes on after it. It is done in the name of `by`, which is in the event log: one that
    /// was in doubt may have had its effect already.
    ///
    /// # Errors
    /// [`DirectorError::NotStored`], [`DirectorError::Unknown`].
    pub async fn resume(&self, message: MessageId, by: impl Into<By>) -> Result<bool, DirectorError> {
        let (director, by) = (self.clone(), by.into());
        let act = async move {
            let act = Act::new("message.resume", format!("message {message}")).by(by.clone());
            let done = director.resume_with(message, &by, Some(director.entry(&act).into())).await;
            director.recorded(act, done, |done| *done).await
        };
        whole(act).await.map_err(store_error)?
    }

    /// Takes an unfinished message out for good, in the name of `by`; `false` where it is finished, or a worker has it.
    /// What waited for it goes on.
    ///
    /// # Errors
    /// [`DirectorError::NotStored`], [`DirectorError::Unknown`].
    pub async fn discard(&self, message: MessageId, by: impl Into<By>) -> Result<bool, DirectorError> {
        let (director, by) = (self.clone(), by.into());
        let act = async move {
            let act = Act::new("message.discard", format!("message {message}")).by(by.clone());
            let done = director.discard_with(message, &by, Some(director.entry(&act).into())).await;
            director.recorded(act, done, |done| *done).await
        };
        whole(act).await.map_err(store_error)?
    }

    /// As [`resume`](Self::resume), with how it is on record.
    async fn resume_with(&self, message: MessageId, by: &By, record: Option<OnRecord>) -> Result<bool, DirectorError> {
        crate::engine::resume(&self.core, message, &by.to_string().into(), record).await.map_err(store_error)
    }

    /// As [`discard`](Self::discard), in the same way.
    async fn discard_with(&self, message: MessageId, by: &By, record: Option<OnRecord>) -> Result<bool, DirectorError> {
        crate::engine::discard(&self.core, message, &by.to_string().into(), record).await.map_err(store_error)
    }

    /// Suspends a message that waits in memory for a worker or for its next attempt, in the name of `by`; `false` where it
    /// does neither. Of an item whose failing messages park or block others, only the first of an order can be suspended.
    ///
    /// # Errors
    /// [`DirectorError::NotStored`], [`DirectorError::Unknown`].
    pub async fn suspend(&self, message: MessageId, by: impl Into<By>) -> Result<bool, DirectorError> {
        let by = by.into();
        let act = Act::new("message.suspend", format!("message {message}")).by(by.clone());
        let entry = Some(self.entry(&act).into());
        let done = crate::engine::suspend(&self.core, message, &by.to_string().into(), entry).await;
        self.recorded(act, done.map_err(store_error), |done| *done).await
    }

    /// The state of every item.
    #[must_use]
    pub fn status(&self) -> ProductionStatus {
        status::of(&self.core)
    }

    /// Starts a stopped item; `false` where it was not stopped.
    ///
    /// # Errors
    /// [`DirectorError::UnknownItem`].
    pub async fn start_item(&self, name: &str) -> Result<bool, DirectorError> {
        let (core, index) = (Arc::clone(&self.core), self.index(name)?);
        let start = async move { crate::engine::start_item(&core, &core.items[index]).await };
        self.to_item("item.start", name, start).await
    }

    /// Stops an item: calls that wait for it fail at once, its queue stays; `false` where it was not running.
    ///
    /// # Errors
    /// [`DirectorError::UnknownItem`].
    pub async fn stop_item(&self, name: &str, how: Stop) -> Result<bool, DirectorError> {
        let (core, index) = (Arc::clone(&self.core), self.index(name)?);
        let stop = async move { crate::engine::stop_item(&core, &core.items[index], how).await };
        self.to_item("item.stop", name, stop).await
    }

    /// Does something to an item, with an entry before and one after; both also where whoever asked goes away in the middle.
    async fn to_item(
        &self,
        action: &'static str,
        name: &str,
        act: impl Future<Output = bool> + Send + 'static,
    ) -> Result<bool, DirectorError> {
        let (director, record) = (self.clone(), Act::new(action, format!("item {name}")));
        let whole = whole(async move {
            director.begins(&record).await?;
            let done = act.await;
            director.audited(record, Ok(done), done_or_not).await
        });
        whole.await.map_err(store_error)?
    }

    /// Has an item finish what it works on and take nothing more: calls wait, and its queue grows. `false` where it was paused.
    /// A pause outlives a stop and a start of the item, not the production.
    ///
    /// # Errors
    /// [`DirectorError::UnknownItem`]; [`DirectorError::Refused`] where it has no queue.
    pub async fn pause_item(&self, name: &str) -> Result<bool, DirectorError> {
        self.set_paused(name, true).await
    }

    /// Has a paused item go on with its queue; `false` where it was not paused.
    ///
    /// # Errors
    /// [`DirectorError::UnknownItem`].
    pub async fn resume_item(&self, name: &str) -> Result<bool, DirectorError> {
        self.set_paused(name, false).await
    }

    async fn set_paused(&self, name: &str, paused: bool) -> Result<bool, DirectorError> {
        let (core, index) = (Arc::clone(&self.core), self.index(name)?);
        let item = &core.items[index];
        if matches!(item.component().entrance, Entrance::Poll | Entrance::Adapter(_)) {
            let problem = format!("`{name}` fetches its input itself and has no queue that could wait: stop it");
            return Err(DirectorError::Refused(problem));
        }
        let action = if paused { "item.pause" } else { "item.resume" };
        let pause = async move { crate::engine::pause_item(&core, &core.items[index], paused) };
        self.to_item(action, name, pause).await
    }

    /// Stops an item and starts it again, with new instances of its component.
    ///
    /// # Errors
    /// [`DirectorError::UnknownItem`].
    pub async fn restart_item(&self, name: &str, how: Stop) -> Result<(), DirectorError> {
        let (core, index) = (Arc::clone(&self.core), self.index(name)?);
        let restart = async move {
            let item = &core.items[index];
            crate::engine::stop_item(&core, item, how).await;
            crate::engine::start_item(&core, item).await
        };
        self.to_item("item.restart", name, restart).await.map(drop)
    }

    pub(super) fn index(&self, name: &str) -> Result<usize, DirectorError> {
        self.core.by_name.get(name).copied().ok_or_else(|| DirectorError::UnknownItem {
            name: name.to_owned(),
            nearest: crate::settings::closest::closest(name, self.core.graph.items.iter().map(|item| item.name))
                .map(str::to_owned),
        })
    }

    fn message_type(&self, item: usize, name: Option<&str>) -> Result<&'static MessageType, DirectorError> {
        let item = &self.core.items[item];
        let takes = (item.component().handles)();
        if matches!(item.component().entrance, Entrance::Poll | Entrance::Adapter(_)) {
            return Err(DirectorError::NoEntrance(item.name.to_string()));
        }
        let found = match name {
            Some(name) => takes.iter().find(|message| message.name == name),
            None if takes.len() == 1 => takes.first(),
            None => None,
        };
        found.copied().ok_or_else(|| DirectorError::UnknownType {
            item: item.name.to_string(),
            takes: takes.iter().map(|message| format!("`{}`", message.name)).collect::<Vec<_>>().join(", "),
            wrong: name.map_or_else(|| "say which".to_owned(), |name| format!("not `{name}`")),
        })
    }

    /// One message from outside, and its response.
    async fn call(
        &self,
        index: usize,
        message: &'static MessageType,
        accepted: Accepted,
        identity: Identity,
    ) -> Result<(Called, Option<Incoming>), DirectorError> {
        let core = &self.core;
        let item = &core.items[index];
        let id = identity.id();
        let called = Called { id, session: SessionId::of(id), response: None };
        let _busy = core.activity.begin(None);
        let timeout = CALL_TIMEOUT.max(item.options.request_timeout);
        if message.transient && core.deadlines.within(timeout, item.queue.room()).await.is_err() {
            return Err(DirectorError::TimedOut { item: item.name.to_string(), timeout });
        }
        let mut wait = core.waiters.wait(id, index, Waiting::Outside);
        // Asked only now: an item that is stopped after this fails the wait.
        if !item.is_up() {
            wait.cancel();
            return Err(DirectorError::Stopped(item.name.to_string()));
        }
        let known = match identity {
            Identity::Given(_) => Box::pin(self.known(id, &item.name, message)).await,
            Identity::New(_) => Ok(None),
        };
        let known = match known {
            Ok(known) => known,
            Err(error) => {
                // Nothing was sent, so nothing can be late.
                wait.cancel();
                return Err(error);
            }
        };
        match known {
            Some(Known::Answered { version, body }) => {
                wait.cancel();
                return Ok((called, Some(Incoming { value: None, version, body })));
            }
            Some(Known::UnderWay) => {}
            None => {
                if let Err(error) = self.has_room() {
                    wait.cancel();
                    return Err(error);
                }
                let mut emission = entering(core, index, message, accepted, id);
                // Somebody else may be calling with the same id at this moment: the store decides.
                emission.maybe_stored = identity.may_be_repeated();
                let accepted = core.submit(Step::default(), vec![emission]);
                core.halts_at(CrashPoint::AfterAccept, item, Some(id)).await;
                if identity.may_be_repeated() {
                    core.durable(&accepted).await.map_err(store_error)?;
                }
            }
        }
        let Ok(delivered) = core.deadlines.within(timeout, wait.response()).await else {
            return Err(DirectorError::TimedOut { item: item.name.to_string(), timeout });
        };
        let Some(delivered) = delivered else { return Err(DirectorError::Stopped(item.name.to_string())) };
        // What goes outside waits until it is durable.
        core.durable(&delivered.commit).await.map_err(store_error)?;
        core.halts_at(CrashPoint::BeforeReply, item, Some(id)).await;
        let incoming = delivered.response.map_err(|error| refused(&item.name, error))?;
        Ok((called, (message.response)().map(|_| incoming)))
    }

    /// Refuses what is new while the store has no room for it.
    fn has_room(&self) -> Result<(), DirectorError> {
        if self.core.store.is_short_of_space() {
            return Err(DirectorError::NotStored(crate::engine::service::NO_SPACE.to_owned()));
        }
        Ok(())
    }

    /// What the store knows of a message whose caller gave the id. The caller waits for the response already: one that is
    /// submitted after the store was asked reaches it.
    async fn known(&self, id: MessageId, item: &str, message: &MessageType) -> Result<Option<Known>, DirectorError> {
        let (request, response) = (self.core.store.find(id), self.core.store.find(response_id(id)));
        let Some(StoredMessage { header, .. }) = request.await.map_err(store_error)? else { return Ok(None) };
        if header.target.as_deref() != Some(item) || &*header.type_name != message.name {
            let target = header.target.as_deref().unwrap_or("nobody");
            let of = format!("a `{}` to `{target}`", header.type_name);
            return Err(DirectorError::OtherMessage { id, of });
        }
        if let Some(response) = response.await.map_err(store_error)? {
            // What goes outside waits until it is durable.
            self.core.flush().await.map_err(store_error)?;
            return Ok(Some(Known::Answered { version: response.header.type_version, body: response.body }));
        }
        let item = header.target.as_deref().unwrap_or_default().to_owned();
        match header.status {
            // A process that waits for its calls has completed its first turn; its response is still to come.
            Status::Completed if header.kind == Kind::Request && (message.response)().is_none() => {
                let waits = self.core.store.load_state(id).await.map_err(store_error)?.is_some();
                Ok(Some(if waits { Known::UnderWay } else { Known::Answered { version: 1, body: Bytes::new() } }))
            }
            Status::Suspended => Err(DirectorError::Suspended {
                item,
                reason: header.reason.unwrap_or(SuspendReason::Poison),
                error: header.error.as_deref().unwrap_or_default().to_owned(),
            }),
            Status::Discarded | Status::Expired => Err(DirectorError::Removed(item)),
            _ => Ok(Some(Known::UnderWay)),
        }
    }
}

/// The id of a message from outside.
#[derive(Debug, Clone, Copy)]
enum Identity {
    /// Nobody has it yet.
    New(MessageId),
    /// The caller gave it, and may have done so before.
    Given(MessageId),
}

impl Identity {
    fn id(self) -> MessageId {
        match self {
            Self::New(id) | Self::Given(id) => id,
        }
    }

    fn may_be_repeated(self) -> bool {
        matches!(self, Self::Given(_))
    }
}

impl From<Option<MessageId>> for Identity {
    fn from(given: Option<MessageId>) -> Self {
        given.map_or_else(|| Self::New(MessageId::random()), Self::Given)
    }
}

enum Known {
    Answered { version: u32, body: Bytes },
    UnderWay,
}

fn entering(core: &Core, index: usize, message: &'static MessageType, accepted: Accepted, id: MessageId) -> Emission {
    Emission {
        message: NewMessage {
            id,
            session: SessionId::of(id),
            parent: None,
            position: 0,
            source: None,
            target: Some(Arc::clone(&core.items[index].name)),
            instance: None,
            type_name: Arc::from(message.name),
            type_version: message.version,
            kind: Kind::Request,
            invocation: Invocation::Sync,
            status: Status::Queued,
            priority: Priority::NORMAL,
            due: None,
            late: false,
            completion_key: None,
            description: None,
            body: accepted.body,
            keys: accepted.keys,
            leased: None,
            order_key: None,
            parks: false,
        },
        value: Some(accepted.value),
        to: Delivery::Queue(index),
        transient: message.transient,
        maybe_stored: false,
    }
}

/// Whether an item of this kind can be sent test messages.
#[must_use]
pub fn takes_messages(kind: ComponentKind, entrance: &Entrance) -> bool {
    kind != ComponentKind::Service || matches!(entrance, Entrance::Director { .. })
}
