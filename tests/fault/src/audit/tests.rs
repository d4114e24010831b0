//! The auditor must be able to fail: each invariant is broken by hand, and found.

use iop::message::{Kind, SuspendReason};

use super::*;
use crate::books::Said;

fn row(id: &str, parent: Option<&str>, target: &str, type_name: &str, number: u64, status: Status) -> Row {
    let said = Said { number, lane: "a".to_owned(), numbers: Vec::new() };
    Row {
        id: id.to_owned(),
        sequence: 0,
        parent: parent.map(str::to_owned),
        target: target.to_owned(),
        type_name: type_name.to_owned(),
        kind: Kind::Request,
        status,
        reason: None,
        error: None,
        said,
    }
}

fn delivered(number: u64) -> Delivered {
    Delivered { number, lane: "a".to_owned(), key: format!("key-{number}") }
}

/// Twelve orders of one lane that went as they should.
fn sound() -> Evidence {
    let mut evidence = Evidence::default();
    for number in 1..=12 {
        let (order, delivery, count) = (format!("o{number}"), format!("d{number}"), format!("c{number}"));
        evidence.sent.insert(number);
        evidence.acked.push(Acked { number, lane: "a".to_owned() });
        evidence.delivered.push(delivered(number));
        evidence.rows.push(row(&order, Some("root"), "desk", "Order", number, Status::Completed));
        evidence.rows.push(row(&delivery, Some(&order), "outside", "Delivery", number, Status::Completed));
        evidence.rows.push(row(&count, Some(&order), "tally", "Count", number, Status::Completed));
    }
    let mut batch = row("b1", Some("c10"), "stamp", "Batch", 0, Status::Completed);
    batch.said.numbers = (1..=10).collect();
    evidence.rows.push(batch);
    evidence
}

/// Breaks what is sound, and gives the invariants that the auditor finds broken.
fn broken(plant: impl FnOnce(&mut Evidence)) -> Vec<Invariant> {
    let mut evidence = sound();
    plant(&mut evidence);
    let mut found: Vec<_> = judge(&evidence).findings.into_iter().map(|(invariant, _)| invariant).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn find<'a>(evidence: &'a mut Evidence, id: &str) -> &'a mut Row {
    evidence.rows.iter_mut().find(|row| row.id == id).expect("it is there")
}

#[test]
fn nothing_is_found_where_everything_went_as_it_should() {
    let verdict = judge(&sound());
    assert_eq!(verdict.to_string(), "12 acknowledged = 12 completed; 12 delivered, 0 more than once; A1 to A7 hold");
    assert!(verdict.holds().is_ok());
}

#[test]
fn an_acknowledged_order_that_is_not_in_the_store_is_lost() {
    let found = broken(|evidence| evidence.acked.push(Acked { number: 99, lane: "a".to_owned() }));
    assert_eq!(found, [Invariant::A1]);
}

#[test]
fn an_order_that_passed_the_desk_without_a_delivery_is_lost() {
    let found = broken(|evidence| evidence.rows.retain(|row| row.id != "d12"));
    assert_eq!(found, [Invariant::A1, Invariant::A3]);
}

#[test]
fn a_completed_delivery_that_the_target_has_not_got_is_found() {
    assert_eq!(broken(|evidence| evidence.delivered.retain(|one| one.number != 12)), [Invariant::A2]);
}

#[test]
fn an_order_that_is_derived_twice_is_found() {
    let twice = |evidence: &mut Evidence| {
        evidence.rows.push(row("o13", Some("root"), "desk", "Order", 12, Status::Queued));
    };
    assert_eq!(broken(twice), [Invariant::A3]);
    let child = |evidence: &mut Evidence| {
        evidence.rows.push(row("d13", Some("o12"), "outside", "Delivery", 12, Status::Completed));
    };
    assert_eq!(broken(child), [Invariant::A3]);
}

#[test]
fn a_number_that_is_in_two_batches_or_in_none_is_found() {
    assert_eq!(broken(|evidence| evidence.rows.retain(|row| row.id != "b1")), [Invariant::A3]);
    let twice = |evidence: &mut Evidence| find(evidence, "b1").said.numbers = vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 9];
    assert_eq!(broken(twice), [Invariant::A3]);
}

#[test]
fn a_case_that_is_delivered_twice_or_not_at_all_is_found() {
    let with = |deliveries: usize| {
        broken(|evidence| {
            evidence.sent.insert(50);
            evidence.rows.push(row("case", None, "cases", "Case", 50, Status::Completed));
            for number in 0..deliveries {
                let id = format!("dc{number}");
                let mut delivery = row(&id, Some("x"), "outside", "Delivery", 50, Status::Queued);
                delivery.said.lane = "case-50".to_owned();
                evidence.rows.push(delivery);
            }
        })
    };
    assert_eq!(with(0), [Invariant::A3]);
    assert_eq!(with(1), []);
    assert_eq!(with(2), [Invariant::A3]);
}

#[test]
fn deliveries_in_another_order_than_that_of_the_acknowledgements_are_found() {
    assert_eq!(broken(|evidence| evidence.delivered.swap(3, 4)), [Invariant::A4]);
    // What comes again later is no matter of order.
    assert_eq!(broken(|evidence| evidence.delivered.push(delivered(3))), []);
}

#[test]
fn a_delivery_that_overtakes_one_that_waits_is_found_and_one_that_passes_a_suspended_one_is_not() {
    let with = |status: Status| {
        broken(|evidence| {
            evidence.delivered.retain(|one| one.number != 5);
            let row = find(evidence, "d5");
            row.status = status;
            row.reason = (status == Status::Suspended).then_some(SuspendReason::Poison);
        })
    };
    assert_eq!(with(Status::Retrying), [Invariant::A4]);
    assert_eq!(with(Status::Suspended), []);
}

#[test]
fn a_repetition_under_another_key_is_found() {
    let other = |evidence: &mut Evidence| {
        evidence.delivered.push(Delivered { key: "another".to_owned(), ..delivered(3) });
    };
    assert_eq!(broken(other), [Invariant::A5]);
}

#[test]
fn a_delivery_that_nobody_sent_is_found() {
    assert_eq!(broken(|evidence| evidence.delivered.push(delivered(77))), [Invariant::A6]);
}

#[test]
fn a_message_that_was_discarded_by_nobody_or_is_there_twice_is_found() {
    assert_eq!(broken(|evidence| find(evidence, "c11").status = Status::Discarded), [Invariant::A7]);
    let twice = |evidence: &mut Evidence| {
        let again = evidence.rows.last().expect("rows").clone();
        evidence.rows.push(again);
    };
    assert!(broken(twice).contains(&Invariant::A7));
    let suspended = |evidence: &mut Evidence| find(evidence, "d12").status = Status::Suspended;
    assert_eq!(broken(suspended), [Invariant::A7]);
}
