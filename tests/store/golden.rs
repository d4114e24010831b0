//! Stores of every format that was released, each with something of everything in it: this program opens them, and finds what
//! their makers put in.
//!
//! `IOP_BLESS_GOLDEN=1 cargo test -p iop-tests --test store golden` makes the one of the present format anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use iop::clock::ManualClock;
use iop::message::{Invocation, Kind, MessageId, Priority, Status, SuspendReason};
use iop::store::sqlite::SqliteStore;
use iop::store::sqlite::keeping;
use iop::store::{
    AuditQuery, AuditRecord, End, Event, EventQuery, JobLine, JobLineQuery, JobQuery, JobWrite, LeaseRequest, Level,
    MessageQuery, NewMessage, StateWrite, Step, Store, Viewer, verify_audit,
};
use serde_json::{Value, json};

use crate::bench::{Bench, Sqlite, committed, emitting, leased, message, messages, ordered, request};

/// The format that this program writes.
const FORMAT: u32 = 1;
const KEY: &str = "number";

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("store/golden")
}

/// A queue of its own, so that what is leased here is not in the way there.
fn to(queue: &str) -> NewMessage {
    NewMessage { target: Some(queue.into()), ..message() }
}

fn from(queue: &str, limit: usize) -> LeaseRequest {
    LeaseRequest { queue: queue.into(), ..request(limit) }
}

/// Everything that a clean close leaves as it is.
async fn settle(bench: &Sqlite) {
    let blob = bench.store().blobs().write(Box::pin(&b"the content of a blob"[..])).await.expect("it is written");
    let waits = NewMessage {
        keys: vec![(KEY, "A-1".into()), (KEY, "A-2".into())],
        completion_key: Some("order".into()),
        description: Some("waits with two keys".into()),
        priority: Priority(150),
        ..to("waiting")
    };
    let refers = NewMessage { body: serde_json::to_vec(&blob).expect("JSON").into(), ..to("waiting") };
    let later = NewMessage { due: Some(bench.later(3600)), ..to("waiting") };
    let instance = MessageId::random();
    let timer = NewMessage {
        kind: Kind::Timer,
        instance: Some(instance),
        source: Some("waiting".into()),
        due: Some(bench.later(7200)),
        ..to("waiting")
    };
    let binary = NewMessage { body: Bytes::from_static(b"\xff\xfe no text"), ..to("waiting") };
    bench.emit(vec![waits, refers, later, timer, binary]).await;
    let state = StateWrite { instance, expected: None, new: Some(Bytes::from_static(b"{\"open\":[1,2]}")) };
    let mark = Some(MessageId::of_input(&[b"a file that was taken"]));
    assert_eq!(bench.commit(Step { mark, state: vec![state], ..Step::default() }).await, committed());
    finish_some(bench).await;
    // Two of one order key, of which the second one is held, and one that parks another.
    let keyed = |key: &str| NewMessage { order_key: Some(key.into()), parks: true, ..to("by key") };
    bench.emit(vec![keyed("a"), keyed("a"), keyed("b"), keyed("b")]).await;
}

/// A message in each of the states that are an end, and a suspended one.
async fn finish_some(bench: &Sqlite) {
    let sent: Vec<_> = (0..5).map(|_| to("working")).collect();
    bench.emit(sent.clone()).await;
    let held = bench.lease_as(from("working", 4)).await.leased;
    let answer = NewMessage {
        kind: Kind::Response,
        parent: Some(sent[0].id),
        session: sent[0].session,
        source: Some("working".into()),
        status: Status::Completed,
        invocation: Invocation::Sync,
        ..to("in")
    };
    let done = Step {
        start: vec![(held[0].token, bench.clock_now())],
        end: vec![(held[0].token, End::Completed)],
        ..emitting(vec![answer])
    };
    assert_eq!(bench.commit(done).await, committed());
    let suspend = End::Suspend { reason: SuspendReason::Poison, error: "it is poison".into() };
    assert_eq!(bench.end(held[1].token, suspend).await, committed());
    assert_eq!(bench.end(held[2].token, End::Expire { error: "too late".into() }).await, committed());
    assert_eq!(bench.end(held[3].token, End::GiveBack).await, committed());
    assert!(bench.discard(sent[4].id, "anna").await);
}

/// What is beside the messages.
async fn write_the_rest(bench: &Sqlite) {
    let store = bench.store();
    let about: Vec<_> = bench.query(MessageQuery::default()).await.into_iter().take(2).collect();
    let number = store.write_job(JobWrite::New { document: r#"{"action":"resend"}"#.into(), messages: about.clone() });
    let number = number.await.expect("the store works");
    let line = JobLine { place: 1, message: about[0], new: Some(about[1]), result: Some("resent".into()) };
    let progress = JobWrite::Progress { number, document: r#"{"action":"resend","done":1}"#.into(), lines: vec![line] };
    store.write_job(progress).await.expect("the store works");
    for (who, reason) in [("anna", None), ("bo", Some("it was asked for".into()))] {
        let record = AuditRecord {
            who: who.into(),
            role: "operator".into(),
            from: "the command line".into(),
            action: "message.resend".into(),
            object: "message".into(),
            reason,
            before: None,
            after: None,
            result: "done".into(),
        };
        store.append_audit(record).await.expect("the store works");
    }
    store.write_note("messages.lock".into(), "[message.Hello]".into()).await.expect("the store works");
    store.append_events(vec![Event {
        number: 0,
        time: bench.clock_now(),
        level: Level::Warn,
        item: Some("working".into()),
        session: None,
        message: Some(about[0]),
        module: "golden".into(),
        text: "something was said".into(),
    }]);
    store
        .acquire("leader".into(), crate::bench::NODE, std::time::Duration::from_secs(1))
        .await
        .expect("the store works");
}

/// A store as a crash leaves it, with what a clean close would have put back.
async fn make(to_dir: &Path) {
    let mut bench = Sqlite::new();
    settle(&bench).await;
    write_the_rest(&bench).await;
    assert_eq!(bench.store().close().await, Ok(()));
    bench.crash();
    bench.open();
    bench.emit(messages(3)).await;
    let held = bench.lease_as(ordered(2)).await.leased;
    let step = Step {
        start: vec![(held[0].token, bench.clock_now())],
        end: vec![(held[1].token, End::Retry { due: bench.later(60), error: "not now".into(), keep: false })],
        ..Step::default()
    };
    assert_eq!(bench.commit(step).await, committed());
    let _flight = bench.store().attempting(held[0].token.message);
    bench.crash();
    drop(fs::remove_dir_all(to_dir));
    copy(&bench.path(), &to_dir.join("store"));
    drop(fs::remove_file(to_dir.join("store/iop.db-shm")));
    // Its host is nobody's business.
    fs::write(to_dir.join("store/engine.lock"), "process 1 on a machine since long ago\n").expect("a file");
    let place = tempfile::tempdir().expect("a directory");
    copy(&to_dir.join("store"), &place.path().join("store"));
    let viewer = SqliteStore::open_read_only(&place.path().join("store")).expect("it opens");
    let text = serde_json::to_string_pretty(&listing(&*viewer).await).expect("JSON");
    fs::write(to_dir.join("listing.json"), text + "\n").expect("a file");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        let place = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &place);
        } else {
            fs::write(place, fs::read(&path).expect("a file")).expect("a file");
        }
    }
}

/// Everything that a viewer finds.
async fn listing(store: &dyn Viewer) -> Value {
    let all = MessageQuery { oldest_first: true, limit: 1000, ..MessageQuery::default() };
    let headers = store.query(all).await.expect("it can be read");
    let mut listed = Vec::new();
    let mut states = BTreeMap::new();
    for header in headers {
        let found = store.find(header.id).await.expect("it can be read").expect("it is there");
        assert_eq!(found.header, header);
        if let Some(instance) = found.instance
            && let Some(state) = store.load_state(instance).await.expect("it can be read")
        {
            states.insert(instance.to_string(), json!([state.version, String::from_utf8_lossy(&state.data)]));
        }
        let body = found.body.iter().map(|byte| char::from(*byte)).collect::<String>();
        listed.push(json!({ "header": header, "instance": found.instance, "body": body }));
    }
    let jobs = store.jobs(JobQuery::default()).await.expect("it can be read");
    let mut lines = Vec::new();
    for job in &jobs {
        let query = JobLineQuery { job: job.number, ..JobLineQuery::default() };
        lines.push(json!([job.document, store.job_lines(query).await.expect("it can be read")]));
    }
    let events = store.events(EventQuery::default()).await.expect("it can be read");
    let said: Vec<_> =
        events.iter().map(|event| json!([event.time.0, event.item, event.message, event.text])).collect();
    json!({
        "messages": listed,
        "states": states,
        "keys": store.key_values(KEY.into(), "".into(), 10).await.expect("it can be read"),
        "jobs": lines,
        "audit": store.audit(AuditQuery::default()).await.expect("it can be read"),
        "events": said,
        "note": store.note("messages.lock".into()).await.expect("it can be read"),
    })
}

/// Says where something that was there is missing or different; what has come since is no harm.
fn missing(was: &Value, is: &Value, at: &str, found: &mut Vec<String>) {
    match (was, is) {
        (Value::Object(was), Value::Object(is)) => {
            for (name, was) in was {
                missing(was, is.get(name).unwrap_or(&Value::Null), &format!("{at}.{name}"), found);
            }
        }
        (Value::Array(was), Value::Array(is)) if was.len() == is.len() => {
            for (number, (was, is)) in was.iter().zip(is).enumerate() {
                missing(was, is, &format!("{at}[{number}]"), found);
            }
        }
        _ if was == is => {}
        _ => found.push(format!("{at}: {was}, now {is}")),
    }
}

/// Opens a copy to work on: what was in flight comes back, and everything else is what it was.
async fn goes_on(path: &Path, was: &Value) {
    // The clock of the bench begins at the same time for all of them.
    let store = SqliteStore::open(path, Arc::new(ManualClock::default())).expect("it opens");
    let batch = store.lease(ordered(10)).await.expect("it works");
    let statuses = |status: &str| {
        let all = was["messages"].as_array().expect("messages").iter();
        let of = all.filter(|message| message["header"]["status"] == status && message["header"]["target"] == "out");
        of.map(|message| message["header"]["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    let expected = ["in_flight", "retrying", "queued"].map(statuses).concat();
    let got: Vec<_> = leased(&batch.leased).iter().map(MessageId::to_string).collect();
    assert_eq!(got, expected, "in the order in which they were accepted");
    assert_eq!(batch.leased[0].message.header.crashes, 1, "it was in flight");
    for held in batch.leased {
        let end = Step { end: vec![(held.token, End::Completed)], ..Step::default() };
        assert!(store.submit(end).commit.wait().await.is_ok_and(|outcome| outcome.is_stored()));
    }
    assert_eq!(store.is_marked(MessageId::of_input(&[b"a file that was taken"])).await, Ok(true));
    let content = fs::read_dir(path.join("blobs")).expect("contents").count();
    assert_eq!(content, 1, "what is referred to is not swept away");
    assert_eq!(store.close().await, Ok(()));
}

#[tokio::test]
async fn every_golden_store_opens_and_holds_what_was_put_into_it() {
    let present = golden().join(format!("format-{FORMAT}"));
    if std::env::var_os("IOP_BLESS_GOLDEN").is_some() {
        make(&present).await;
    }
    assert!(present.exists(), "the format that is written has a golden store");
    for entry in fs::read_dir(golden()).expect("a directory") {
        let folder = entry.expect("an entry").path();
        let name = folder.display();
        let was = fs::read_to_string(folder.join("listing.json")).expect("a listing");
        let was: Value = serde_json::from_str(&was).expect("JSON");
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("store");
        copy(&folder.join("store"), &path);
        let viewer = SqliteStore::open_read_only(&path).expect("it opens");
        let mut found = Vec::new();
        missing(&was, &listing(&*viewer).await, "", &mut found);
        assert!(found.is_empty(), "{name}:\n{}", found.join("\n"));
        let head = verify_audit(&*viewer, None).await.expect("the chain holds");
        assert_eq!(head.number, was["audit"].as_array().map_or(0, |entries| entries.len() as u64), "{name}");
        drop(viewer);
        goes_on(&path, &was).await;
        let check = keeping::check(&path).expect("it can be checked");
        assert!(check.is_sound(), "{name}: {check:#?}");
        let audit = keeping::audit(&path).expect("the books can be read");
        assert!(audit.is_balanced(), "{name}: {audit:#?}");
    }
}

#[test]
fn the_golden_store_of_the_present_format_has_every_state() {
    let listing = fs::read_to_string(golden().join(format!("format-{FORMAT}/listing.json"))).expect("a listing");
    for word in ["queued", "in_flight", "retrying", "suspended", "completed", "discarded", "expired"] {
        assert!(listing.contains(&format!(r#""status": "{word}""#)), "{word}");
    }
    for kind in ["request", "response", "timer"] {
        assert!(listing.contains(&format!(r#""kind": "{kind}""#)), "{kind}");
    }
}
