//! The auditor: joins what was acknowledged, what the store says, and what the target got, and proves seven invariants.
//!
//! | | |
//! |---|---|
//! | A1 | no loss: every acknowledged number is in exactly one state that can be looked up |
//! | A2 | at least once: every completed delivery is in the log of the target |
//! | A3 | effectively once inside: an order has one message at the desk, that one delivery and one count, and a number is in one batch |
//! | A4 | order: of a lane, first deliveries come in the order of the acknowledgements |
//! | A5 | a delivery that comes again has the same idempotency key |
//! | A6 | no ghosts: the target got nothing that was not sent |
//! | A7 | conservation: what was accepted is the sum of its states, and what was discarded says by whom |

mod inside;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use iop::message::Status;

use crate::books::Row;
use crate::engine::Site;
use crate::ledger::{Acked, Ledger};
use crate::target::Delivered;
use crate::trouble::Result;

/// What an invariant is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Invariant {
    A1,
    A2,
    A3,
    A4,
    A5,
    A6,
    A7,
}

/// What the auditor joins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evidence {
    pub(crate) sent: BTreeSet<u64>,
    pub(crate) acked: Vec<Acked>,
    pub(crate) delivered: Vec<Delivered>,
    pub(crate) rows: Vec<Row>,
}

/// What came out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict {
    pub(crate) acked: usize,
    /// Acknowledged numbers by the state that they have come to.
    pub(crate) states: BTreeMap<&'static str, usize>,
    /// Numbers that the target got more than once.
    pub(crate) duplicates: usize,
    pub(crate) delivered: usize,
    pub(crate) findings: Vec<(Invariant, String)>,
}

impl Verdict {
    fn find(&mut self, invariant: Invariant, what: impl Into<String>) {
        self.findings.push((invariant, what.into()));
    }

    /// How often an invariant was broken.
    pub(crate) fn broken(&self, invariant: Invariant) -> usize {
        self.findings.iter().filter(|(broken, _)| *broken == invariant).count()
    }

    /// Acknowledged numbers in a state.
    pub(crate) fn in_state(&self, state: Status) -> usize {
        self.states.get(state.as_str()).copied().unwrap_or(0)
    }

    /// An error where anything was found.
    pub(crate) fn holds(self) -> Result<Self> {
        if self.findings.is_empty() { Ok(self) } else { Err(self.to_string().into()) }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states: Vec<String> = self.states.iter().map(|(state, count)| format!("{count} {state}")).collect();
        write!(f, "{} acknowledged = {}; ", self.acked, states.join(" + "))?;
        write!(f, "{} delivered, {} more than once", self.delivered, self.duplicates)?;
        if self.findings.is_empty() {
            return write!(f, "; A1 to A7 hold");
        }
        for (invariant, what) in self.findings.iter().take(20) {
            write!(f, "\n  {invariant:?}: {what}")?;
        }
        let rest = self.findings.len().saturating_sub(20);
        if rest > 0 { write!(f, "\n  and {rest} more") } else { Ok(()) }
    }
}

/// Audits a site whose engine has ended.
pub(crate) fn audit(site: &Site, ledger: &Ledger) -> Result<Verdict> {
    Ok(judge(&Evidence {
        sent: ledger.sent(),
        acked: ledger.acked(),
        delivered: site.target.delivered(),
        rows: crate::books::read(&site.store())?,
    }))
}

/// Where the messages of a number are.
#[derive(Debug, Default)]
struct Way<'a> {
    orders: Vec<&'a Row>,
    deliveries: Vec<&'a Row>,
}

impl Way<'_> {
    /// The state that the number has come to.
    fn frontier(&self) -> Option<Status> {
        self.deliveries.first().or(self.orders.first()).map(|row| row.status)
    }

    /// In the order of acceptance, at the desk and at the target.
    fn sequences(&self) -> Vec<u64> {
        self.orders.iter().chain(&self.deliveries).map(|row| row.sequence).collect()
    }
}

/// Judges evidence.
pub(crate) fn judge(evidence: &Evidence) -> Verdict {
    let mut verdict = Verdict { acked: evidence.acked.len(), ..Verdict::default() };
    let mut ways: HashMap<u64, Way<'_>> = HashMap::new();
    for row in &evidence.rows {
        if row.is("Order") && is_desk(&row.target) {
            ways.entry(row.said.number).or_default().orders.push(row);
        } else if row.is("Delivery") {
            ways.entry(row.said.number).or_default().deliveries.push(row);
        }
    }
    no_loss(evidence, &ways, &mut verdict);
    deliveries(evidence, &ways, &mut verdict);
    order(evidence, &ways, &mut verdict);
    inside::effectively_once(&evidence.rows, &mut verdict);
    conservation(evidence, &mut verdict);
    verdict
}

/// The desk, also under the name that an edit gives it.
fn is_desk(item: &str) -> bool {
    item == "desk" || item == "counter"
}

/// A1.
fn no_loss(evidence: &Evidence, ways: &HashMap<u64, Way<'_>>, verdict: &mut Verdict) {
    for Acked { number, lane } in &evidence.acked {
        let Some(way) = ways.get(number).filter(|way| !way.orders.is_empty()) else {
            verdict.find(Invariant::A1, format!("{number} of {lane} was acknowledged and is not in the store"));
            continue;
        };
        let done = way.orders.iter().any(|order| order.status == Status::Completed);
        if done && way.deliveries.is_empty() {
            verdict.find(Invariant::A1, format!("{number} of {lane} passed the desk and has no delivery"));
        } else if let Some(state) = way.frontier() {
            *verdict.states.entry(state.as_str()).or_default() += 1;
        }
    }
}

/// A2, A5, A6.
fn deliveries(evidence: &Evidence, ways: &HashMap<u64, Way<'_>>, verdict: &mut Verdict) {
    let mut keys: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for delivered in &evidence.delivered {
        keys.entry(delivered.number).or_default().push(&delivered.key);
    }
    verdict.delivered = keys.len();
    for (number, keys) in &keys {
        if !evidence.sent.contains(number) {
            verdict.find(Invariant::A6, format!("the target got {number}, which was never sent"));
        }
        verdict.duplicates += usize::from(keys.len() > 1);
        if keys.windows(2).any(|pair| pair[0] != pair[1]) {
            verdict.find(Invariant::A5, format!("{number} was delivered under several keys: {keys:?}"));
        }
    }
    for (number, way) in ways {
        let completed = way.deliveries.iter().any(|row| row.status == Status::Completed);
        if completed && !keys.contains_key(number) {
            verdict
                .find(Invariant::A2, format!("the delivery of {number} is completed, and the target has not got it"));
        }
    }
}

/// A4.
fn order(evidence: &Evidence, ways: &HashMap<u64, Way<'_>>, verdict: &mut Verdict) {
    let mut first = HashMap::new();
    for (place, delivered) in evidence.delivered.iter().enumerate() {
        first.entry(delivered.number).or_insert(place);
    }
    let mut lanes: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for Acked { number, lane } in &evidence.acked {
        lanes.entry(lane).or_default().push(*number);
    }
    for (lane, numbers) in lanes {
        let (mut latest, mut waiting) = (None, None);
        for number in numbers {
            let Some(place) = first.get(&number) else {
                // What waits for a person, or was taken out, holds nothing back.
                let waits = ways
                    .get(&number)
                    .and_then(Way::frontier)
                    .is_some_and(|status| matches!(status, Status::Queued | Status::InFlight | Status::Retrying));
                waiting = waiting.or(waits.then_some(number));
                continue;
            };
            if let Some((before, at)) = latest.filter(|(_, at)| at > place) {
                let ways = [before, number].map(|number| ways.get(&number).map(Way::sequences).unwrap_or_default());
                let what = format!("{lane}: {number} was delivered ({place}) before {before} ({at}): {ways:?}");
                verdict.find(Invariant::A4, what);
            }
            if let Some(before) = waiting {
                verdict.find(Invariant::A4, format!("{lane}: {number} was delivered while {before} still waits"));
            }
            latest = Some((number, *place));
        }
    }
}

/// A7.
fn conservation(evidence: &Evidence, verdict: &mut Verdict) {
    let sum: usize = verdict.states.values().sum();
    let lost = verdict.broken(Invariant::A1);
    if sum + lost != evidence.acked.len() {
        verdict.find(Invariant::A7, format!("{} acknowledged, but {sum} in a state", evidence.acked.len()));
    }
    let mut ids = BTreeSet::new();
    for row in &evidence.rows {
        if !ids.insert(&row.id) {
            verdict.find(Invariant::A7, format!("the message {} is in the books twice", row.id));
        }
        if row.status == Status::Discarded && row.error.is_none() {
            verdict.find(Invariant::A7, format!("the message {} was discarded by nobody", row.id));
        }
        if row.status == Status::Suspended && row.reason.is_none() {
            verdict.find(Invariant::A7, format!("the message {} is suspended without a reason", row.id));
        }
    }
}
