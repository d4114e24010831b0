//! Process instances between their turns: what is stored of a request that waits for responses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::ending::Known;
use super::groups::Group;
use super::waits::Open;
use crate::component::Error;
use crate::message::{Header, MessageId};
use crate::store::{Store, StoreError};

/// Instances kept in memory between turns; the others are read from the store.
const CACHED: usize = 1024;
/// Bytes of calls kept in memory until their responses.
const CACHED_CALLS: usize = 16 << 20;

/// The stored state of an instance, as JSON.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Calls and timers that are still to come.
    pub(crate) open: Open,
    /// What the handler answered, kept until the calls are complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<Box<RawValue>>,
    /// The version of its message type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answer_version: Option<u32>,
    /// `on_complete` has answered, and made calls of its own that its answer waits for: it is not called again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) completed: bool,
    /// The request has its response, or somebody else will give it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) answered: bool,
    /// The `#[state]` fields.
    pub(crate) state: Option<Box<RawValue>>,
}

impl Record {
    pub(crate) fn to_bytes(&self) -> Result<Bytes, Error> {
        serde_json::to_vec(self).map(Bytes::from).map_err(Error::fatal)
    }
}

/// JSON that is already written, for embedding.
pub(crate) fn raw(body: &[u8]) -> Result<Box<RawValue>, Error> {
    serde_json::from_slice(body).map_err(Error::fatal)
}

/// An instance as a turn works with it.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) version: u64,
    pub(crate) record: Record,
    pub(crate) request: Arc<Request>,
}

/// The request that an instance works on.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) header: Header,
    /// The instance of the sender, where the sender is a process.
    pub(crate) caller: Option<MessageId>,
    pub(crate) body: Bytes,
    /// It is nowhere else.
    pub(crate) transient: bool,
}

/// Instances in memory, as they are stored; two workers never work on one (see the queue).
#[derive(Debug, Default)]
pub(crate) struct Instances(Mutex<Cache>);

#[derive(Debug, Default)]
struct Cache {
    instances: HashMap<MessageId, Instance>,
    /// Those of transient requests, which the store does not have.
    only_here: HashMap<MessageId, Instance>,
    groups: HashMap<MessageId, Group>,
    calls: HashMap<MessageId, Call>,
    call_bytes: usize,
}

/// A call of an instance, as `on_response` gets it back.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) type_name: Arc<str>,
    pub(crate) type_version: u32,
    pub(crate) target: Arc<str>,
    pub(crate) body: Bytes,
    /// It is nowhere else.
    pub(crate) transient: bool,
}

impl Call {
    /// What it takes in memory, about.
    fn size(&self) -> usize {
        size_of::<(MessageId, Self)>() + self.type_name.len() + self.target.len() + self.body.len()
    }
}

impl Cache {
    fn instance(&self, id: MessageId) -> Option<Instance> {
        self.instances.get(&id).or_else(|| self.only_here.get(&id)).cloned()
    }

    fn forget(&mut self, id: MessageId) -> Option<Call> {
        let call = self.calls.remove(&id)?;
        self.call_bytes -= call.size();
        Some(call)
    }
}

impl Instances {
    fn lock(&self) -> MutexGuard<'_, Cache> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a call until its response is taken, where there is room: otherwise it is read from the store.
    pub(crate) fn remember(&self, id: MessageId, call: Call) {
        let mut cache = self.lock();
        // A repeated turn makes its calls again.
        cache.forget(id);
        if call.transient || cache.call_bytes + call.size() <= CACHED_CALLS {
            cache.call_bytes += call.size();
            cache.calls.insert(id, call);
        }
    }

    /// Takes over what a turn leaves: its instance or group for the next turn, and no call that is answered.
    pub(crate) fn take(&self, known: Known) {
        let Known { instance, group, call } = known;
        if instance.is_none() && group.is_none() && call.is_none() {
            return;
        }
        let mut cache = self.lock();
        match instance {
            Some((id, Some(instance))) if instance.request.transient => drop(cache.only_here.insert(id, instance)),
            Some((id, Some(instance))) => keep(&mut cache.instances, id, instance),
            Some((id, None)) => {
                cache.instances.remove(&id);
                cache.only_here.remove(&id);
            }
            None => {}
        }
        if let Some(group) = group {
            keep(&mut cache.groups, group.id, group);
        }
        if let Some(call) = call {
            cache.forget(call);
        }
    }

    /// The call, from memory or from the store.
    pub(crate) async fn call(&self, store: &dyn Store, id: MessageId) -> Result<Call, LoadError> {
        let remembered = self.lock().calls.get(&id).cloned();
        if let Some(call) = remembered {
            return Ok(call);
        }
        let Some(request) = store.find(id).await? else { return Err(LoadError::RequestMissing(id)) };
        let target = request.header.target.unwrap_or_default();
        let Header { type_name, type_version, .. } = request.header;
        Ok(Call { type_name, type_version, target, body: request.body, transient: false })
    }

    /// The instance, from memory or from the store; `None` where it is complete.
    pub(crate) async fn load(&self, store: &dyn Store, id: MessageId) -> Result<Option<Instance>, LoadError> {
        let cached = self.lock().instance(id);
        if let Some(instance) = cached {
            return Ok(Some(instance));
        }
        let (state, request) = (store.load_state(id), store.find(id));
        let Some(state) = state.await? else { return Ok(None) };
        let record = serde_json::from_slice(&state.data)?;
        let Some(request) = request.await? else { return Err(LoadError::RequestMissing(id)) };
        let (header, caller, body) = (request.header, request.instance, request.body);
        let request = Request { header, caller, body, transient: false };
        Ok(Some(Instance { version: state.version, record, request: Arc::new(request) }))
    }

    /// The group, from memory or from the store. A turn that does not leave it leaves it as it is stored.
    pub(crate) async fn group(&self, store: &dyn Store, id: MessageId) -> Result<Group, LoadError> {
        let cached = self.lock().groups.remove(&id);
        if let Some(group) = cached {
            return Ok(group);
        }
        Ok(match store.load_state(id).await? {
            Some(state) => Group { id, version: Some(state.version), record: serde_json::from_slice(&state.data)? },
            None => Group { id, version: None, record: Record::default() },
        })
    }

    /// Forgets everything: after a failure of the store, what is here may not be there.
    pub(crate) fn clear(&self) {
        *self.lock() = Cache::default();
    }
}

fn keep<T>(cached: &mut HashMap<MessageId, T>, id: MessageId, instance: T) {
    if cached.len() >= CACHED
        && !cached.contains_key(&id)
        && let Some(other) = cached.keys().next().copied()
    {
        // Any one will do: it is read from the store again, which sees every state submitted before.
        cached.remove(&other);
    }
    cached.insert(id, instance);
}

/// Why an instance cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("the state of the process cannot be read: {0}")]
    Store(#[from] StoreError),
    #[error("the stored state of the process is not what this program writes: {0}")]
    Format(#[from] serde_json::Error),
    #[error("the request {0} that the process works on is not in the store")]
    RequestMissing(MessageId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_made_again_takes_no_more_room() {
        let (instances, id) = (Instances::default(), MessageId::random());
        for _ in 0..3 {
            instances.remember(
                id,
                Call {
                    type_name: "A".into(),
                    type_version: 1,
                    target: "b".into(),
                    body: Bytes::from_static(b"{}"),
                    transient: false,
                },
            );
        }
        instances.take(Known { call: Some(id), ..Known::default() });
        assert_eq!(instances.lock().call_bytes, 0);
    }
}
