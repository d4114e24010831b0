//! What is stored with a message, and the states that it goes through.

use std::time::Duration;

use iop::message::{Invocation, Kind, MessageId, Priority, SessionId, Status, SuspendReason};
use iop::store::{
    Admin, End, EventQuery, MessageQuery, NewMessage, Outcome, ProcessState, StateWrite, Step, StoreError,
};

use crate::bench::{Bench, committed, emitting, leased, message, messages, request};

pub(crate) async fn a_stored_message_comes_back_as_it_was_written(mut bench: impl Bench) {
    bench.wait(1_700_000_000);
    let full = NewMessage {
        id: MessageId::random().derive(&[b"0"]),
        session: SessionId::of(MessageId::random()),
        parent: Some(MessageId::random()),
        position: 7,
        source: Some("router".into()),
        target: Some("out".into()),
        instance: Some(MessageId::random()),
        type_name: "acme.Order".into(),
        type_version: 3,
        kind: Kind::Response,
        invocation: Invocation::Async,
        status: Status::Queued,
        priority: Priority(150),
        due: Some(bench.later(1)),
        late: true,
        completion_key: Some("left".into()),
        description: Some("the \u{1f980} order".into()),
        body: "{\"text\":\"a\u{0}b \u{fc}\"}".into(),
        keys: vec![("mrn", "4711".to_owned()), ("order", "A-1".to_owned())],
        leased: None,
        order_key: Some("4711 \u{e9}".into()),
        parks: true,
    };
    let bare = NewMessage {
        kind: Kind::Timer,
        source: None,
        target: None,
        status: Status::Completed,
        body: vec![0xff, 0xfe].into(),
        invocation: Invocation::Sync,
        ..message()
    };
    bench.emit(vec![full.clone(), bare.clone()]).await;
    let accepted = bench.clock_now();
    bench.reopen().await;

    let stored = bench.stored(full.id).await;
    assert_eq!((stored.instance, stored.body), (full.instance, full.body));
    let header = stored.header;
    assert_eq!((header.id, header.session, header.parent, header.position), (full.id, full.session, full.parent, 7));
    assert_eq!((header.source, header.target), (full.source, full.target));
    assert_eq!((header.type_name, header.type_version), (full.type_name, 3));
    assert_eq!((header.kind, header.invocation, header.status), (Kind::Response, Invocation::Async, Status::Queued));
    assert_eq!((header.reason, header.priority, header.due), (None, Priority(150), full.due));
    assert_eq!((header.created, header.started, header.ended), (accepted, None, None));
    assert_eq!((header.attempt, header.crashes, header.error, header.late), (0, 0, None, true));
    assert_eq!((header.completion_key, header.description), (full.completion_key, full.description));
    assert_eq!((header.order_key, header.failing), (full.order_key, None));
    for (name, value) in full.keys {
        let key = Some((name.into(), value.into()));
        assert_eq!(bench.query(MessageQuery { key, ..MessageQuery::default() }).await, [full.id]);
    }

    let stored = bench.stored(bare.id).await;
    assert_eq!(stored.body, bare.body, "a body that is not text");
    let header = stored.header;
    assert_eq!((header.kind, header.invocation, header.status), (Kind::Timer, Invocation::Sync, Status::Completed));
    assert_eq!((header.source, header.target, header.ended), (None, None, Some(accepted)));
}

pub(crate) async fn the_state_of_an_instance_changes_by_versions(mut bench: impl Bench) {
    let instance = MessageId::random();
    let write = |expected, new: Option<&'static str>| Step {
        state: vec![StateWrite { instance, expected, new: new.map(|data| data.as_bytes().into()) }],
        ..Step::default()
    };
    for version in 1..=3 {
        let expected = (version > 1).then_some(version - 1);
        assert_eq!(bench.commit(write(expected, Some("{\"a\":1}"))).await, committed());
        let state = bench.store().load_state(instance).await;
        assert_eq!(state, Ok(Some(ProcessState { version, data: "{\"a\":1}".into() })));
    }
    bench.reopen().await;
    assert_eq!(bench.commit(write(Some(3), None)).await, committed());
    assert_eq!(bench.store().load_state(instance).await, Ok(None));
    assert_eq!(bench.commit(write(None, Some("2"))).await, committed(), "a new beginning");
}

pub(crate) async fn a_state_that_was_changed_in_between_refuses_the_step(bench: impl Bench) {
    let instance = MessageId::random();
    let write = |expected, new: &'static str| Step {
        state: vec![StateWrite { instance, expected, new: Some(new.into()) }],
        ..Step::default()
    };
    assert_eq!(bench.commit(write(Some(1), "early")).await, Outcome::StateConflict);
    assert_eq!(bench.commit(write(None, "one")).await, committed());
    assert_eq!(bench.commit(write(Some(1), "two")).await, committed());
    assert_eq!(bench.commit(write(Some(1), "late")).await, Outcome::StateConflict);
    assert_eq!(bench.commit(write(None, "late")).await, Outcome::StateConflict);
    let state = bench.store().load_state(instance).await.expect("the store works");
    assert_eq!(state, Some(ProcessState { version: 2, data: "two".into() }));
}

pub(crate) async fn what_is_cancelled_expires_unless_it_is_in_flight(bench: impl Bench) {
    let (queued, held, started, completed) = (message(), message(), message(), message());
    let alarm = NewMessage { due: Some(bench.later(60)), ..message() };
    bench.emit(vec![held.clone(), started.clone(), completed.clone()]).await;
    let tokens: Vec<_> = bench.lease(3).await.iter().map(|leased| leased.token).collect();
    let step = Step {
        start: vec![(tokens[1], bench.clock_now())],
        end: vec![(tokens[2], End::Completed)],
        ..emitting(vec![queued.clone(), alarm.clone()])
    };
    assert_eq!(bench.commit(step).await, committed());

    let cancel = vec![queued.id, alarm.id, held.id, started.id, completed.id, MessageId::random()];
    assert_eq!(bench.commit(Step { cancel, ..Step::default() }).await, committed());
    for id in [queued.id, alarm.id, held.id] {
        let header = bench.header(id).await;
        assert_eq!((header.status, header.ended), (Status::Expired, Some(bench.clock_now())));
    }
    assert_eq!(bench.status(started.id).await, Status::InFlight);
    assert_eq!(bench.status(completed.id).await, Status::Completed);
    assert_eq!(bench.end(tokens[0], End::Completed).await, Outcome::AlreadyDone, "its lease has ended");
    assert_eq!(bench.status(held.id).await, Status::Expired);
    assert_eq!(bench.end(tokens[1], End::Completed).await, committed());
    bench.wait(60);
    let batch = bench.lease_as(request(10)).await;
    assert_eq!((batch.leased.len(), batch.next_due), (0, None));
}

pub(crate) async fn the_response_to_an_abandoned_request_is_late(bench: impl Bench) {
    let sent = messages(2);
    bench.emit(sent.clone()).await;
    assert_eq!(bench.commit(Step { abandon: vec![sent[0].id], ..Step::default() }).await, committed());
    assert!(bench.header(sent[0].id).await.late, "its caller has given up");
    for (request, late) in sent.iter().zip([true, false]) {
        let response = NewMessage { kind: Kind::Response, parent: Some(request.id), ..message() };
        let child = NewMessage { parent: Some(request.id), ..message() };
        bench.emit(vec![response.clone(), child.clone()]).await;
        assert_eq!(bench.header(response.id).await.late, late);
        assert!(!bench.header(child.id).await.late, "only a response has a caller who waits");
    }
}

pub(crate) async fn a_suspended_message_waits_for_a_person(mut bench: impl Bench) {
    let sent = message();
    bench.emit(vec![sent.clone()]).await;
    let held = bench.lease(1).await;
    let suspend = End::Suspend { reason: SuspendReason::Poison, error: "no such patient".into() };
    assert_eq!(bench.end(held[0].token, suspend).await, committed());
    bench.reopen().await;
    let header = bench.header(sent.id).await;
    assert_eq!((header.status, header.reason), (Status::Suspended, Some(SuspendReason::Poison)));
    assert_eq!((header.attempt, header.error.as_deref()), (1, Some("no such patient")));
    bench.wait(1_000_000);
    assert!(bench.lease(1).await.is_empty());

    assert_eq!(bench.store().admin(Admin::Resume(sent.id)).await, Ok(true));
    assert_eq!(bench.store().admin(Admin::Resume(sent.id)).await, Ok(false), "it is not suspended any more");
    let again = bench.lease(1).await;
    assert_eq!(leased(&again), [sent.id]);
    let header = &again[0].message.header;
    assert_eq!((header.status, header.reason, header.attempt), (Status::Queued, None, 0));
}

pub(crate) async fn a_discarded_message_names_who_decided(bench: impl Bench) {
    let sent = message();
    bench.emit(vec![sent.clone()]).await;
    assert!(bench.discard(sent.id, "ada").await);
    let header = bench.header(sent.id).await;
    assert_eq!((header.status, header.ended), (Status::Discarded, Some(bench.clock_now())));
    assert!(bench.lease(1).await.is_empty());
    assert!(!bench.discard(sent.id, "ada").await);
    let query = EventQuery { message: Some(sent.id), ..EventQuery::default() };
    let events = bench.store().events(query).await.expect("the store works");
    assert_eq!(events.len(), 1);
    assert!(events[0].text.contains("ada"), "{}", events[0].text);
}

pub(crate) async fn a_leased_message_cannot_be_discarded(bench: impl Bench) {
    let sent = message();
    bench.emit(vec![sent.clone()]).await;
    let held = bench.lease(1).await;
    assert!(!bench.discard(sent.id, "ada").await);
    assert_eq!(bench.end(held[0].token, End::GiveBack).await, committed());
    assert!(bench.discard(sent.id, "ada").await);
    assert!(!bench.discard(MessageId::random(), "ada").await);
}

pub(crate) async fn a_mark_is_known_once_its_step_is_stored(mut bench: impl Bench) {
    let mark = MessageId::of_input(&[b"a"]);
    assert_eq!(bench.store().is_marked(mark).await, Ok(false));
    let receipt = bench.store().submit(Step { mark: Some(mark), ..Step::default() });
    assert_eq!(bench.store().is_marked(mark).await, Ok(true), "it sees what was submitted before");
    assert_eq!(receipt.commit.wait().await, Ok(committed()));
    bench.reopen().await;
    assert_eq!(bench.store().is_marked(mark).await, Ok(true));
}

pub(crate) async fn a_closed_store_refuses_everything(bench: impl Bench) {
    let store = bench.store();
    let sent = message();
    let last = store.submit(emitting(vec![sent.clone()]));
    assert_eq!(store.close().await, Ok(()));
    assert_eq!(last.commit.wait().await, Ok(committed()), "what was handed in before is done");
    let refused = store.submit(emitting(vec![message()]));
    assert_eq!(refused.leases, [None]);
    assert_eq!(refused.commit.wait().await, Err(StoreError::Closed));
    assert_eq!(store.lease(request(1)).await.map(|batch| ids_of(&batch)), Err(StoreError::Closed));
    assert_eq!(store.find(sent.id).await, Err(StoreError::Closed));
    assert_eq!(store.query(MessageQuery::default()).await, Err(StoreError::Closed));
    assert_eq!(store.acquire("poller".into(), crate::bench::NODE, Duration::MAX).await, Err(StoreError::Closed));
    assert_eq!(store.close().await, Err(StoreError::Closed));
    store.append_events(Vec::new());
}

fn ids_of(batch: &iop::store::LeaseBatch) -> Vec<MessageId> {
    leased(&batch.leased)
}
