//! The express way: a transient request whose sender waits goes from turn to turn as a value. Nothing of it is stored, so
//! nothing is written as JSON, looked up by its id or put into order keys; what it has in common with every other message
//! is the bound of its queue, its place in the order, its worker, and how its turn is guarded.
//!
//! It is for what is plain. Where an item gathers, is paced or tapped, holds a backlog or counts hops, a message takes the
//! ordinary way, and so does one whose turn fails or goes on in other turns: it becomes an [`Envelope`] then.
//!
//! [`Envelope`]: super::envelope::Envelope

mod lane;
mod queue;
mod sent;
mod turn;

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::Either;
use tokio::sync::oneshot;

pub(super) use self::lane::{Lane, Seat, fail};
pub(super) use self::queue::Then;
pub(super) use self::sent::Sent;
use super::core::Core;
use super::item::ItemState;
use super::lanes::QueueOrder;
use super::probe::CrashPoint;
use super::queue::QueueKind;
use super::turn::{EngineTurn, Waiting};
use super::waiters::{Caller, Delivered};
use crate::component::{ByValue, Coming, Effect, Incoming, RequestError};
use crate::message::{Decoded, MessageId, MessageType, Priority};
use crate::production::Item;

/// A request on the express way, with the turn that will work on it.
#[derive(Debug)]
pub(crate) struct Express {
    pub(super) turn: Arc<EngineTurn>,
    pub(super) value: Decoded,
    /// Where its sender waits.
    pub(super) seat: Seat,
}

/// What a sender waits for.
pub(crate) struct Answer {
    /// The request, where a test looks at each.
    pub(crate) request: Option<MessageId>,
    pub(crate) answer: oneshot::Receiver<Delivered>,
}

/// What a turn, or somebody outside, sends.
struct Sending {
    from: Option<Arc<EngineTurn>>,
    message: &'static MessageType,
    value: Decoded,
    position: u32,
    description: Option<Arc<str>>,
    /// It waits for the answer and does nothing else meanwhile.
    lends: bool,
}

impl Core {
    /// Takes a transient message from outside on the express way; gives it back where it has to go the ordinary one.
    pub(crate) fn call_by_value(
        self: &Arc<Self>,
        item: &Arc<ItemState>,
        message: &'static MessageType,
        value: Decoded,
    ) -> Result<Answer, Decoded> {
        let lends = self.is_at_home();
        let sending = Sending { from: None, message, value, position: 0, description: None, lends };
        self.send_by_value(item, sending, Caller::Outside)
    }

    fn send_by_value(
        self: &Arc<Self>,
        item: &Arc<ItemState>,
        sending: Sending,
        caller: Caller,
    ) -> Result<Answer, Decoded> {
        let Sending { from, message, value, position, description, lends } = sending;
        if !item.queue.is_plain() {
            return Err(value);
        }
        let Ok(mut sent) = Sent::new(from, message, &value, self.clock.now()) else { return Err(value) };
        sent.position = position;
        sent.description = description;
        sent.sequence = self.last_sequence();
        let turn = EngineTurn::by_value(Arc::clone(self), Arc::clone(item), sent);
        // Nobody else asks for it here.
        let request = self.probe.as_ref().map(|_| turn.origin());
        let (reply, answer) = oneshot::channel();
        let express = Express { turn, value, seat: Seat::NONE };
        match item.queue.offer(express, caller, reply, lends) {
            Ok(loan) => {
                if let Some(loan) = loan
                    && !loan.lend()
                {
                    loan.wake();
                }
                Ok(Answer { request, answer })
            }
            Err(express) => Err(express.value),
        }
    }
}

impl EngineTurn {
    /// See [`Turn::express`](crate::component::Turn::express).
    pub(super) fn express(self: &Arc<Self>, request: ByValue) -> Result<Coming, ByValue> {
        let plain = self.priority() == Priority::NORMAL && self.has_nothing_pending();
        let Some(item) = self.core.items.get(request.to.index).filter(|_| plain) else { return Err(request) };
        let ByValue { position, to, message, value, timeout, description, alone } = request;
        let timeout = timeout.unwrap_or(self.item.options.request_timeout);
        let (from, kept) = (Some(Arc::clone(self)), description.clone());
        let sending = Sending { from, message, value, position, description: kept, lends: alone };
        match self.core.send_by_value(item, sending, Caller::Turn) {
            Ok(answer) => Ok(self.coming(answer, to.item, timeout)),
            Err(value) => {
                let timeout = Some(timeout);
                Err(ByValue { position, to, message, value, timeout, description, alone })
            }
        }
    }

    /// The answer, which is there already where the sender has lent its thread.
    fn coming(self: &Arc<Self>, mut sent: Answer, target: Arc<str>, timeout: Duration) -> Coming {
        if self.core.probe.is_none()
            && let Ok(delivered) = sent.answer.try_recv()
        {
            if delivered.commit.is_nothing() {
                return Either::Left(ready(delivered.response));
            }
            let turn = Arc::clone(self);
            return Either::Right(Box::pin(async move { turn.taken(Some(delivered), &target).await }));
        }
        Either::Right(Box::pin(Arc::clone(self).answered(sent, target, timeout)))
    }

    async fn answered(
        self: Arc<Self>,
        Answer { request, answer }: Answer,
        target: Arc<str>,
        timeout: Duration,
    ) -> Result<Incoming, RequestError> {
        self.core.halts_at(CrashPoint::AfterRequest, &self.item, request).await;
        let waiting = Waiting::begin(&self.waiting);
        let answer = self.core.deadlines.within(timeout, answer).await;
        drop(waiting);
        self.core.halts_at(CrashPoint::AfterResponse, &self.item, request).await;
        match answer {
            Ok(delivered) => self.taken(delivered.ok(), &target).await,
            // Nothing of it is stored, so nothing will be late.
            Err(_) => Err(RequestError::TimedOut { target, timeout }),
        }
    }
}

/// Whether messages may come to an item on the express way at all.
pub(super) fn is_plain(item: &Item, kind: QueueKind) -> bool {
    let in_order = match kind.order {
        QueueOrder::Free => true,
        QueueOrder::Whole => kind.workers == 1,
        QueueOrder::Key(_) => false,
    };
    in_order
        && kind.served
        && kind.gate.interval.is_none()
        && item.component.effect != Effect::AtMostOnce
        && item.component.correlate.is_none()
        && item.policy.max_hops.is_none()
}
