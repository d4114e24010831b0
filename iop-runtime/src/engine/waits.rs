//! What a process instance or a group waits for: calls that are not answered yet, and timers.
//!
//! A few open calls stand in the stored state itself. Those beyond have a small state of their own each, so that what is
//! written for one response does not grow with how many are still to come.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::core::Emission;
use super::turn::timer_id;
use crate::component::Error;
use crate::message::MessageId;
use crate::store::{StateWrite, Store, StoreError};

/// Open calls that stand in the state itself.
const WITHIN: usize = 32;

/// What is waited for, as it is stored.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Open {
    /// Calls whose response is still to come. By id: an earlier run of a turn may have made calls that the one that
    /// counts did not, and a call that failed may be resumed and answered after all.
    calls: Vec<MessageId>,
    /// Those of them that have a timeout.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    timed: Vec<MessageId>,
    /// Calls beyond these, each a state of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beyond: Option<Beyond>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    timers: Vec<SetTimer>,
    /// It is not stored, and neither are its calls beyond the few.
    #[serde(skip)]
    only_here: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Beyond {
    count: u64,
    /// Stands in the state of each: a group may end and begin again under the same id.
    mark: MessageId,
}

/// The state of a call beyond [`WITHIN`].
#[derive(Debug, Serialize, Deserialize)]
struct CallState {
    mark: MessageId,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    timed: bool,
}

/// A timer that is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SetTimer {
    pub(crate) id: MessageId,
    pub(crate) name: Arc<str>,
    /// The instance is not complete before it has gone off.
    pub(crate) holds: bool,
}

/// What a turn does with timers. Stored with its end, and not before.
#[derive(Debug)]
pub(crate) enum TimerChange {
    Set(SetTimer, Box<Emission>),
    Cancel(Arc<str>),
}

impl TimerChange {
    fn name(&self) -> &Arc<str> {
        match self {
            Self::Set(timer, _) => &timer.name,
            Self::Cancel(name) => name,
        }
    }
}

/// Where an open call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Within,
    Beyond { timed: bool },
}

/// What comes of a change: for the step of the turn.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) state: Vec<StateWrite>,
    /// Timers that are not wanted any more.
    pub(crate) cancel: Vec<MessageId>,
    /// Timers to store.
    pub(crate) emit: Vec<Emission>,
}

fn state_of(call: MessageId) -> MessageId {
    call.derive(&[b"open"])
}

/// The change that removes the state of a call.
fn removed(call: MessageId) -> StateWrite {
    StateWrite { instance: state_of(call), expected: Some(1), new: None }
}

impl Open {
    /// What an instance waits for that is in memory alone.
    pub(crate) fn only_here() -> Self {
        Self { only_here: true, ..Self::default() }
    }

    /// Whether something is still waited for after `changes`.
    pub(crate) fn holds(&self, changes: &[TimerChange]) -> bool {
        if !self.calls.is_empty() || self.beyond.is_some() {
            return true;
        }
        let of = |name: &Arc<str>| changes.iter().rev().find(|change| change.name() == name);
        let kept = self.timers.iter().any(|timer| timer.holds && of(&timer.name).is_none());
        let set = |change: &TimerChange| match change {
            TimerChange::Set(timer, _) => timer.holds && of(&timer.name).is_some_and(|last| std::ptr::eq(last, change)),
            TimerChange::Cancel(_) => false,
        };
        kept || changes.iter().any(set)
    }

    /// Adds the calls of a turn. `mark` is the message of the turn.
    pub(crate) fn add(
        &mut self,
        calls: &[MessageId],
        timed: &[MessageId],
        mark: MessageId,
    ) -> Result<Vec<StateWrite>, Error> {
        let within = if self.only_here { usize::MAX } else { WITHIN };
        let room = within.saturating_sub(self.calls.len()).min(calls.len());
        let (within, beyond) = calls.split_at(room);
        self.calls.extend_from_slice(within);
        self.timed.extend(timed.iter().filter(|call| within.contains(call)));
        if beyond.is_empty() {
            return Ok(Vec::new());
        }
        let timed: std::collections::HashSet<&MessageId> = timed.iter().collect();
        let of = self.beyond.get_or_insert(Beyond { count: 0, mark });
        of.count += beyond.len() as u64;
        let mark = of.mark;
        let write = |call: &MessageId| {
            let state = CallState { mark, timed: timed.contains(call) };
            let new = Some(Bytes::from(serde_json::to_vec(&state).map_err(Error::fatal)?));
            Ok(StateWrite { instance: state_of(*call), expected: None, new })
        };
        beyond.iter().map(write).collect()
    }

    /// Where a call stands; `None` where it is not waited for.
    pub(crate) async fn find(&self, store: &dyn Store, call: MessageId) -> Result<Option<Place>, StoreError> {
        if self.calls.contains(&call) {
            return Ok(Some(Place::Within));
        }
        let Some(beyond) = &self.beyond else { return Ok(None) };
        let Some(state) = store.load_state(state_of(call)).await? else { return Ok(None) };
        // What cannot be read was not written here, and nobody waits for it.
        let state = serde_json::from_slice::<CallState>(&state.data).ok();
        let state = state.filter(|state| state.mark == beyond.mark);
        Ok(state.map(|state| Place::Beyond { timed: state.timed }))
    }

    /// A call is answered, or has timed out: `by_timer`.
    pub(crate) fn answered(&mut self, call: MessageId, place: Place, by_timer: bool) -> Changes {
        let mut changes = Changes::default();
        let timed = match place {
            Place::Within => {
                self.calls.retain(|open| *open != call);
                let before = self.timed.len();
                self.timed.retain(|timed| *timed != call);
                self.timed.len() < before
            }
            Place::Beyond { timed } => {
                changes.state.push(removed(call));
                self.beyond = self.beyond.take().filter(|beyond| beyond.count > 1);
                if let Some(beyond) = &mut self.beyond {
                    beyond.count -= 1;
                }
                timed
            }
        };
        if timed && !by_timer {
            changes.cancel.push(timer_id(call));
        }
        changes
    }

    /// The timer that is set under this id.
    pub(crate) fn timer(&self, id: MessageId) -> Option<&SetTimer> {
        self.timers.iter().find(|timer| timer.id == id)
    }

    /// A timer has gone off.
    pub(crate) fn gone_off(&mut self, id: MessageId) {
        self.timers.retain(|timer| timer.id != id);
    }

    /// Sets and cancels timers.
    pub(crate) fn change(&mut self, timers: Vec<TimerChange>) -> Changes {
        let mut changes = Changes::default();
        for change in timers {
            for old in self.timers.extract_if(.., |timer| timer.name == *change.name()) {
                // One that this turn has set is not stored yet.
                match changes.emit.iter().position(|emission| emission.message.id == old.id) {
                    Some(at) => drop(changes.emit.remove(at)),
                    None => changes.cancel.push(old.id),
                }
            }
            if let TimerChange::Set(timer, emission) = change {
                self.timers.push(timer);
                changes.emit.push(*emission);
            }
        }
        changes
    }

    /// Ends all waiting: the timers to cancel, and the calls whose callers have given up, as far as they are known.
    pub(crate) fn end(&mut self) -> (Vec<MessageId>, Vec<MessageId>) {
        let open = std::mem::take(self);
        let timers = open.timers.into_iter().map(|timer| timer.id);
        (timers.chain(open.timed.into_iter().map(timer_id)).collect(), open.calls)
    }
}

/// What is left of a call that nobody waits for any more.
pub(crate) async fn left_over(store: &dyn Store, call: MessageId) -> Result<Option<StateWrite>, StoreError> {
    Ok(store.load_state(state_of(call)).await?.map(|_| removed(call)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::store::Step;
    use crate::store::memory::MemoryStore;

    async fn commit(store: &MemoryStore, state: Vec<StateWrite>) {
        let outcome = store.submit(Step { state, ..Step::default() }).commit.wait().await;
        assert!(outcome.unwrap().is_stored());
    }

    #[tokio::test]
    async fn however_many_calls_are_open_what_is_stored_for_each_response_is_small() {
        let store = MemoryStore::new(Arc::new(SystemClock));
        let calls: Vec<MessageId> = (0..1000).map(|_| MessageId::random()).collect();
        let mut open = Open::default();
        commit(&store, open.add(&calls, &calls[900..], MessageId::random()).unwrap()).await;
        for (at, call) in calls.iter().enumerate() {
            assert!(serde_json::to_vec(&open).unwrap().len() < 2000);
            assert!(open.holds(&[]));
            let place = open.find(&*store, *call).await.unwrap().expect("it is open");
            let changes = open.answered(*call, place, false);
            assert_eq!(changes.cancel.len(), usize::from(at >= 900), "{at}");
            commit(&store, changes.state).await;
            assert_eq!(open.find(&*store, *call).await.unwrap(), None, "it is answered once");
        }
        assert!(!open.holds(&[]));
    }

    #[tokio::test]
    async fn a_call_of_an_instance_that_has_ended_is_not_taken_for_one_of_the_next() {
        let store = MemoryStore::new(Arc::new(SystemClock));
        let calls: Vec<MessageId> = (0..40).map(|_| MessageId::random()).collect();
        let (mut first, mut second) = (Open::default(), Open::default());
        commit(&store, first.add(&calls, &[], MessageId::random()).unwrap()).await;
        first.end();
        let others: Vec<MessageId> = (0..40).map(|_| MessageId::random()).collect();
        commit(&store, second.add(&others, &[], MessageId::random()).unwrap()).await;
        assert_eq!(second.find(&*store, calls[39]).await.unwrap(), None);
        let left = left_over(&*store, calls[39]).await.unwrap().expect("its state is left");
        commit(&store, vec![left]).await;
        assert!(left_over(&*store, calls[39]).await.unwrap().is_none());
    }
}
