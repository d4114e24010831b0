//! The laws L1 to L11, one function for each sentence.

use std::sync::Arc;
use std::time::Duration;

use iop::message::{MessageId, Priority, Status};
use iop::store::{Discard, End, Fence, LeaseRequest, MessageQuery, NewMessage, Outcome, StateWrite, Step};

use crate::bench::{Bench, NODE, OTHER, committed, emitting, ids, leased, message, messages, ordered, request, token};

pub(crate) async fn l1_an_acknowledged_message_survives(mut bench: impl Bench) {
    let sent = messages(50);
    for message in &sent {
        assert_eq!(bench.commit(emitting(vec![message.clone()])).await, committed());
    }
    bench.reopen().await;
    assert_eq!(leased(&bench.lease(100).await), ids(&sent));
}

pub(crate) async fn l2_the_same_message_id_twice_is_one_message(mut bench: impl Bench) {
    let first = message();
    bench.emit(vec![first.clone()]).await;
    let again = NewMessage { body: "[]".into(), ..first.clone() };
    let other = message();
    let outcome = bench.commit(emitting(vec![again.clone(), other.clone()])).await;
    assert_eq!(outcome, Outcome::Committed { duplicates: vec![first.id] });
    assert_eq!(bench.stored(first.id).await.body, first.body);

    bench.reopen().await;
    let outcome = bench.commit(emitting(vec![again])).await;
    assert_eq!(outcome, Outcome::Committed { duplicates: vec![first.id] });
    assert_eq!(leased(&bench.lease(10).await), [first.id, other.id]);
}

pub(crate) async fn l2_a_duplicate_gives_no_lease(bench: impl Bench) {
    let first = message();
    bench.emit(vec![first.clone()]).await;
    let receipt = bench.store().submit(emitting(vec![NewMessage { leased: Some(NODE), ..first.clone() }]));
    let outcome = receipt.commit.wait().await.expect("the store works");
    assert_eq!(outcome, Outcome::Committed { duplicates: vec![first.id] });
    assert_eq!(bench.end(token(&receipt), End::Completed).await, Outcome::LeaseLost);
    assert_eq!(leased(&bench.lease(1).await), [first.id], "the message is still there for a worker");
}

pub(crate) async fn l3_a_step_shows_all_of_itself(bench: impl Bench) {
    let consumed = message();
    let cancelled = message();
    bench.emit(vec![consumed.clone(), cancelled.clone()]).await;
    let token = bench.lease(1).await[0].token;
    let (emitted, mark) = (message(), MessageId::random());
    let step = Step {
        mark: Some(mark),
        end: vec![(token, End::Completed)],
        state: vec![StateWrite { instance: consumed.id, expected: None, new: Some("{}".into()) }],
        emit: vec![emitted.clone()],
        cancel: vec![cancelled.id],
        ..Step::default()
    };
    assert_eq!(bench.commit(step).await, committed());
    assert_eq!(bench.status(consumed.id).await, Status::Completed);
    assert_eq!(bench.status(cancelled.id).await, Status::Expired);
    assert_eq!(bench.status(emitted.id).await, Status::Queued);
    assert!(bench.store().load_state(consumed.id).await.expect("the store works").is_some());
    assert!(bench.store().is_marked(mark).await.expect("the store works"));
}

fn discard(id: MessageId) -> Discard {
    Discard { id, by: "ada".into() }
}

pub(crate) async fn l3_a_refused_step_shows_nothing(bench: impl Bench) {
    let consumed = message();
    let waiting = message();
    bench.emit(vec![consumed.clone(), waiting.clone()]).await;
    let token = bench.lease(1).await[0].token;
    let lost = iop::store::LeaseToken { number: token.number + 1000, ..token };
    let fence = Fence { name: "poller".into(), number: 1 };
    let refusals = [
        (Step { end: vec![(token, End::Completed), (lost, End::Completed)], ..Step::default() }, Outcome::LeaseLost),
        (Step { end: vec![(token, End::Completed)], fence: Some(fence), ..Step::default() }, Outcome::Fenced),
        (
            Step {
                end: vec![(token, End::Completed)],
                state: vec![StateWrite { instance: waiting.id, expected: Some(7), new: None }],
                ..Step::default()
            },
            Outcome::StateConflict,
        ),
        (Step { discard: [waiting.id, consumed.id].map(discard).into(), ..Step::default() }, Outcome::NotAtRest),
    ];
    for (step, refusal) in refusals {
        let (emitted, mark) = (message(), MessageId::random());
        let mut state = vec![StateWrite { instance: consumed.id, expected: None, new: Some("{}".into()) }];
        state.extend(step.state);
        let step = Step {
            mark: Some(mark),
            emit: vec![emitted.clone()],
            cancel: vec![waiting.id],
            abandon: vec![consumed.id],
            state,
            ..step
        };
        assert_eq!(bench.commit(step).await, refusal);
        let header = bench.header(consumed.id).await;
        assert_eq!((header.status, header.late), (Status::Queued, false), "{refusal:?}");
        assert_eq!(bench.status(waiting.id).await, Status::Queued, "{refusal:?}");
        assert!(!bench.is_stored(emitted.id).await, "{refusal:?}");
        assert!(!bench.store().is_marked(mark).await.expect("the store works"), "{refusal:?}");
        assert_eq!(bench.store().load_state(consumed.id).await.expect("the store works"), None, "{refusal:?}");
    }
    assert_eq!(bench.end(token, End::Completed).await, committed(), "the lease outlives refused steps");
}

pub(crate) async fn l4_repeating_a_committed_step_changes_nothing(mut bench: impl Bench) {
    let consumed = message();
    bench.emit(vec![consumed.clone()]).await;
    let token = bench.lease(1).await[0].token;
    let emitted = messages(2);
    let step = || Step {
        end: vec![(token, End::Completed)],
        state: vec![StateWrite { instance: consumed.id, expected: None, new: Some("1".into()) }],
        emit: emitted.clone(),
        ..Step::default()
    };
    assert_eq!(bench.commit(step()).await, committed());
    assert_eq!(bench.commit(step()).await, Outcome::AlreadyDone);
    bench.reopen().await;
    assert_eq!(bench.commit(step()).await, Outcome::AlreadyDone);
    assert_eq!(leased(&bench.lease(10).await), ids(&emitted));
    assert_eq!(
        bench.store().load_state(consumed.id).await.expect("the store works").map(|state| state.version),
        Some(1)
    );
}

pub(crate) async fn l4_repeating_a_marked_step_changes_nothing(mut bench: impl Bench) {
    let mark = MessageId::of_input(&[b"adt.hl7", b"MSH|"]);
    let first = message();
    let step = |message: &NewMessage| Step { mark: Some(mark), emit: vec![message.clone()], ..Step::default() };
    assert_eq!(bench.commit(step(&first)).await, committed());
    assert_eq!(bench.commit(step(&first)).await, Outcome::AlreadyDone);
    bench.reopen().await;
    let second = message();
    assert_eq!(bench.commit(step(&second)).await, Outcome::AlreadyDone, "the same input, taken under another id");
    assert!(!bench.is_stored(second.id).await);
}

pub(crate) async fn l4_a_lost_lease_is_not_taken_for_a_repetition(mut bench: impl Bench) {
    let consumed = message();
    bench.emit(vec![consumed.clone()]).await;
    let old = bench.lease(1).await[0].token;
    bench.reopen().await;
    let emitted = message();
    let step = |token| Step { end: vec![(token, End::Completed)], emit: vec![emitted.clone()], ..Step::default() };
    assert_eq!(bench.commit(step(old)).await, Outcome::LeaseLost, "the consumed message is not finished");

    let token = bench.lease(1).await[0].token;
    assert_eq!(bench.end(token, End::Completed).await, committed());
    assert_eq!(bench.commit(step(token)).await, Outcome::LeaseLost, "the emitted message is not stored");
    assert!(!bench.is_stored(emitted.id).await);
}

pub(crate) async fn l5_an_expired_lease_cannot_commit(bench: impl Bench) {
    let consumed = message();
    bench.emit(vec![consumed.clone()]).await;
    let short = LeaseRequest { ttl: Duration::from_secs(10), ..request(1) };
    let old = bench.lease_as(short.clone()).await.leased[0].token;
    let began = bench.clock_now();
    assert_eq!(bench.commit(Step { start: vec![(old, began)], ..Step::default() }).await, committed());
    bench.wait(9);
    assert_eq!(bench.lease(1).await.len(), 0, "the lease still lives");
    bench.wait(1);
    assert_eq!(bench.end(old, End::Completed).await, Outcome::LeaseLost);

    let new = bench.lease_as(LeaseRequest { node: OTHER, ..short }).await.leased;
    assert_eq!(leased(&new), [consumed.id]);
    assert_eq!(bench.end(old, End::Completed).await, Outcome::LeaseLost, "the message has a new holder");
    assert_eq!(bench.end(new[0].token, End::Completed).await, committed());
}

pub(crate) async fn l5_a_lease_that_was_extended_can_commit(bench: impl Bench) {
    bench.emit(messages(2)).await;
    let short = LeaseRequest { ttl: Duration::from_secs(10), ..request(2) };
    let tokens: Vec<_> = bench.lease_as(short).await.leased.iter().map(|leased| leased.token).collect();
    bench.wait(9);
    let live = bench.store().extend(vec![tokens[0]], Duration::from_secs(10)).await;
    assert_eq!(live, Ok(vec![true]));
    bench.wait(9);
    let live = bench.store().extend(tokens.clone(), Duration::from_secs(10)).await;
    assert_eq!(live, Ok(vec![true, false]), "what is lost is not brought back");
    assert_eq!(bench.end(tokens[0], End::Completed).await, committed());
    assert_eq!(bench.end(tokens[1], End::Completed).await, Outcome::LeaseLost);
}

pub(crate) async fn l5_a_lease_ends_with_its_message(bench: impl Bench) {
    let emitted = messages(2);
    bench.emit(emitted.clone()).await;
    let held = bench.lease(2).await;
    assert_eq!(bench.end(held[0].token, End::Completed).await, committed());
    assert_eq!(bench.end(held[0].token, End::GiveBack).await, Outcome::AlreadyDone);
    assert_eq!(bench.status(emitted[0].id).await, Status::Completed);
    assert_eq!(bench.end(held[1].token, End::GiveBack).await, committed());
    assert_eq!(bench.end(held[1].token, End::Completed).await, Outcome::LeaseLost);
    assert_eq!(bench.status(emitted[1].id).await, Status::Queued);
}

pub(crate) async fn l6_the_live_leases_of_an_ordered_queue_belong_to_one_node(bench: impl Bench) {
    let sent = messages(5);
    bench.emit(sent.clone()).await;
    let mine = LeaseRequest { ttl: Duration::from_secs(10), ..ordered(2) };
    let theirs = LeaseRequest { node: OTHER, ..mine.clone() };
    let held = bench.lease_as(mine.clone()).await.leased;
    assert_eq!(leased(&held), ids(&sent[..2]));
    assert!(bench.lease_as(theirs.clone()).await.leased.is_empty());
    assert_eq!(leased(&bench.lease_as(LeaseRequest { limit: 1, ..mine }).await.leased), ids(&sent[2..3]));
    assert_eq!(bench.end(held[0].token, End::Completed).await, committed());
    assert!(bench.lease_as(theirs.clone()).await.leased.is_empty(), "two leases still live");

    bench.wait(10);
    assert_eq!(leased(&bench.lease_as(theirs).await.leased), ids(&sent[1..3]), "the next holder begins at the head");
}

pub(crate) async fn l6_the_leases_of_an_ordered_queue_are_its_head(bench: impl Bench) {
    let sent = messages(4);
    bench.emit(sent.clone()).await;
    let held = bench.lease_as(ordered(2)).await.leased;
    let due = bench.later(60);
    let retry = End::Retry { due, error: "down".into(), keep: false };
    assert_eq!(bench.end(held[0].token, retry).await, committed());
    assert_eq!(bench.end(held[1].token, End::GiveBack).await, committed());

    let batch = bench.lease_as(ordered(4)).await;
    assert!(batch.leased.is_empty(), "what failed holds back what stands behind it");
    assert_eq!(batch.next_due, Some(due));
    let urgent = NewMessage { priority: Priority(200), ..message() };
    bench.emit(vec![urgent.clone()]).await;
    assert_eq!(leased(&bench.lease_as(ordered(4)).await.leased), [urgent.id], "and nothing that stands before it");
    bench.wait(60);
    assert_eq!(leased(&bench.lease_as(ordered(4)).await.leased), ids(&sent));
}

pub(crate) async fn l6_order_is_kept_by_the_next_opening(mut bench: impl Bench) {
    let sent = messages(6);
    bench.emit(sent.clone()).await;
    let held = bench.lease_as(ordered(3)).await.leased;
    let began = bench.clock_now();
    let start = held.iter().map(|leased| (leased.token, began)).collect();
    assert_eq!(bench.commit(Step { start, ..Step::default() }).await, committed());
    assert_eq!(bench.end(held[0].token, End::Completed).await, committed());
    bench.reopen().await;
    let next = LeaseRequest { node: OTHER, ..ordered(10) };
    assert_eq!(leased(&bench.lease_as(next).await.leased), ids(&sent[1..]));
}

pub(crate) async fn l7_a_stale_fence_cannot_commit(bench: impl Bench) {
    let name: Arc<str> = "poller".into();
    let ttl = Duration::from_secs(10);
    let store = bench.store();
    let acquire = |node| store.acquire(name.clone(), node, ttl);
    let old = acquire(NODE).await.expect("the store works").expect("nobody holds it");
    let step = |fence: &Fence, message: &NewMessage| Step {
        fence: Some(fence.clone()),
        emit: vec![message.clone()],
        ..Step::default()
    };
    let sent = messages(4);
    assert_eq!(bench.commit(step(&old, &sent[0])).await, committed());
    bench.wait(10);
    assert_eq!(bench.commit(step(&old, &sent[1])).await, Outcome::Fenced, "it has expired");
    let new = acquire(OTHER).await.expect("the store works").expect("nobody holds it any more");
    assert!(new.number > old.number);
    assert_eq!(bench.commit(step(&old, &sent[2])).await, Outcome::Fenced, "another node holds it");
    assert_eq!(bench.commit(step(&new, &sent[3])).await, committed());
    assert_eq!(leased(&bench.lease(10).await), [sent[0].id, sent[3].id]);
}

pub(crate) async fn l7_fences_rise_over_every_opening(mut bench: impl Bench) {
    let mut last = 0;
    for _ in 0..3 {
        let fence = bench.store().acquire("poller".into(), NODE, Duration::MAX).await;
        let fence = fence.expect("the store works").expect("a new opening has no holders");
        assert!(fence.number > last);
        last = fence.number;
        bench.reopen().await;
        let step = Step { fence: Some(fence), ..emitting(vec![message()]) };
        assert_eq!(bench.commit(step).await, Outcome::Fenced);
    }
}

pub(crate) async fn l8_higher_priority_first_then_sequence(bench: impl Bench) {
    let lanes = [100, 0, 255, 100, 7, 255, 100];
    let sent: Vec<_> = lanes.map(|lane| NewMessage { priority: Priority(lane), ..message() }).into();
    for message in &sent {
        bench.emit(vec![message.clone()]).await;
    }
    let mut expected: Vec<_> = sent.iter().collect();
    // A stable sort: sequence inside a priority.
    expected.sort_by_key(|message| std::cmp::Reverse(message.priority));
    let (first, rest) = (bench.lease(3).await, bench.lease(10).await);
    assert_eq!([leased(&first), leased(&rest)].concat(), ids(expected));
}

pub(crate) async fn l9_nothing_is_delivered_before_it_is_due(bench: impl Bench) {
    let (soon, late) = (bench.later(10), bench.later(20));
    let first = NewMessage { due: Some(late), ..message() };
    let second = NewMessage { due: Some(soon), ..message() };
    let third = message();
    bench.emit(vec![first.clone(), second.clone(), third.clone()]).await;
    let batch = bench.lease_as(request(10)).await;
    assert_eq!((leased(&batch.leased), batch.next_due), (vec![third.id], Some(soon)));
    bench.clock().advance(Duration::from_micros(9_999_999));
    assert!(bench.lease(10).await.is_empty());
    bench.clock().advance(Duration::from_micros(1));
    let batch = bench.lease_as(request(10)).await;
    assert_eq!((leased(&batch.leased), batch.next_due), (vec![second.id], Some(late)));
    bench.wait(10);
    let batch = bench.lease_as(request(10)).await;
    assert_eq!((leased(&batch.leased), batch.next_due), (vec![first.id], None));
}

pub(crate) async fn l10_purge_never_removes_what_is_unfinished(mut bench: impl Bench) {
    let whole = message();
    let half = message();
    let child = NewMessage { session: half.session, parent: Some(half.id), ..message() };
    let keyed = |message: NewMessage| NewMessage { keys: vec![("mrn", "4711".to_owned())], ..message };
    bench.emit(vec![keyed(whole.clone()), keyed(half.clone()), keyed(child.clone())]).await;
    for held in bench.lease(2).await {
        assert_eq!(bench.end(held.token, End::Completed).await, committed());
    }
    assert_eq!(bench.purge(100).await, 0, "not before their time");
    bench.wait(1);
    assert_eq!(bench.purge(100).await, 1);
    assert!(!bench.is_stored(whole.id).await);
    let key = Some(("mrn".into(), "4711".into()));
    assert_eq!(bench.query(MessageQuery { key, ..MessageQuery::default() }).await, [half.id, child.id]);

    let last = bench.lease(1).await;
    assert_eq!(bench.end(last[0].token, End::Completed).await, committed());
    bench.wait(1);
    assert_eq!(bench.purge(1).await, 1, "no more than asked for");
    assert_eq!(bench.purge(100).await, 1);
    bench.reopen().await;
    assert_eq!(bench.query(MessageQuery::default()).await, []);
    let next = message();
    bench.emit(vec![next.clone()]).await;
    assert!(bench.header(next.id).await.sequence > 3, "a sequence is never given twice");
}

pub(crate) async fn l10_purge_keeps_a_session_whose_process_has_state(bench: impl Bench) {
    let request = message();
    bench.emit(vec![request.clone()]).await;
    let held = bench.lease(1).await;
    let write = |expected, new: Option<&'static str>| StateWrite {
        instance: request.id,
        expected,
        new: new.map(|data| data.as_bytes().into()),
    };
    let step =
        Step { end: vec![(held[0].token, End::Completed)], state: vec![write(None, Some("{}"))], ..Step::default() };
    assert_eq!(bench.commit(step).await, committed());
    bench.wait(1);
    assert_eq!(bench.purge(100).await, 0);
    assert_eq!(bench.commit(Step { state: vec![write(Some(1), None)], ..Step::default() }).await, committed());
    assert_eq!(bench.purge(100).await, 1);
}

pub(crate) async fn l11_a_reader_sees_every_acknowledged_step(bench: impl Bench) {
    let mut seen = Vec::new();
    for _ in 0..20 {
        let message = message();
        bench.emit(vec![message.clone()]).await;
        seen.push(message.id);
        assert_eq!(bench.query(MessageQuery::default()).await, seen);
    }
}
