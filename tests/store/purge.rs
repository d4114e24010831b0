//! What may go, and what stays: retention by type, item and age, marks of inputs, and the event log.

use std::sync::Arc;

use iop::clock::Timestamp;
use iop::message::{Kind, MessageId, SessionId, Status};
use iop::store::{
    Event, EventQuery, Level, MessageQuery, NewMessage, Purge, PurgeBatch, PurgeOf, PurgeRule, Purged, Step, Store,
};

use crate::bench::{Bench, Sqlite, message};

/// Messages that are finished from the start.
fn finished(count: usize) -> Vec<NewMessage> {
    (0..count).map(|_| NewMessage { status: Status::Completed, ..message() }).collect()
}

/// Removes in batches until nothing is left that may go.
async fn run(store: &Arc<dyn Store>, purge: Purge, limit: usize) -> Purged {
    let mut batch = PurgeBatch::first(purge, limit);
    let mut all = Purged::default();
    loop {
        let purged = store.purge(batch.clone()).await.expect("the store works");
        assert!(purged.messages <= limit as u64, "a batch is no larger than asked for");
        all.add(purged);
        match all.next.take() {
            Some(cursor) => batch = batch.after(cursor),
            None => return all,
        }
    }
}

async fn preview(store: &Arc<dyn Store>, purge: Purge, limit: usize) -> Purged {
    let mut batch = PurgeBatch::first(purge, limit);
    let mut all = Purged::default();
    loop {
        all.add(store.purgeable(batch.clone()).await.expect("the store works"));
        match all.next.take() {
            Some(cursor) => batch = batch.after(cursor),
            None => return all,
        }
    }
}

fn rule(of: PurgeOf, before: Option<Timestamp>) -> PurgeRule {
    PurgeRule { of, before }
}

pub(crate) async fn what_a_preview_counts_is_what_goes(bench: impl Bench) {
    bench.emit(finished(25)).await;
    let waits = message();
    bench.emit(vec![waits.clone()]).await;
    let accepted = bench.clock_now();
    bench.wait(1);
    let purge = Purge::messages_before(bench.clock_now());
    let seen = preview(&bench.store(), purge.clone(), 4).await;
    let body = message().body.len() as u64;
    assert_eq!((seen.messages, seen.bytes, seen.oldest), (25, 25 * body, Some(accepted)));
    assert_eq!(preview(&bench.store(), purge.clone(), 100).await.messages, 25, "and nothing was removed");
    let gone = run(&bench.store(), purge, 4).await;
    assert_eq!((gone.messages, gone.bytes, gone.oldest), (seen.messages, seen.bytes, seen.oldest));
    assert_eq!(bench.query(MessageQuery::default()).await, [waits.id]);
}

pub(crate) async fn a_type_and_an_item_may_be_kept_longer_or_shorter_than_the_rest(bench: impl Bench) {
    let [rest, beat, audit] = ["Hello", "Heartbeat", "Hello"].map(|name| NewMessage {
        type_name: name.into(),
        status: Status::Completed,
        ..message()
    });
    let audit = NewMessage { target: Some("audit".into()), ..audit };
    let answer = NewMessage {
        session: audit.session,
        kind: Kind::Response,
        source: Some("audit".into()),
        target: None,
        status: Status::Completed,
        ..message()
    };
    let both = NewMessage { type_name: "Heartbeat".into(), ..audit.clone() };
    let both = NewMessage { id: MessageId::random(), session: SessionId::of(MessageId::random()), ..both };
    bench.emit(vec![rest.clone(), beat.clone(), audit.clone(), both.clone(), answer.clone()]).await;
    bench.wait(10);
    let purge = Purge {
        messages: Some(Timestamp(bench.clock_now().0 - 20_000_000)),
        rules: vec![
            rule(PurgeOf::Type("Heartbeat".into()), Some(bench.clock_now())),
            rule(PurgeOf::Item("audit".into()), None),
            rule(PurgeOf::Item("an item that never was".into()), Some(bench.clock_now())),
        ],
        ..Purge::default()
    };
    assert_eq!(run(&bench.store(), purge.clone(), 10).await.messages, 1);
    assert_eq!(
        bench.query(MessageQuery::default()).await,
        [rest.id, audit.id, both.id, answer.id],
        "only the heartbeat is gone"
    );
    bench.wait(20);
    let purge = Purge { messages: Some(bench.clock_now()), ..purge };
    assert_eq!(run(&bench.store(), purge, 10).await.messages, 1);
    assert_eq!(
        bench.query(MessageQuery::default()).await,
        [audit.id, both.id, answer.id],
        "an item that keeps for ever does"
    );
}

pub(crate) async fn a_session_goes_as_a_whole_when_its_longest_kept_message_may(bench: impl Bench) {
    let root = NewMessage { status: Status::Completed, ..message() };
    let child =
        NewMessage { session: root.session, type_name: "Report".into(), status: Status::Completed, ..message() };
    bench.emit(vec![root, child]).await;
    bench.wait(10);
    let now = bench.clock_now();
    let rules = |report| vec![rule(PurgeOf::Type("Report".into()), report)];
    let purge = Purge { messages: Some(now), rules: rules(None), ..Purge::default() };
    assert_eq!(run(&bench.store(), purge.clone(), 10).await.messages, 0);
    let purge = Purge { rules: rules(Some(now)), ..purge };
    assert_eq!(run(&bench.store(), purge, 10).await.messages, 2);
}

pub(crate) async fn sessions_that_are_named_go_whole_and_alone_and_what_is_not_over_stays(bench: impl Bench) {
    let of = |session: SessionId, status| NewMessage { session, status, ..message() };
    let long = message().session;
    bench.emit((0..7).map(|_| of(long, Status::Completed)).collect()).await;
    let open = message().session;
    let waits = [of(open, Status::Completed), of(open, Status::Queued)];
    bench.emit(waits.to_vec()).await;
    let other = NewMessage { status: Status::Completed, ..message() };
    bench.emit(vec![other.clone()]).await;
    let kept = NewMessage { status: Status::Completed, type_name: "Report".into(), ..message() };
    bench.emit(vec![kept.clone()]).await;
    bench.wait(1);
    let sessions = vec![open, long, kept.session, message().session];
    let rules = vec![rule(PurgeOf::Type("Report".into()), None)];
    let purge = Purge { sessions: Some(sessions.into()), rules, ..Purge::messages_before(bench.clock_now()) };
    let seen = preview(&bench.store(), purge.clone(), 3).await;
    assert_eq!((seen.messages, seen.kept, seen.bytes), (7, 2, 7 * message().body.len() as u64));
    let gone = run(&bench.store(), purge, 3).await;
    assert_eq!((gone.messages, gone.kept), (7, 2), "in three batches");
    let left = bench.query(MessageQuery::default()).await;
    assert_eq!(left, [waits[0].id, waits[1].id, other.id, kept.id]);
}

pub(crate) async fn a_purge_in_small_batches_comes_past_what_is_kept(bench: impl Bench) {
    for _ in 0..10 {
        bench.emit(vec![message(), message(), message()]).await;
        bench.emit(finished(2)).await;
    }
    bench.wait(1);
    assert_eq!(run(&bench.store(), Purge::messages_before(bench.clock_now()), 3).await.messages, 20);
    assert_eq!(bench.query(MessageQuery::default()).await.len(), 30);
}

pub(crate) async fn a_mark_outlives_its_session_and_then_its_own_time(bench: impl Bench) {
    let input = MessageId::of_input(&[b"a file"]);
    let sent = NewMessage { session: SessionId::of(input), status: Status::Completed, ..message() };
    bench.commit(Step { mark: Some(input), emit: vec![sent], ..Step::default() }).await;
    let marks: Vec<MessageId> = (0..20u8).map(|n| MessageId::of_input(&[&[n]])).collect();
    for mark in &marks {
        bench.commit(Step { mark: Some(*mark), ..Step::default() }).await;
    }
    bench.wait(10);
    let marks_alone = Purge { marks: Some(bench.clock_now()), ..Purge::default() };
    assert_eq!(run(&bench.store(), marks_alone.clone(), 3).await.marks, 20, "all but that of a stored session");
    assert_eq!(bench.store().is_marked(input).await, Ok(true));
    assert_eq!(bench.store().is_marked(marks[7]).await, Ok(false));
    let messages = Purge { marks: Some(Timestamp(0)), ..Purge::messages_before(bench.clock_now()) };
    assert_eq!(run(&bench.store(), messages, 3).await.messages, 1);
    assert_eq!(bench.store().is_marked(input).await, Ok(true), "its own time has not come");
    assert_eq!(run(&bench.store(), marks_alone, 3).await.marks, 1);
    assert_eq!(bench.store().is_marked(input).await, Ok(false));
}

pub(crate) async fn lines_of_the_log_go_by_their_age(bench: impl Bench) {
    let line = |text: &str| Event {
        number: 0,
        time: bench.clock_now(),
        level: Level::Info,
        item: None,
        session: None,
        message: None,
        module: "test".to_owned(),
        text: text.to_owned(),
    };
    bench.store().append_events((0..7).map(|n| line(&format!("old {n}"))).collect());
    bench.wait(10);
    bench.store().append_events(vec![line("new")]);
    // What is appended goes to the disk with the next step.
    bench.emit(finished(1)).await;
    let purge = Purge { events: Some(bench.clock_now()), ..Purge::default() };
    assert_eq!(preview(&bench.store(), purge.clone(), 3).await.events, 7);
    assert_eq!(run(&bench.store(), purge, 3).await.events, 7);
    let left = bench.store().events(EventQuery::default()).await.expect("the store works");
    assert_eq!(left.iter().map(|event| event.text.as_str()).collect::<Vec<_>>(), ["new"]);
}

#[tokio::test]
async fn a_file_becomes_smaller_when_its_messages_are_gone() {
    let bench = Sqlite::new();
    let large = || NewMessage { body: vec![b'x'; 20_000].into(), status: Status::Completed, ..message() };
    for _ in 0..10 {
        bench.emit((0..20).map(|_| large()).collect()).await;
    }
    bench.wait(1);
    let before = bench.store().usage().await.expect("the store works");
    assert!(before.bytes > 4_000_000 && before.oldest.is_some(), "{before:?}");
    run(&bench.store(), Purge::messages_before(bench.clock_now()), 50).await;
    let free = bench.store().usage().await.expect("the store works");
    assert!(free.bytes == before.bytes && free.free > 4_000_000 && free.oldest.is_none(), "{free:?}");
    let mut rounds = 0;
    while bench.store().shrink(256 << 10).await.expect("the store works") {
        rounds += 1;
    }
    assert!(rounds > 3, "a little at a time");
    let after = bench.store().usage().await.expect("the store works");
    assert!(after.bytes < before.bytes / 4, "{after:?}");
    bench.emit(vec![message()]).await;
}

/// What a purge costs those who send meanwhile; the figures in `docs/how-to/keep-and-purge.md` come from here:
/// `cargo test -p iop-tests --test store measured -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement; it takes a minute"]
async fn measured_sends_beside_a_purge() {
    let bench = Sqlite::new();
    for _ in 0..200 {
        bench.emit(finished(250)).await;
    }
    bench.wait(1);
    let store = bench.store();
    let alone = sends(&store, 400).await;
    let purge = Purge::messages_before(bench.clock_now());
    let purging = tokio::spawn({
        let store = store.clone();
        async move {
            let began = std::time::Instant::now();
            let mut batch = PurgeBatch::first(purge, 128);
            let mut all = Purged::default();
            loop {
                let round = std::time::Instant::now();
                all.add(store.purge(batch.clone()).await.expect("the store works"));
                let Some(cursor) = all.next.take() else { return (all.messages, began.elapsed()) };
                batch = batch.after(cursor);
                tokio::time::sleep((round.elapsed() * 4).max(std::time::Duration::from_millis(10))).await;
            }
        }
    });
    let beside = sends(&store, 400).await;
    let over_before = purging.is_finished();
    let (gone, took) = purging.await.expect("it ends");
    println!("alone {alone:?}, beside a purge {beside:?} (p50, p99); {gone} messages gone in {took:?}, {over_before}");
    assert_eq!(gone, 50_000);
}

/// The middle and the 99th of 100 times that a send takes until it is durable, at 100 a second.
async fn sends(store: &Arc<dyn Store>, count: usize) -> (std::time::Duration, std::time::Duration) {
    let mut times = Vec::new();
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(10));
    for _ in 0..count {
        ticks.tick().await;
        let began = std::time::Instant::now();
        let step = Step { emit: vec![message()], ..Step::default() };
        store.submit(step).commit.wait().await.expect("the store works");
        times.push(began.elapsed());
    }
    times.sort_unstable();
    (times[count / 2], times[count * 99 / 100])
}
