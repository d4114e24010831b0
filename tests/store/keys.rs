//! Queues that are ordered by key: what is to be had of a key, what waits for what, and what is parked.

use iop::message::{MessageId, Priority, Status, SuspendReason};
use iop::store::{Admin, End, LeaseOrder, LeaseRequest, Leased, NewMessage, Parked, Redirect, Step};

use crate::bench::{Bench, NODE, OTHER, committed, emitting, ids, leased, message, messages, ordered, request};

/// More of one key than leaves the store at once.
const MANY: usize = 200;

fn by_key(limit: usize) -> LeaseRequest {
    LeaseRequest { order: LeaseOrder::Key, ..request(limit) }
}

fn of(key: &str) -> NewMessage {
    NewMessage { order_key: Some(key.into()), ..message() }
}

fn parking(key: &str) -> NewMessage {
    NewMessage { parks: true, ..of(key) }
}

fn many(key: &str, count: usize) -> Vec<NewMessage> {
    (0..count).map(|_| of(key)).collect()
}

async fn lease(bench: &impl Bench, limit: usize) -> Vec<Leased> {
    bench.lease_as(by_key(limit)).await.leased
}

async fn complete(bench: &impl Bench, held: &[Leased]) {
    for held in held {
        assert_eq!(bench.end(held.token, End::Completed).await, committed());
    }
}

fn suspend() -> End {
    End::Suspend { reason: SuspendReason::Poison, error: "bad".into() }
}

pub(crate) async fn l6_each_key_comes_in_its_order_to_one_node(bench: impl Bench) {
    let (a, b) = (many("a", 3), many("b", 2));
    bench.emit(vec![a[0].clone()]).await;
    let mine = lease(&bench, 10).await;
    bench.emit(vec![a[1].clone(), b[0].clone(), a[2].clone(), b[1].clone()]).await;
    let theirs = bench.lease_as(LeaseRequest { node: OTHER, ..by_key(10) }).await.leased;
    assert_eq!(leased(&mine), ids(&a[..1]));
    assert_eq!(leased(&theirs), ids(&b[..1]), "`a` belongs to another node, and the second `b` waits for the first");
    complete(&bench, &mine).await;
    let next = bench.lease_as(LeaseRequest { node: OTHER, ..by_key(10) }).await.leased;
    assert_eq!(leased(&next), ids(&a[1..]));
    complete(&bench, &theirs).await;
    assert_eq!(leased(&lease(&bench, 10).await), ids(&b[1..]));
}

pub(crate) async fn a_backlog_of_one_key_does_not_keep_another_from_being_read(mut bench: impl Bench) {
    let hot = many("hot", MANY);
    let cold = of("cold");
    for message in &hot {
        bench.emit(vec![message.clone()]).await;
    }
    bench.emit(vec![cold.clone()]).await;
    let first = lease(&bench, 10).await;
    assert_eq!(leased(&first), [hot[0].id, cold.id]);
    bench.reopen().await;
    let mut seen = Vec::new();
    loop {
        let held = lease(&bench, 1_000).await;
        if held.is_empty() {
            break;
        }
        assert!(held.len() <= 65, "{} at once", held.len());
        seen.extend(leased(&held));
        complete(&bench, &held).await;
    }
    seen.retain(|id| *id != cold.id);
    assert_eq!(seen, ids(&hot));
}

pub(crate) async fn a_retrying_message_holds_back_its_own_key_only(mut bench: impl Bench) {
    let (a, b) = (many("a", 3), many("b", 1));
    let handed: Vec<_> = a.iter().take(2).map(|message| NewMessage { leased: Some(NODE), ..message.clone() }).collect();
    let receipt = bench.store().submit(emitting(handed));
    let tokens: Vec<_> = receipt.leases.iter().map(|lease| lease.expect("handed over")).collect();
    bench.emit(vec![a[2].clone(), b[0].clone()]).await;
    let due = bench.later(60);
    let retry = End::Retry { due, error: "down".into(), keep: false };
    assert_eq!(bench.end(tokens[0], retry).await, committed());
    assert_eq!(bench.end(tokens[1], End::Completed).await, iop::store::Outcome::LeaseLost, "it waits again");
    let batch = bench.lease_as(by_key(10)).await;
    assert_eq!((leased(&batch.leased), batch.next_due), (ids(&b), Some(due)));
    complete(&bench, &batch.leased).await;
    bench.wait(61);
    let again = lease(&bench, 10).await;
    assert_eq!(leased(&again), ids(&a[..1]));
    let began = bench.header(a[0].id).await.failing;
    assert_eq!(began.map(|began| began < bench.clock_now()), Some(true));

    bench.reopen().await;
    let again = lease(&bench, 10).await;
    assert_eq!(leased(&again), ids(&a[..1]));
    complete(&bench, &again).await;
    assert_eq!(leased(&lease(&bench, 10).await), ids(&a[1..]));
}

pub(crate) async fn a_retry_that_keeps_its_lease_holds_its_key_back_too(bench: impl Bench) {
    let a = many("a", 2);
    bench.emit(vec![a[0].clone()]).await;
    let held = lease(&bench, 1).await;
    bench.emit(vec![a[1].clone()]).await;
    let retry = || End::Retry { due: bench.later(60), error: "down".into(), keep: true };
    assert_eq!(bench.end(held[0].token, retry()).await, committed());
    bench.wait(61);
    assert!(lease(&bench, 10).await.is_empty(), "the head has its holder");
    assert_eq!(bench.end(held[0].token, End::Completed).await, committed());
    assert_eq!(leased(&lease(&bench, 10).await), ids(&a[1..]));
}

pub(crate) async fn a_higher_priority_overtakes_inside_its_key(bench: impl Bench) {
    let normal = many("a", 3);
    let urgent = NewMessage { priority: Priority::HIGH, ..of("a") };
    bench.emit(vec![normal[0].clone()]).await;
    let held = lease(&bench, 10).await;
    bench.emit(vec![normal[1].clone(), normal[2].clone(), urgent.clone()]).await;
    let retry = End::Retry { due: bench.later(60), error: "down".into(), keep: true };
    assert_eq!(bench.end(held[0].token, retry).await, committed());
    let first = lease(&bench, 10).await;
    assert_eq!(leased(&first), [urgent.id]);
    complete(&bench, &first).await;
    assert!(lease(&bench, 10).await.is_empty());
    complete(&bench, &held).await;
    assert_eq!(leased(&lease(&bench, 10).await), ids(&normal[1..]));
}

pub(crate) async fn a_parked_key_waits_for_a_person_and_takes_up_its_order_again(mut bench: impl Bench) {
    let a: Vec<_> = (0..3).map(|_| parking("a")).collect();
    let b = of("b");
    bench.emit(vec![a[0].clone(), a[1].clone()]).await;
    let held = lease(&bench, 1).await;
    assert_eq!(bench.end(held[0].token, suspend()).await, committed());
    bench.emit(vec![a[2].clone(), b.clone()]).await;
    bench.reopen().await;
    let batch = bench.lease_as(LeaseRequest { with_parked: true, ..by_key(10) }).await;
    assert_eq!(leased(&batch.leased), [b.id]);
    assert_eq!(batch.parked, [Parked { message: a[0].id, order_key: Some("a".into()) }]);
    assert_eq!(bench.status(a[1].id).await, Status::Queued);

    assert_eq!(bench.store().admin(Admin::Resume(a[0].id)).await, Ok(true));
    let again = lease(&bench, 10).await;
    assert_eq!(leased(&again), ids(&a[..1]), "first the one that was parked");
    complete(&bench, &again).await;
    assert_eq!(leased(&lease(&bench, 10).await), ids(&a[1..]));
}

pub(crate) async fn parked_messages_of_one_key_come_in_their_order_however_they_are_resumed(bench: impl Bench) {
    // As messages of an item that is gone are held, each by itself.
    for resumed in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let a: Vec<_> = (0..3).map(|_| parking("a")).collect();
        bench.emit(a.clone()).await;
        let hold = |id| Admin::Hold { id, reason: SuspendReason::Orphaned, error: "its item is gone".into() };
        for message in &a {
            assert_eq!(bench.store().admin(hold(message.id)).await, Ok(true));
        }
        for at in resumed {
            assert_eq!(leased(&lease(&bench, 10).await), ids(&[]), "others of the key wait for a person");
            assert_eq!(bench.store().admin(Admin::Resume(a[at].id)).await, Ok(true));
        }
        let mut seen = Vec::new();
        while seen.len() < a.len() {
            let held = lease(&bench, 1).await;
            assert_eq!(held.len(), 1, "{resumed:?}: {seen:?}");
            seen.extend(leased(&held));
            complete(&bench, &held).await;
        }
        assert_eq!(seen, ids(&a), "{resumed:?}");
    }
}

pub(crate) async fn a_parked_message_that_is_discarded_lets_its_key_go(bench: impl Bench) {
    let a: Vec<_> = (0..2).map(|_| parking("a")).collect();
    bench.emit(a.clone()).await;
    let held = lease(&bench, 1).await;
    assert_eq!(bench.end(held[0].token, suspend()).await, committed());
    assert!(lease(&bench, 10).await.is_empty());
    assert!(bench.discard(a[0].id, "ada").await);
    assert_eq!(leased(&lease(&bench, 10).await), ids(&a[1..]));
}

pub(crate) async fn what_is_suspended_without_parking_lets_its_key_go(bench: impl Bench) {
    let a = many("a", 2);
    bench.emit(a.clone()).await;
    let held = lease(&bench, 1).await;
    assert_eq!(bench.end(held[0].token, suspend()).await, committed());
    assert_eq!(leased(&lease(&bench, 10).await), ids(&a[1..]));
    assert_eq!(bench.store().admin(Admin::Resume(a[0].id)).await, Ok(true));
    assert_eq!(leased(&lease(&bench, 10).await), ids(&a[..1]));
}

pub(crate) async fn a_parked_message_of_an_ordered_queue_parks_all_of_it(mut bench: impl Bench) {
    let sent: Vec<_> = messages(3).into_iter().map(|message| NewMessage { parks: true, ..message }).collect();
    bench.emit(sent.clone()).await;
    let held = bench.lease_as(ordered(1)).await.leased;
    assert_eq!(bench.end(held[0].token, suspend()).await, committed());
    bench.reopen().await;
    let batch = bench.lease_as(LeaseRequest { with_parked: true, ..ordered(10) }).await;
    assert_eq!(leased(&batch.leased), Vec::<MessageId>::new());
    assert_eq!(batch.parked, [Parked { message: sent[0].id, order_key: None }]);
    assert_eq!(bench.store().admin(Admin::Resume(sent[0].id)).await, Ok(true));
    assert_eq!(leased(&bench.lease_as(ordered(10)).await.leased), ids(&sent));
}

pub(crate) async fn a_cancelled_message_lets_its_key_go(bench: impl Bench) {
    let a = many("a", 2);
    for message in &a {
        bench.emit(vec![message.clone()]).await;
    }
    assert_eq!(bench.commit(Step { cancel: vec![a[0].id], ..Step::default() }).await, committed());
    assert_eq!(leased(&lease(&bench, 10).await), ids(&a[1..]));
}

pub(crate) async fn a_message_that_goes_to_another_queue_waits_its_turn_in_its_new_order(mut bench: impl Bench) {
    let (first, moved, behind) = (of("a"), NewMessage { target: Some("lab".into()), ..of("x") }, of("a"));
    let waits_for_it = NewMessage { target: Some("lab".into()), ..of("x") };
    bench.emit(vec![moved.clone(), waits_for_it.clone(), first.clone(), behind.clone()]).await;
    let at_it = lease(&bench, 1).await;
    let of_lab = || LeaseRequest { queue: "lab".into(), ..by_key(10) };
    let held = bench.lease_as(of_lab()).await.leased;
    assert_eq!(leased(&held), [moved.id]);
    let redirect = |lease| {
        let (to, order_key) = ("out".into(), Some("a".into()));
        Admin::Redirect(Redirect { id: moved.id, to, order_key, parks: true, lease })
    };
    assert_eq!(bench.store().admin(redirect(None)).await, Ok(false), "somebody has it");
    assert_eq!(bench.store().admin(redirect(Some(held[0].token))).await, Ok(true));
    assert_eq!(bench.end(held[0].token, End::Completed).await, iop::store::Outcome::LeaseLost);
    assert_eq!(leased(&bench.lease_as(of_lab()).await.leased), [waits_for_it.id], "its old order goes on");
    assert_eq!(leased(&lease(&bench, 10).await), ids(&[]), "another of the key is at it");
    complete(&bench, &at_it).await;
    let next = lease(&bench, 10).await;
    assert_eq!(leased(&next), [moved.id, behind.id], "in the order of acceptance");

    // It parks where it is now, and is whole at the next opening.
    assert_eq!(bench.end(next[0].token, suspend()).await, committed());
    bench.reopen().await;
    let batch = bench.lease_as(LeaseRequest { with_parked: true, ..by_key(10) }).await;
    assert_eq!(leased(&batch.leased), ids(&[]));
    assert_eq!(batch.parked, [Parked { message: moved.id, order_key: Some("a".into()) }]);
    let header = bench.header(moved.id).await;
    assert_eq!((header.target.as_deref(), header.order_key.as_deref()), (Some("out"), Some("a")));
}

pub(crate) async fn a_message_that_was_tried_is_a_new_one_at_another_item(bench: impl Bench) {
    let failed = NewMessage { parks: true, ..of("a") };
    bench.emit(vec![failed.clone()]).await;
    let held = lease(&bench, 1).await;
    let start = Step { start: vec![(held[0].token, bench.clock_now())], ..Step::default() };
    assert_eq!(bench.commit(start).await, committed());
    let redirect =
        |lease| Admin::Redirect(Redirect { id: failed.id, to: "lab".into(), order_key: None, parks: false, lease });
    assert_eq!(bench.store().admin(redirect(Some(held[0].token))).await, Ok(false), "its attempt is under way");
    assert_eq!(bench.end(held[0].token, suspend()).await, committed());
    assert_eq!(bench.store().admin(redirect(None)).await, Ok(true));
    let of_lab = LeaseRequest { queue: "lab".into(), ..request(10) };
    let again = bench.lease_as(of_lab).await.leased;
    assert_eq!(leased(&again), [failed.id]);
    let header = bench.header(failed.id).await;
    assert_eq!((header.attempt, header.reason, header.failing), (0, None, None));
    let parked = bench.lease_as(LeaseRequest { with_parked: true, ..by_key(10) }).await.parked;
    assert_eq!(parked, [], "it parks nobody any more");
    complete(&bench, &again).await;
    assert_eq!(bench.store().admin(redirect(None)).await, Ok(false), "it is over");
}
