//! What people see.

use iop::clock::Timestamp;
use iop::message::{Message, MessageId, Priority, SessionId, Status, SuspendReason};
use iop::prelude::message as message_type;
use iop::store::{End, Event, EventQuery, Level, MessageQuery, NewMessage, QueueStatus, Step};

use crate::bench::{Bench, committed, ids, message, messages};

pub(crate) async fn a_query_is_narrowed_by_every_field(bench: impl Bench) {
    let session = SessionId::of(MessageId::random());
    let keys = vec![("mrn", "4711".to_owned()), ("order", "A-1".to_owned())];
    let plain = message();
    let in_session = NewMessage { session, ..message() };
    let from_lab = NewMessage { source: Some("lab".into()), ..message() };
    let to_lab = NewMessage { target: Some("lab".into()), ..message() };
    let typed = NewMessage { type_name: "Order".into(), ..message() };
    let keyed = NewMessage { keys, ..message() };
    let done = NewMessage { status: Status::Completed, ..message() };
    let all = [plain, in_session.clone(), from_lab.clone(), to_lab.clone(), typed.clone(), keyed.clone(), done.clone()];
    bench.emit(all.to_vec()).await;
    bench.wait(10);
    let since = bench.clock_now();
    let newer = NewMessage { due: Some(bench.later(60)), ..message() };
    bench.emit(vec![newer.clone()]).await;

    let any = MessageQuery::default;
    assert_eq!(bench.query(any()).await, ids(all.iter().chain([&newer])));
    assert_eq!(bench.query(MessageQuery { session: Some(session), ..any() }).await, [in_session.id]);
    assert_eq!(bench.query(MessageQuery { item: Some("lab".into()), ..any() }).await, [from_lab.id, to_lab.id]);
    assert_eq!(bench.query(MessageQuery { type_name: Some("Order".into()), ..any() }).await, [typed.id]);
    assert_eq!(bench.query(MessageQuery { status: Some(Status::Completed), ..any() }).await, [done.id]);
    assert_eq!(bench.query(MessageQuery { since: Some(since), ..any() }).await, [newer.id]);
    let key = |name: &str, value: &str| MessageQuery { key: Some((name.into(), value.into())), ..any() };
    assert_eq!(bench.query(key("mrn", "4711")).await, [keyed.id]);
    assert_eq!(bench.query(key("order", "A-1")).await, [keyed.id]);
    for (name, value) in [("mrn", "A-1"), ("mrn", "471"), ("name", "4711"), ("nobody", "has it")] {
        assert_eq!(bench.query(key(name, value)).await, [], "{name}={value}");
    }
    assert_eq!(bench.query(MessageQuery { item: Some("nobody".into()), ..any() }).await, []);
    assert_eq!(bench.query(MessageQuery { type_name: Some("Nothing".into()), ..any() }).await, []);

    let queued = bench.query(MessageQuery { status: Some(Status::Queued), ..any() }).await;
    assert_eq!(queued, ids(all[..6].iter().chain([&newer])), "one that is due later is queued as well");
    let both = MessageQuery { session: Some(session), item: Some("lab".into()), ..any() };
    assert_eq!(bench.query(both).await, [], "every field narrows");
}

#[message_type]
struct Patient {
    #[sensitive]
    #[key(hashed)]
    mrn: String,
}

pub(crate) async fn a_hashed_key_is_found_by_its_value_and_is_not_in_the_index(bench: impl Bench) {
    let keys = Patient { mrn: "4711".into() }.keys();
    assert!(keys.iter().all(|(name, value)| *name == "mrn" && !value.contains("4711")), "{keys:?}");
    assert_ne!(keys, Patient { mrn: "4712".into() }.keys());
    let hidden = NewMessage { keys, ..message() };
    let clear = NewMessage { keys: vec![("mrn", "4711".into())], ..message() };
    let other = NewMessage { keys: Patient { mrn: "4712".into() }.keys(), ..message() };
    bench.emit(vec![hidden.clone(), clear.clone(), other.clone()]).await;
    let of = |value: &str| MessageQuery { key: Some(("mrn".into(), value.into())), ..MessageQuery::default() };
    assert_eq!(bench.query(of("4711")).await, [hidden.id, clear.id], "whatever type of message has the key");
    assert_eq!(bench.query(of("4712")).await, [other.id]);
    assert_eq!(bench.query(of("4713")).await, []);
}

pub(crate) async fn the_keys_of_messages_are_found_by_their_sequences_but_for_hashed_ones(bench: impl Bench) {
    let two = NewMessage { keys: vec![("ward", "W3".to_owned()), ("mrn", "4711".to_owned())], ..message() };
    let one = NewMessage { keys: vec![("mrn", "HASH:1".to_owned())], ..message() };
    let hidden = NewMessage { keys: Patient { mrn: "4711".into() }.keys(), ..message() };
    let bare = message();
    bench.emit(vec![two, one, hidden, bare]).await;
    let query = MessageQuery { oldest_first: true, ..MessageQuery::default() };
    let found = bench.store().query(query).await.expect("the store works");
    let mut sequences: Vec<u64> = found.iter().map(|header| header.sequence).collect();
    sequences.reverse();
    sequences.push(1_000_000);
    let keys = bench.store().keys(sequences).await.expect("the store works");
    let keys: Vec<_> = keys.iter().map(|key| (key.sequence, &*key.name, &*key.value)).collect();
    let [two, one] = [found[0].sequence, found[1].sequence];
    assert_eq!(keys, [(one, "mrn", "HASH:1"), (two, "mrn", "4711"), (two, "ward", "W3")]);
}

pub(crate) async fn a_query_is_paged_by_sequence(bench: impl Bench) {
    let sent = messages(25);
    bench.emit(sent.clone()).await;
    for oldest_first in [true, false] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let query = MessageQuery { after, limit: 10, oldest_first, ..MessageQuery::default() };
            let page = bench.store().query(query).await.expect("the store works");
            assert!(page.len() <= 10);
            let Some(last) = page.last() else { break };
            after = Some(last.sequence);
            seen.extend(page.iter().map(|header| header.id));
        }
        if !oldest_first {
            seen.reverse();
        }
        assert_eq!(seen, ids(&sent));
    }
    bench.emit(messages(100)).await;
    assert_eq!(bench.query(MessageQuery::default()).await.len(), 100, "no limit stands for 100");
}

pub(crate) async fn queues_are_counted_by_state(bench: impl Bench) {
    assert_eq!(bench.store().queues().await, Ok(Vec::new()));
    bench.wait(5);
    let oldest = bench.clock_now();
    bench.emit(messages(5)).await;
    bench.wait(5);
    let alarm = NewMessage { due: Some(bench.later(60)), ..message() };
    let other = NewMessage { target: Some("archive".into()), ..message() };
    let done = NewMessage { status: Status::Completed, target: Some("nothing".into()), ..message() };
    bench.emit(vec![alarm, other, done]).await;
    let held = bench.lease(4).await;
    let tokens: Vec<_> = held.iter().map(|leased| leased.token).collect();
    let step = Step {
        start: vec![(tokens[3], bench.clock_now())],
        end: vec![
            (tokens[0], End::Suspend { reason: SuspendReason::Poison, error: "bad".into() }),
            (tokens[1], End::Retry { due: bench.later(60), error: "down".into(), keep: false }),
            (tokens[2], End::Completed),
        ],
        ..Step::default()
    };
    assert_eq!(bench.commit(step).await, committed());
    let archive = QueueStatus {
        item: "archive".into(),
        queued: 1,
        in_flight: 0,
        retrying: 0,
        suspended: 0,
        oldest: Some(bench.clock_now()),
    };
    let out =
        QueueStatus { item: "out".into(), queued: 2, in_flight: 1, retrying: 1, suspended: 1, oldest: Some(oldest) };
    assert_eq!(bench.store().queues().await, Ok(vec![archive, out]));
}

pub(crate) async fn the_oldest_of_a_queue_is_the_oldest_of_all_its_priorities_and_states(bench: impl Bench) {
    let oldest = async || bench.store().queues().await.expect("the store is read")[0].oldest;
    let first = bench.clock_now();
    let alarm = NewMessage { due: Some(bench.later(3600)), ..message() };
    bench.emit(vec![alarm.clone()]).await;
    bench.wait(5);
    let second = bench.clock_now();
    bench.emit(vec![NewMessage { priority: Priority(1), ..message() }]).await;
    bench.wait(5);
    bench.emit(vec![NewMessage { priority: Priority(200), ..message() }]).await;
    assert_eq!(oldest().await, Some(first));
    assert!(bench.discard(alarm.id, "a test").await);
    assert_eq!(oldest().await, Some(second), "although it is the last that will be worked on");
}

pub(crate) async fn events_come_back_in_order_and_by_every_field(mut bench: impl Bench) {
    let session = SessionId::of(MessageId::random());
    let message = MessageId::random();
    let event = |text: &str| Event {
        number: 0,
        time: Timestamp(7),
        level: Level::Info,
        item: None,
        session: None,
        message: None,
        module: "lab".to_owned(),
        text: text.to_owned(),
    };
    let store = bench.store();
    store.append_events(vec![event("first"), Event { level: Level::Error, ..event("grave") }]);
    store.append_events(vec![Event { item: Some("lab".into()), session: Some(session), ..event("of lab") }]);
    store.append_events(vec![Event { message: Some(message), level: Level::Warn, ..event("last") }]);
    drop(store);
    bench.emit(messages(1)).await;
    bench.reopen().await;

    let store = bench.store();
    let texts = async |query: EventQuery| -> Vec<String> {
        let events = store.events(query).await.expect("the store works");
        events.into_iter().map(|event| event.text).collect()
    };
    let any = EventQuery::default;
    assert_eq!(texts(any()).await, ["last", "of lab", "grave", "first"]);
    assert_eq!(texts(EventQuery { oldest_first: true, limit: 2, ..any() }).await, ["first", "grave"]);
    assert_eq!(texts(EventQuery { level: Some(Level::Warn), ..any() }).await, ["last", "grave"]);
    assert_eq!(texts(EventQuery { item: Some("lab".into()), ..any() }).await, ["of lab"]);
    assert_eq!(texts(EventQuery { item: Some("nobody".into()), ..any() }).await, [] as [&str; 0]);
    assert_eq!(texts(EventQuery { session: Some(session), ..any() }).await, ["of lab"]);
    assert_eq!(texts(EventQuery { message: Some(message), ..any() }).await, ["last"]);

    let all = store.events(EventQuery { oldest_first: true, ..any() }).await.expect("the store works");
    let stored = Event { number: all[2].number, item: Some("lab".into()), session: Some(session), ..event("of lab") };
    assert_eq!(all[2], stored, "every field");
    assert!(all.windows(2).all(|pair| pair[0].number < pair[1].number));
    let after = Some(all[1].number);
    assert_eq!(texts(EventQuery { after, ..any() }).await, ["first"]);
    assert_eq!(texts(EventQuery { after, oldest_first: true, ..any() }).await, ["of lab", "last"]);
}
