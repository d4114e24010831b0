//! What was in flight when the process died, and what the next opening makes of it.

use std::fs;

use iop::message::{MessageId, Status, SuspendReason};
use iop::store::{Admin, End, Flight, LeaseOrder, LeaseRequest, NewMessage, Step};

use crate::bench::{Bench, Sqlite, committed, leased, message, request};

/// Dies while somebody works on these messages.
async fn die(bench: &mut Sqlite, working_on: &[MessageId]) {
    let flights: Vec<Flight> = working_on.iter().map(|id| bench.store().attempting(*id)).collect();
    bench.reopen().await;
    // The process would not have come to this.
    drop(flights);
}

async fn crashes(bench: &Sqlite, message: &NewMessage) -> u32 {
    bench.header(message.id).await.crashes
}

#[tokio::test]
async fn a_message_in_flight_in_three_crashes_is_suspended() {
    let mut bench = Sqlite::new();
    let (suspect, bystander) = (message(), message());
    bench.emit(vec![suspect.clone(), bystander.clone()]).await;
    for seen in 1..=3 {
        assert_eq!(leased(&bench.lease(2).await), [suspect.id, bystander.id]);
        drop(bench.store().attempting(bystander.id));
        die(&mut bench, &[suspect.id]).await;
        assert_eq!(crashes(&bench, &suspect).await, seen);
    }
    let header = bench.header(suspect.id).await;
    assert_eq!((header.status, header.reason), (Status::Suspended, Some(SuspendReason::CrashSuspect)));
    assert_eq!(header.error.as_deref(), Some("it was in flight in 3 crashes of the process"));
    let held = bench.lease(2).await;
    assert_eq!(leased(&held), [bystander.id]);
    assert_eq!(held[0].message.header.crashes, 0, "neither a lease nor an attempt that has ended is in flight");

    assert_eq!(bench.store().admin(Admin::Resume(suspect.id)).await, Ok(true));
    die(&mut bench, &[suspect.id]).await;
    let header = bench.header(suspect.id).await;
    assert_eq!((header.status, header.crashes), (Status::Queued, 1), "who resumes it begins anew");
}

#[tokio::test]
async fn crashes_without_a_message_speak_for_it_and_eight_with_it_are_enough() {
    let mut bench = Sqlite::new();
    let (suspect, other) = (message(), message());
    bench.emit(vec![suspect.clone(), other.clone()]).await;
    for seen in 1..8 {
        die(&mut bench, &[suspect.id]).await;
        assert_eq!((crashes(&bench, &suspect).await, bench.status(suspect.id).await), (seen, Status::Queued));
        for _ in 0..2 {
            die(&mut bench, &[]).await;
        }
    }
    die(&mut bench, &[suspect.id]).await;
    assert_eq!(bench.status(suspect.id).await, Status::Suspended);
    assert_eq!(crashes(&bench, &other).await, 0);
}

#[tokio::test]
async fn a_suspect_that_parks_nothing_lets_its_order_key_go() {
    let of = |parks| NewMessage { order_key: Some("a".into()), parks, ..message() };
    for parks in [false, true] {
        let mut bench = Sqlite::new();
        let (suspect, behind, last) = (of(parks), of(parks), of(parks));
        bench.emit(vec![suspect.clone()]).await;
        bench.emit(vec![behind.clone()]).await;
        for _ in 0..3 {
            die(&mut bench, &[suspect.id]).await;
        }
        assert_eq!(bench.status(suspect.id).await, Status::Suspended);
        bench.emit(vec![last.clone()]).await;
        let by_key = || LeaseRequest { order: LeaseOrder::Key, ..request(10) };
        let held = bench.lease_as(by_key()).await.leased;
        if parks {
            assert_eq!(leased(&held), [], "the key waits for a person");
            continue;
        }
        assert_eq!(leased(&held), [behind.id], "what came last has not overtaken it");
        assert_eq!(bench.end(held[0].token, End::Completed).await, committed());
        let held = bench.lease_as(by_key()).await.leased;
        assert_eq!(leased(&held), [last.id]);
        assert_eq!(bench.end(held[0].token, End::Completed).await, committed());
    }
}

#[tokio::test]
async fn crashes_of_long_ago_have_nothing_to_do_with_those_of_today() {
    let mut bench = Sqlite::new();
    let suspect = message();
    bench.emit(vec![suspect.clone()]).await;
    for _ in 0..5 {
        die(&mut bench, &[]).await;
    }
    bench.clock().advance(std::time::Duration::from_secs(601));
    for _ in 0..3 {
        die(&mut bench, &[suspect.id]).await;
    }
    assert_eq!(bench.status(suspect.id).await, Status::Suspended);
}

#[tokio::test]
async fn of_a_message_and_what_it_waits_for_the_latter_is_suspended() {
    let mut bench = Sqlite::new();
    let waiting = message();
    let sent = NewMessage { parent: Some(waiting.id), ..message() };
    bench.emit(vec![waiting.clone(), sent.clone()]).await;
    for _ in 0..3 {
        die(&mut bench, &[waiting.id, sent.id]).await;
    }
    assert_eq!(bench.status(sent.id).await, Status::Suspended);
    assert_eq!(bench.status(waiting.id).await, Status::Queued);
}

#[tokio::test]
async fn a_message_that_was_in_flight_before_it_was_stored_is_known_when_it_is_sent_again() {
    let mut bench = Sqlite::new();
    let sent = message();
    // The item that it was sent to was faster than its commit.
    die(&mut bench, &[sent.id]).await;
    assert!(!bench.is_stored(sent.id).await);
    bench.emit(vec![sent.clone()]).await;
    die(&mut bench, &[sent.id]).await;
    assert_eq!(bench.status(sent.id).await, Status::Queued);
    die(&mut bench, &[sent.id]).await;
    assert_eq!(bench.status(sent.id).await, Status::Suspended);
}

#[tokio::test]
async fn what_ended_just_before_the_crash_is_not_counted() {
    let mut bench = Sqlite::new();
    let (done, gone) = (message(), message());
    bench.emit(vec![done.clone(), gone.clone()]).await;
    let held = bench.lease(2).await;
    let expired = End::Expire { error: "too late".into() };
    let step = Step { end: vec![(held[0].token, End::Completed), (held[1].token, expired)], ..Step::default() };
    assert_eq!(bench.commit(step).await, committed());
    die(&mut bench, &[done.id, gone.id]).await;
    assert_eq!((crashes(&bench, &done).await, bench.status(done.id).await), (0, Status::Completed));
    assert_eq!((crashes(&bench, &gone).await, bench.status(gone.id).await), (0, Status::Expired));
}

#[tokio::test]
async fn an_attempt_that_has_succeeded_counts_while_its_end_is_not_stored_and_not_from_then_on() {
    let mut bench = Sqlite::new();
    let (done, lost) = (message(), message());
    bench.emit(vec![done.clone(), lost.clone()]).await;
    let held = bench.lease(2).await;
    let (one, other) = (bench.store().attempting(done.id), bench.store().attempting(lost.id));
    one.succeeded();
    other.succeeded();
    assert_eq!(bench.end(held[0].token, End::Completed).await, committed());
    bench.reopen().await;
    assert_eq!((crashes(&bench, &done).await, bench.status(done.id).await), (0, Status::Completed));
    assert_eq!((crashes(&bench, &lost).await, bench.status(lost.id).await), (1, Status::Queued));
}

#[tokio::test]
async fn who_is_cut_off_by_a_clean_close_was_in_no_crash() {
    let mut bench = Sqlite::new();
    let sent = message();
    bench.emit(vec![sent.clone()]).await;
    let _blocked = bench.store().attempting(sent.id);
    assert_eq!(bench.store().close().await, Ok(()));
    assert!(!bench.path().join("flight").exists());
    bench.reopen().await;
    assert_eq!(crashes(&bench, &sent).await, 0);
}

#[tokio::test]
async fn a_recovery_is_no_crash_and_what_is_in_flight_after_it_is_seen() {
    let mut bench = Sqlite::new();
    let (before, after) = (message(), message());
    bench.emit(vec![before.clone(), after.clone()]).await;
    let _cut_off = bench.store().attempting(before.id);
    assert_eq!(bench.store().recover().await, Ok(()));
    die(&mut bench, &[after.id]).await;
    assert_eq!((crashes(&bench, &before).await, crashes(&bench, &after).await), (0, 1));
}

#[tokio::test]
async fn a_store_opens_without_its_flight_book_and_with_a_ruined_one() {
    let mut bench = Sqlite::new();
    let sent = message();
    bench.emit(vec![sent.clone()]).await;
    for ruined in [None, Some(vec![]), Some(vec![0xA5; 1000])] {
        let _flight = bench.store().attempting(sent.id);
        bench.crash();
        let path = bench.path().join("flight");
        fs::remove_file(&path).expect("a crash leaves the book");
        if let Some(ruined) = ruined {
            fs::write(&path, ruined).expect("a file");
        }
        bench.open();
        assert_eq!((crashes(&bench, &sent).await, bench.status(sent.id).await), (0, Status::Queued));
    }
    die(&mut bench, &[sent.id]).await;
    assert_eq!(crashes(&bench, &sent).await, 1, "there is a new book");
}
