//! Leases: what a worker gets, keeps, gives back and loses.

use std::time::Duration;

use iop::message::{Priority, Status};
use iop::store::{End, LeaseRequest, NewMessage, Outcome, Step};

use crate::bench::{Bench, NODE, OTHER, committed, emitting, ids, leased, message, messages, ordered, request, token};

pub(crate) async fn a_message_that_is_handed_over_is_leased_from_the_start(mut bench: impl Bench) {
    let handed = NewMessage { leased: Some(NODE), ..message() };
    let waiting = message();
    let receipt = bench.store().submit(emitting(vec![handed.clone(), waiting.clone()]));
    assert_eq!(receipt.leases.len(), 2);
    assert_eq!(receipt.leases[1], None);
    let token = token(&receipt);
    assert_eq!(token.sequence, receipt.first_sequence);
    assert_eq!(leased(&bench.lease(10).await), [waiting.id]);
    assert_eq!(bench.header(handed.id).await.sequence, token.sequence);
    assert_eq!(bench.header(waiting.id).await.sequence, token.sequence + 1);

    bench.reopen().await;
    assert_eq!(bench.end(token, End::Completed).await, Outcome::LeaseLost);
    assert_eq!(leased(&bench.lease(10).await), [handed.id, waiting.id]);
}

pub(crate) async fn a_started_message_is_in_flight(bench: impl Bench) {
    let sent = messages(2);
    bench.emit(sent.clone()).await;
    let held = bench.lease(2).await;
    let began = bench.clock_now();
    bench.wait(3);
    let start = Step { start: vec![(held[0].token, began)], ..Step::default() };
    assert_eq!(bench.commit(start).await, committed());
    let header = bench.header(sent[0].id).await;
    assert_eq!((header.status, header.started, header.ended), (Status::InFlight, Some(began), None));

    // The start may come with the end.
    for held in held {
        let step =
            Step { start: vec![(held.token, began)], end: vec![(held.token, End::Completed)], ..Step::default() };
        assert_eq!(bench.commit(step).await, committed());
        let header = bench.header(held.token.message).await;
        assert_eq!((header.status, header.started), (Status::Completed, Some(began)));
        assert_eq!(header.ended, Some(bench.clock_now()));
    }
}

pub(crate) async fn a_start_over_a_lost_lease_refuses_the_step(mut bench: impl Bench) {
    bench.emit(vec![message()]).await;
    let token = bench.lease(1).await[0].token;
    let began = bench.clock_now();
    let first = message();
    let step = |message: &NewMessage| Step { start: vec![(token, began)], ..emitting(vec![message.clone()]) };
    assert_eq!(bench.commit(step(&first)).await, committed());
    assert_eq!(bench.commit(step(&message())).await, committed(), "a turn may start its message again");
    bench.reopen().await;
    let late = message();
    assert_eq!(bench.commit(step(&late)).await, Outcome::LeaseLost);
    assert!(!bench.is_stored(late.id).await);
}

pub(crate) async fn a_failed_message_is_retried_when_it_is_due(bench: impl Bench) {
    let sent = message();
    bench.emit(vec![sent.clone()]).await;
    for attempt in 1..=3 {
        let held = bench.lease(1).await;
        let due = bench.later(60);
        let error = format!("failure {attempt}");
        let step = Step {
            start: vec![(held[0].token, bench.clock_now())],
            end: vec![(held[0].token, End::Retry { due, error: error.as_str().into(), keep: false })],
            ..Step::default()
        };
        assert_eq!(bench.commit(step).await, committed());
        let header = bench.header(sent.id).await;
        assert_eq!((header.status, header.attempt, header.due), (Status::Retrying, attempt, Some(due)));
        assert_eq!(header.error.as_deref(), Some(error.as_str()));
        let batch = bench.lease_as(request(1)).await;
        assert_eq!((batch.leased.len(), batch.next_due), (0, Some(due)));
        bench.wait(60);
    }
    assert_eq!(bench.lease(1).await[0].message.header.attempt, 3);
}

pub(crate) async fn a_retry_that_keeps_its_lease_goes_to_nobody_else(mut bench: impl Bench) {
    let sent = messages(2);
    bench.emit(sent.clone()).await;
    let token = bench.lease_as(ordered(1)).await.leased[0].token;
    let retry = End::Retry { due: bench.later(60), error: "down".into(), keep: true };
    let step = Step { start: vec![(token, bench.clock_now())], end: vec![(token, retry)], ..Step::default() };
    assert_eq!(bench.commit(step).await, committed());
    assert_eq!(bench.status(sent[0].id).await, Status::Retrying);
    let batch = bench.lease_as(ordered(10)).await;
    assert_eq!((leased(&batch.leased), batch.next_due), (vec![sent[1].id], None));
    bench.wait(61);
    assert!(bench.lease_as(ordered(10)).await.leased.is_empty(), "its time has come, and its holder has it");

    let start = Step { start: vec![(token, bench.clock_now())], ..Step::default() };
    assert_eq!(bench.commit(start).await, committed());
    assert_eq!(bench.status(sent[0].id).await, Status::InFlight);
    bench.reopen().await;
    assert_eq!(leased(&bench.lease_as(ordered(10)).await.leased), ids(&sent));
}

pub(crate) async fn a_message_that_is_given_back_counts_no_attempt(bench: impl Bench) {
    let sent = messages(2);
    bench.emit(sent.clone()).await;
    let held = bench.lease(2).await;
    let start = Step { start: vec![(held[0].token, bench.clock_now())], ..Step::default() };
    assert_eq!(bench.commit(start).await, committed());
    for held in held {
        assert_eq!(bench.end(held.token, End::GiveBack).await, committed());
        let header = bench.header(held.token.message).await;
        assert_eq!((header.status, header.attempt, header.crashes), (Status::Queued, 0, 0));
    }
    assert_eq!(leased(&bench.lease(2).await), ids(&sent));
}

pub(crate) async fn a_retrying_message_holds_back_only_an_ordered_queue(bench: impl Bench) {
    let sent = messages(3);
    bench.emit(sent.clone()).await;
    let held = bench.lease(1).await;
    let due = bench.later(60);
    let retry = End::Retry { due, error: "down".into(), keep: false };
    assert_eq!(bench.end(held[0].token, retry).await, committed());
    assert!(bench.lease_as(ordered(1)).await.leased.is_empty());
    let batch = bench.lease_as(request(10)).await;
    assert_eq!((leased(&batch.leased), batch.next_due), (ids(&sent[1..]), Some(due)));
}

pub(crate) async fn an_alarm_for_later_holds_back_nothing(bench: impl Bench) {
    let due = bench.later(3600);
    let alarm = NewMessage { due: Some(due), priority: Priority(255), ..message() };
    let sent = messages(2);
    bench.emit(vec![alarm]).await;
    bench.emit(sent.clone()).await;
    let batch = bench.lease_as(ordered(10)).await;
    assert_eq!((leased(&batch.leased), batch.next_due), (ids(&sent), Some(due)));
}

pub(crate) async fn a_new_opening_returns_what_was_in_flight_and_forgets_leases(mut bench: impl Bench) {
    let sent = messages(3);
    bench.emit(sent.clone()).await;
    let held = bench.lease(2).await;
    let start = Step { start: vec![(held[0].token, bench.clock_now())], ..Step::default() };
    assert_eq!(bench.commit(start).await, committed());
    let epoch = bench.store().epoch();
    bench.reopen().await;
    assert!(bench.store().epoch() > epoch);
    assert_eq!(bench.status(sent[0].id).await, Status::Queued);
    for held in held {
        assert_eq!(bench.end(held.token, End::Completed).await, Outcome::LeaseLost);
    }
    let again = bench.lease(10).await;
    assert_eq!(leased(&again), ids(&sent));
    assert!(again.iter().all(|leased| leased.message.epoch == epoch), "they were accepted in the old epoch");
    let fresh = message();
    bench.emit(vec![fresh.clone()]).await;
    assert_eq!(bench.stored(fresh.id).await.epoch, bench.store().epoch());
}

pub(crate) async fn a_new_opening_does_not_wait_for_the_next_attempt(mut bench: impl Bench) {
    let sent = message();
    bench.emit(vec![sent.clone()]).await;
    let held = bench.lease(1).await;
    let retry = End::Retry { due: bench.later(3600), error: "down".into(), keep: false };
    assert_eq!(bench.end(held[0].token, retry).await, committed());
    bench.reopen().await;
    let again = bench.lease(1).await;
    assert_eq!(leased(&again), [sent.id]);
    assert_eq!(again[0].message.header.attempt, 1);
}

pub(crate) async fn a_lease_sees_every_step_submitted_before(bench: impl Bench) {
    let store = bench.store();
    let sent = messages(200);
    let mut commits = Vec::new();
    let mut batches = Vec::new();
    for message in &sent {
        commits.push(store.submit(emitting(vec![message.clone()])).commit);
        batches.push(store.lease(request(10)));
    }
    let mut seen = Vec::new();
    for (commit, batch) in commits.into_iter().zip(batches) {
        seen.extend(leased(&batch.await.expect("the store works").leased));
        assert!(commit.get().is_some(), "an answer comes after the commits that it saw");
    }
    assert_eq!(seen, ids(&sent), "each message once, at the first question after it");
}

pub(crate) async fn a_cluster_lease_belongs_to_one_node_until_it_expires(bench: impl Bench) {
    let store = bench.store();
    let ttl = Duration::from_secs(10);
    let acquire = |node| store.acquire("poller".into(), node, ttl);
    let mine = acquire(NODE).await.expect("the store works").expect("nobody holds it");
    assert_eq!(acquire(OTHER).await, Ok(None));
    bench.wait(9);
    assert_eq!(store.renew(mine.clone(), ttl).await, Ok(true));
    bench.wait(9);
    assert_eq!(acquire(OTHER).await, Ok(None));
    assert_eq!(store.give_up(mine.clone()).await, Ok(()));
    let theirs = acquire(OTHER).await.expect("the store works").expect("it was given up");
    assert_eq!(store.renew(mine.clone(), ttl).await, Ok(false));
    assert_eq!(store.give_up(mine).await, Ok(()), "what is lost is given up in vain");
    assert_eq!(store.renew(theirs, ttl).await, Ok(true));
    let held = LeaseRequest { ttl, ..request(1) };
    assert!(bench.lease_as(held).await.leased.is_empty(), "a cluster lease is no message");
}

pub(crate) async fn what_becomes_due_in_great_number_comes_in_its_order_and_all_of_it(bench: impl Bench) {
    // More than a store moves into their lane at once.
    let due = bench.later(60);
    let sent: Vec<_> = messages(10_500).into_iter().map(|sent| NewMessage { due: Some(due), ..sent }).collect();
    bench.emit(sent.clone()).await;
    bench.wait(60_000);
    let mut rung = Vec::new();
    loop {
        let batch = bench.lease_as(request(500)).await;
        rung.extend(leased(&batch.leased));
        if batch.leased.len() < 500 {
            assert_eq!(batch.next_due, None);
            break;
        }
    }
    assert_eq!(rung, ids(&sent));
}
