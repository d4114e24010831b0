//! Time in a turn: timers of process instances, and sleeping.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::core::{Delivery, Emission};
use super::turn::{EngineTurn, Waiting, not_read};
use super::waits::{SetTimer, TimerChange};
use crate::clock::Timestamp;
use crate::component::{ComponentKind, Error, RequestError, Result};
use crate::message::{Invocation, Kind, MessageId, Status};
use crate::store::NewMessage;

/// The type name of a timer that a process has set.
pub(crate) const TIMER: &str = "iop.timer";
/// The type name of the record of a handler that sleeps.
const SLEEP: &str = "iop.sleep";

impl EngineTurn {
    /// See [`Turn::set_timer`](crate::component::Turn::set_timer).
    pub(crate) fn set_timer(&self, name: Arc<str>, delay: Duration, holds: bool) -> Result {
        let instance = self.timed_instance()?;
        let mut sends = self.sends();
        let position = sends.next_position();
        let id = self.origin().derive(&[b"timer", &position.to_le_bytes(), name.as_bytes()]);
        let due = self.core.clock.now().after(delay);
        let message = NewMessage {
            target: Some(Arc::clone(&self.item.name)),
            instance: Some(instance),
            completion_key: Some(Arc::clone(&name)),
            ..self.alarm(id, position, TIMER, due)
        };
        let to = Delivery::Queue(self.item.index);
        // It is stored with the end of the turn alone, so no earlier run of it can have stored it.
        let emission = Emission { message, value: None, to, transient: false, maybe_stored: false };
        sends.timers.push(TimerChange::Set(SetTimer { id, name, holds }, Box::new(emission)));
        Ok(())
    }

    /// See [`Turn::cancel_timer`](crate::component::Turn::cancel_timer).
    pub(crate) fn cancel_timer(&self, name: Arc<str>) -> Result {
        self.timed_instance()?;
        self.sends().timers.push(TimerChange::Cancel(name));
        Ok(())
    }

    fn timed_instance(&self) -> Result<MessageId> {
        let process = self.item.kind() == ComponentKind::Process;
        self.instance().filter(|_| process).ok_or_else(|| {
            Error::fatal(format!("`{}` works on no request that could wait: only a process has timers", self.item.name))
        })
    }

    /// See [`Turn::sleep`](crate::component::Turn::sleep).
    pub(crate) async fn slept(self: Arc<Self>, position: u32, duration: Duration) -> Result<(), RequestError> {
        let until = self.wakes(position, duration).await?;
        // What is waited for here is no work of the handler.
        let _waiting = Waiting::begin(&self.waiting);
        let rest = until.since(self.core.clock.now());
        tokio::time::sleep(rest).await;
        Ok(())
    }

    /// When the sleep at this position is over.
    async fn wakes(&self, position: u32, duration: Duration) -> Result<Timestamp, RequestError> {
        let due = self.core.clock.now().after(duration);
        if self.header().is_none() && !self.repeated {
            // A hook or a poll is not repeated.
            self.commit_with(None)?;
            return Ok(due);
        }
        let id = self.origin().derive(&[b"sleep", &position.to_le_bytes(), &duration.as_nanos().to_le_bytes()]);
        if self.repeated {
            let earlier = self.core.store.find(id).await.map_err(|error| not_read(&error))?;
            if let Some(due) = earlier.and_then(|earlier| earlier.header.due) {
                return Ok(due);
            }
        }
        let message = NewMessage { status: Status::Completed, ..self.alarm(id, position, SLEEP, due) };
        let to = Delivery::Store;
        self.commit_with(Some(Emission { message, value: None, to, transient: false, maybe_stored: true }))?;
        Ok(due)
    }

    fn alarm(&self, id: MessageId, position: u32, type_name: &str, due: Timestamp) -> NewMessage {
        NewMessage {
            id,
            session: self.session(),
            parent: self.header().map(|header| header.id),
            position,
            source: Some(Arc::clone(&self.item.name)),
            target: None,
            instance: None,
            type_name: Arc::from(type_name),
            type_version: 1,
            kind: Kind::Timer,
            invocation: Invocation::OneWay,
            status: Status::Queued,
            priority: self.priority(),
            due: Some(due),
            late: false,
            completion_key: None,
            description: None,
            body: Bytes::from_static(b"null"),
            keys: Vec::new(),
            order_key: None,
            parks: false,
            leased: None,
        }
    }
}
