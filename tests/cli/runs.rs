//! `run`, and the production that runs, asked and ordered about by a second process.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::desk::{Desk, cells, order};

/// Columns of `status`: item, kind, state, queued.
fn states(desk: &Desk) -> Vec<(String, String)> {
    let table = desk.ask(&["status"]).out;
    cells(&table).into_iter().map(|row| (row[0].clone(), row[2].clone())).collect()
}

fn expected(states: [(&str, &str); 3]) -> Vec<(String, String)> {
    states.map(|(item, state)| (item.to_owned(), state.to_owned())).to_vec()
}

#[test]
fn run_until_idle_ends_when_nothing_is_left_to_do_and_says_how_much_that_was() {
    let desk = Desk::new();
    let ended = desk.ask(&["run", "--until-idle", "--set", "nightly.enabled=true"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(ended.out, "idle: 2 turns completed, 0 attempts failed, 0 messages suspended\n");
    assert!(ended.err.starts_with("lab: 3 items, 2 routes, checked at compile time\n"), "{}", ended.err);
    assert!(ended.err.contains("measured N-2"), "{}", ended.err);

    let ended = desk.ask(&["run", "--until-idle", "--set", "nightly.enabled=true", "--set", "nightly.number=poison"]);
    assert_eq!(ended.code, Some(5), "something waits for a person: {}", ended.err);
    assert!(ended.out.ends_with("1 messages suspended\n"), "{}", ended.out);
    // It still waits when nothing else happens.
    assert_eq!(desk.ask(&["--set", "iop.log=off", "run", "--until-idle"]).code, Some(5));
}

#[test]
fn status_tells_each_item_and_ends_with_5_where_one_is_not_running() {
    let desk = Desk::new();
    assert_eq!(
        desk.refused(&["status"], 3),
        "no production is running with the store iop-data/lab; start it with `run`\n"
    );
    let process = desk.serve(&["--set", "nightly.enabled=true"]);
    assert_eq!(desk.order("analyser", "A-1").code, Some(0));
    let status = desk.json(&["status", "-o", "json"]);
    let items = status["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert!(items.iter().all(|item| item["state"] == "running"), "{status:#}");
    assert_eq!((&items[2]["name"], &items[2]["workers"]["all"]), (&Value::from("analyser"), &Value::from(2)));
    assert_eq!(states(&desk), expected([("intake", "running"), ("nightly", "running"), ("analyser", "running")]));

    assert_eq!(desk.ask(&["stop", "nightly"]).code, Some(0));
    let ended = desk.ask(&["status"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(5), ""));
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));
    desk.refused(&["status"], 3);
}

#[test]
fn items_are_stopped_started_and_restarted_from_a_second_process() {
    let desk = Desk::new();
    let initialised = desk.path("initialised");
    let trace_file = format!("analyser.trace_file={}", initialised.display());
    let process =
        desk.serve(&["--set", &trace_file, "--set", "intake.attempts=1000", "--set", "intake.backoff_cap=1s"]);
    // Nothing but an exit code goes to a script: what is said is for people.
    let order_item = |what: &str, said: &str| assert_eq!(desk.refused(&[what, "analyser"], 0), format!("{said}\n"));

    order_item("start", "`analyser` was already running");
    order_item("stop", "`analyser` is stopped");
    order_item("stop", "`analyser` was already stopped");
    assert_eq!(states(&desk), expected([("intake", "running"), ("nightly", "stopped"), ("analyser", "stopped")]));
    assert_eq!(desk.refused(&["test", "analyser", "-b", &order("A-1")], 3), "`analyser` is stopped\n");

    // Whoever awaits it tries again, and is served when it starts.
    let caller = desk.start(&["test", "intake", "-b", &order("A-2")]);
    iop_tests::program::until("the caller tries again", || cells(&desk.shown(&["queues"]))[0][3] == "1");
    fs::remove_file(&initialised).unwrap();
    order_item("start", "`analyser` is running");
    let answered = caller.end();
    assert_eq!(answered.code, Some(0), "{}", answered.err);
    assert!(initialised.exists(), "it has new instances");

    fs::remove_file(&initialised).unwrap();
    order_item("restart", "`analyser` is running");
    iop_tests::program::until("it has new instances again", || initialised.exists());
    assert_eq!(desk.order("analyser", "A-3").code, Some(0));

    let err = desk.refused(&["stop", "analyzer"], 4);
    assert_eq!(err, "there is no item `analyzer`; did you mean `analyser`?\n");
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));
    desk.refused(&["restart", "analyser"], 3);
}

#[test]
fn a_second_instance_is_refused_and_told_who_has_the_store() {
    let desk = Desk::new();
    let process = desk.serve(&[]);
    let ended = desk.ask(&["run", "--until-idle"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(6), ""), "{}", ended.err);
    let said = ended.err.lines().last().unwrap();
    assert!(said.contains("iop-data/lab") && said.contains(&process.id().to_string()), "{said}");
    assert_eq!(desk.order("intake", "A-1").code, Some(0), "the first goes on");

    // With a store of its own it is another production.
    assert_eq!(desk.ask(&["run", "--until-idle", "--store", "other"]).code, Some(0));
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));
    assert_eq!(desk.ask(&["run", "--until-idle"]).code, Some(0), "the store is free again");
}

#[test]
fn who_has_not_the_token_is_refused() {
    let desk = Desk::new();
    let process = desk.serve(&[]);
    let address = fs::read_to_string(desk.store("http-address")).unwrap();
    let url = format!("http://{}", address.trim());
    let token = desk.store("http-token");
    let asked = |arguments: &[&str], token: &Path| {
        let remote = ["--url", url.as_str(), "--token-file", token.to_str().unwrap()];
        desk.ask(&[arguments, &remote].concat())
    };
    assert_eq!(asked(&["status"], &token).code, Some(5), "nightly is down");
    fs::write(desk.path("made-up"), "made-up").unwrap();
    for arguments in [&["status"][..], &["stop", "analyser"], &["restart", "intake"]] {
        let ended = asked(arguments, &desk.path("made-up"));
        assert!(ended.code == Some(6) && ended.err.contains("token"), "{ended:?}");
    }
    let err = desk.refused(&["status", "--url", &url], 2);
    assert!(err.contains("--token-file"), "{err}");
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));
}

#[test]
fn a_port_that_was_chosen_must_be_free() {
    let desk = Desk::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = desk.ask(&["run", "--set", &format!("iop.http={address}")]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
    assert!(ended.err.contains(&address), "{}", ended.err);
    drop(taken);
    assert_eq!(desk.ask(&["run", "--until-idle"]).code, Some(0), "the store was left in order");
}

#[test]
fn the_items_of_a_category_are_stopped_started_paused_and_resumed_together() {
    let desk = Desk::new();
    let process = desk.serve(&["--set", "analyser.category=ward, north", "--set", "intake.category=ward"]);
    let order = |arguments: &[&str]| desk.refused(arguments, 0);
    // As a production stops and starts, whatever the order in which it names them.
    assert_eq!(order(&["stop", "--category", "ward"]), "`intake` is stopped\n`analyser` is stopped\n");
    assert_eq!(states(&desk), expected([("intake", "stopped"), ("nightly", "stopped"), ("analyser", "stopped")]));
    assert_eq!(order(&["start", "--category", "ward"]), "`analyser` is running\n`intake` is running\n");
    assert_eq!(order(&["pause", "--category", "north"]), "`analyser` is paused\n");
    assert_eq!(order(&["resume", "--category", "north"]), "`analyser` is running\n");
    assert_eq!(order(&["restart", "--category", "north"]), "`analyser` is running\n");
    let err = desk.refused(&["stop", "--category", "wards"], 4);
    assert_eq!(err, "no item is of the category `wards`; there are `north`, `ward`\n");
    desk.refused(&["stop", "analyser", "--category", "ward"], 2);
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));
}
