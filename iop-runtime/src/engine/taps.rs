//! Wire taps: copies of what an item receives, or answers, for another item.
//!
//! A copy is a message of its own, in the step of the message that is copied: both are stored, or neither is. It waits in the
//! queue of the item behind the tap, wants no response, and nothing of the flow waits for it. Copies are not copied again.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::core::{Core, Delivery, Emission};
use super::reply::{FAILURE, NOTHING};
use crate::message::{Invocation, Kind, Message, MessageId, Status, Tapped};
use crate::production::Graph;
use crate::store::NewMessage;

/// What the trace shows beside a copy.
const DESCRIPTION: &str = "wire tap";

/// Where copies go, by the item that is tapped.
#[derive(Debug)]
pub(crate) struct Taps {
    requests: Vec<Vec<Tap>>,
    responses: Vec<Vec<Tap>>,
}

/// The item behind a tap.
#[derive(Debug)]
struct Tap {
    to: usize,
    name: Arc<str>,
    /// It takes copies of any type.
    takes_all: bool,
}

impl Taps {
    pub(crate) fn of(graph: &Graph) -> Self {
        let of = |responses: bool| {
            let mut taps: Vec<Vec<Tap>> = graph.items.iter().map(|_| Vec::new()).collect();
            for tap in graph.taps.iter().filter(|tap| tap.responses == responses) {
                let Some(item) = graph.items.get(tap.to) else { continue };
                let takes_all = (item.component.handles)().contains(&Tapped::TYPE);
                taps[tap.of].push(Tap { to: tap.to, name: Arc::from(item.name), takes_all });
            }
            taps
        };
        Self { requests: of(false), responses: of(true) }
    }

    /// Adds the copies, each behind what is copied.
    pub(crate) fn copies(&self, core: &Core, emissions: Vec<Emission>) -> Vec<Emission> {
        if core.graph.taps.is_empty() {
            return emissions;
        }
        let mut all = Vec::with_capacity(emissions.len());
        for emission in emissions {
            let copies: Vec<Emission> =
                self.taps(core, &emission).iter().map(|tap| copy(core, &emission, tap)).collect();
            all.push(emission);
            all.extend(copies);
        }
        all
    }

    fn taps(&self, core: &Core, emission: &Emission) -> &[Tap] {
        let message = &emission.message;
        let taps = match (message.kind, emission.to) {
            (Kind::Request, Delivery::Queue(item)) => self.requests.get(item),
            // Given to a process once more, it was copied when it was given first.
            (Kind::Response, _) if emission.maybe_stored => None,
            (Kind::Response, _) if [FAILURE, NOTHING].contains(&&*message.type_name) => None,
            (Kind::Response, _) => {
                let source = message.source.as_ref().and_then(|item| core.by_name.get(item));
                source.and_then(|item| self.responses.get(*item))
            }
            _ => None,
        };
        taps.map(Vec::as_slice).unwrap_or_default()
    }
}

fn copy(core: &Core, emission: &Emission, tap: &Tap) -> Emission {
    let copied = &emission.message;
    let response = copied.kind == Kind::Response;
    let item = if response { copied.source.clone() } else { copied.target.clone() };
    let wrapped = if tap.takes_all { wrapped(copied, item.clone(), response) } else { None };
    let (type_name, type_version, body, keys) = match wrapped {
        Some((body, keys)) => (Arc::from(Tapped::NAME), Tapped::TYPE.version, body, keys),
        None => (Arc::clone(&copied.type_name), copied.type_version, copied.body.clone(), copied.keys.clone()),
    };
    let message = NewMessage {
        id: copied.id.derive(&[b"tap", tap.name.as_bytes()]),
        parent: Some(copied.id),
        position: 0,
        source: item,
        target: Some(Arc::clone(&tap.name)),
        instance: None,
        type_name,
        type_version,
        kind: Kind::Request,
        invocation: Invocation::OneWay,
        status: Status::Queued,
        due: None,
        late: false,
        completion_key: None,
        description: Some(Arc::from(DESCRIPTION)),
        body,
        keys,
        leased: None,
        order_key: None,
        parks: false,
        ..copied.clone()
    };
    // The copy of a message that is kept in memory alone is one too, as long as there is room for it.
    let room = core.items.get(tap.to).is_some_and(|item| item.queue.has_room());
    Emission {
        message,
        value: None,
        to: Delivery::Queue(tap.to),
        transient: emission.transient && room,
        maybe_stored: emission.maybe_stored,
    }
}

/// [`Tapped`] with a body that need not be read to be written.
#[derive(Serialize)]
struct Wrapped<'a> {
    message: MessageId,
    item: &'a str,
    other: Option<&'a str>,
    response: bool,
    #[serde(rename = "type")]
    type_name: &'a str,
    body: &'a RawValue,
}

type Keys = Vec<(&'static str, String)>;

fn wrapped(copied: &NewMessage, item: Option<Arc<str>>, response: bool) -> Option<(Bytes, Keys)> {
    let item = item.unwrap_or_default();
    let other = if response { &copied.target } else { &copied.source };
    let wrapped = Wrapped {
        message: copied.id,
        item: &item,
        other: other.as_deref(),
        response,
        type_name: &copied.type_name,
        body: serde_json::from_slice(&copied.body).ok()?,
    };
    let body = Bytes::from(serde_json::to_vec(&wrapped).ok()?);
    Some((body, vec![("message", copied.id.to_string()), ("item", item.to_string())]))
}
