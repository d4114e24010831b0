//! A3: what the engine derives from a message, it derives once.

use std::collections::{BTreeMap, HashMap};

use iop::message::Status;

use super::{Invariant, Verdict, is_desk};
use crate::books::Row;

pub(super) fn effectively_once(rows: &[Row], verdict: &mut Verdict) {
    let mut orders: HashMap<u64, u32> = HashMap::new();
    let mut children: HashMap<(&str, &str), u32> = HashMap::new();
    for row in rows {
        if row.is("Order") && is_desk(&row.target) {
            *orders.entry(row.said.number).or_default() += 1;
        }
        if let Some(parent) = row.parent.as_deref()
            && (row.is("Delivery") || row.is("Count"))
        {
            *children.entry((parent, &row.type_name)).or_default() += 1;
        }
    }
    for (number, count) in orders.into_iter().filter(|(_, count)| *count != 1) {
        verdict.find(Invariant::A3, format!("the order {number} is {count} times at the desk"));
    }
    for row in rows.iter().filter(|row| row.is("Order") && is_desk(&row.target)) {
        let expected = u32::from(row.status == Status::Completed);
        for kind in ["Delivery", "Count"] {
            let found = children.get(&(row.id.as_str(), kind)).copied().unwrap_or(0);
            if found != expected {
                let what = format!("the order {} ({}) has {found} of {kind}", row.said.number, row.status);
                verdict.find(Invariant::A3, what);
            }
        }
    }
    cases(rows, verdict);
    batches(rows, verdict);
}

/// A case that is completed has one delivery, whatever happened between its responses.
fn cases(rows: &[Row], verdict: &mut Verdict) {
    let mut deliveries: HashMap<u64, u32> = HashMap::new();
    for row in rows.iter().filter(|row| row.is("Delivery") && row.said.lane.starts_with("case-")) {
        *deliveries.entry(row.said.number).or_default() += 1;
    }
    for row in rows.iter().filter(|row| row.is("Case") && row.target == "cases") {
        let found = deliveries.get(&row.said.number).copied().unwrap_or(0);
        if found > 1 || (row.status == Status::Completed && found != 1) {
            let what = format!("the case {} ({}) has {found} deliveries", row.said.number, row.status);
            verdict.find(Invariant::A3, what);
        }
    }
}

/// Each number that was counted is in one batch, in order; the last ones of a lane are still being gathered.
fn batches(rows: &[Row], verdict: &mut Verdict) {
    let mut counted: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut gathered: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for row in rows {
        if row.is("Count") && row.status == Status::Completed {
            counted.entry(&row.said.lane).or_default().push(row.said.number);
        }
        if row.is("Batch") {
            gathered.entry(&row.said.lane).or_default().extend(&row.said.numbers);
        }
    }
    for (lane, numbers) in counted {
        let gathered = gathered.remove(lane).unwrap_or_default();
        let whole = numbers.len() / crate::production::BATCH * crate::production::BATCH;
        if numbers.get(..whole) != Some(gathered.as_slice()) {
            let what = format!("{lane}: {} numbers were counted, and {} are in batches", numbers.len(), gathered.len());
            verdict.find(Invariant::A3, what);
        }
    }
    for lane in gathered.keys() {
        verdict.find(Invariant::A3, format!("{lane}: batches of what was never counted"));
    }
}
