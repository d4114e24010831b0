//! S8: a process with callbacks, also when it is killed between two of them.

use std::fs;
use std::process::Command;
use std::thread;

use iop::message::Status;
use iop::prelude::*;
use iop::store::MessageQuery;
use iop::store::Viewer;
use iop::store::sqlite::SqliteStore;
use iop_examples::seed::messages::{MyMessage, MyReply};
use iop_examples::seed::s8_callbacks::{Join, MyCallbackProcess};
use iop_tests::program::{Entrance, Program, until};
use iop_tests::rig::Rig;

/// Takes longer for the first message than for the second.
#[business_operation]
struct Reverser;

#[handlers]
impl Reverser {
    async fn on_message(&mut self, request: MyMessage) -> Result<MyReply> {
        let seconds = if request.message.ends_with('1') { 2 } else { 1 };
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        Ok(MyReply { message: format!("{}, answered", request.message) })
    }
}

production! {
    ReversedCallbacks {
        #[item(standalone)]
        process: MyCallbackProcess { out: reverser },
        #[item(pool_size = 2)]
        reverser: Reverser {},
    }
}

#[tokio::test(start_paused = true)]
async fn on_response_comes_once_for_each_key_in_any_order_and_on_complete_once_after_all_of_them() {
    let rig = Rig::start::<ReversedCallbacks>().await;
    let joined = rig.call("process", &Join { message: "hello".into() }).await;
    assert_eq!((joined.one.as_str(), joined.two.as_str()), ("hello 1, answered", "hello 2, answered"));
    rig.until_idle().await;
    let said = rig.said_by::<MyCallbackProcess>("process").await;
    assert_eq!(
        said,
        ["response \"hello 2, answered\" to 2", "response \"hello 1, answered\" to 1", "\"hello\" is complete",]
    );
}

#[tokio::test(start_paused = true)]
async fn two_requests_at_once_have_a_state_each() {
    let rig = Rig::start::<ReversedCallbacks>().await;
    let (left, right) = (Join { message: "left".into() }, Join { message: "right".into() });
    let (left, right) = tokio::join!(rig.call("process", &left), rig.call("process", &right));
    assert_eq!((left.one.as_str(), left.two.as_str()), ("left 1, answered", "left 2, answered"));
    assert_eq!((right.one.as_str(), right.two.as_str()), ("right 1, answered", "right 2, answered"));
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_gave_up_and_calls_again_with_the_same_id_gets_the_response_of_the_first_call() {
    let rig = Rig::start::<ReversedCallbacks>().await;
    let director = rig.director();
    let id = MessageId::random();
    let call = || director.call_json("process", None, br#"{"message": "hello"}"#, Some(id));
    let gave_up = tokio::time::timeout(Duration::from_millis(1_500), call()).await;
    assert!(gave_up.is_err(), "nobody can have answered: {gave_up:?}");
    let called = call().await.expect("it is answered");
    let expected = br#"{"one":"hello 1, answered","two":"hello 2, answered"}"#;
    assert_eq!(called.response.as_deref(), Some(&expected[..]));
    assert_eq!(rig.messages_of::<Join>().await.len(), 1);
}

#[tokio::test]
async fn what_a_process_keeps_survives_kill_9_between_two_responses() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store");
    let program = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seed_program"));
        command.env("SEED_PRODUCTION", "gated_callbacks").arg("run");
        command.arg("--set").arg(format!("gate.folder={}", folder.path().display()));
        Program::start(command, &store)
    };
    let call = |entrance: &Entrance| {
        let headers = [("Idempotency-Key", "the one")];
        entrance.post("/api/v1/items/process/messages", &headers, r#"{"message": "hello"}"#)
    };

    let killed = program();
    let entrance = Entrance::of(&store);
    let caller = thread::spawn(move || call(&entrance));
    first_response_is_kept(&store).await;
    let handled = || fs::read_to_string(folder.path().join("handled")).unwrap_or_default();
    until("the second request is under way", || handled() == "hello 1\nhello 2\n");
    killed.kill();
    let broken = caller.join().expect("no panic");
    assert!(broken.is_err(), "nobody can have answered: {broken:?}");

    fs::write(folder.path().join("open"), "").expect("the folder is ours");
    let _program = program();
    let answer = call(&Entrance::of(&store)).expect("the second process answers the same request");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains(r#""one":"hello 1, answered","two":"hello 2, answered""#), "{answer:?}");
    // The first was handled before the kill and not again; the second was under way, and began anew.
    assert_eq!(handled(), "hello 1\nhello 2\nhello 2\n");
}

/// Waits until the turn of the first response is durable, as another process sees it.
async fn first_response_is_kept(store: &std::path::Path) {
    let viewer = SqliteStore::open_read_only(store).expect("the program has made it");
    let query = MessageQuery { type_name: Some("MyReply".into()), ..MessageQuery::default() };
    loop {
        let replies = viewer.query(query.clone()).await.expect("it can be read");
        if replies.iter().any(|reply| reply.status == Status::Completed) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
