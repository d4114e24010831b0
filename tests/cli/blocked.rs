//! Handlers that do not give their thread back.

use std::fs;

use serde_json::Value;

use crate::desk::{Desk, order};

/// How many handlers of the analyser are known to block.
fn stuck(desk: &Desk) -> u64 {
    let status: Value = serde_json::from_str(&desk.ask(&["status", "-o", "json"]).out).unwrap_or_default();
    let items = status["items"].as_array().cloned().unwrap_or_default();
    let analyser = items.iter().find(|item| item["name"] == "analyser");
    analyser.and_then(|item| item["workers"]["stuck"].as_u64()).unwrap_or_default()
}

#[test]
fn eight_of_24_handlers_that_block_are_named_in_status_alert_and_log_and_the_others_go_on() {
    let desk = Desk::new();
    desk.write("hold", "");
    let process = desk.serve(&["--set", "analyser.pool_size=24", "--set", "analyser.timeout=1s"]);
    let numbers = ["blocks", "blocks", "blocks", "blocks", "blocks", "blocks", "blocks", "spins"];
    let callers = numbers.map(|number| desk.start(&["test", "analyser", "-b", &order(number)]));
    iop_tests::program::until("all of them are found", || stuck(&desk) == 8);
    assert_eq!(desk.order("analyser", "A-1").code, Some(0), "another handler of the same item");
    assert_eq!(desk.order("intake", "A-2").code, Some(0), "and of others");
    let told = "8 handlers of `analyser` block their thread";
    iop_tests::program::until("it is told", || desk.ask(&["alerts"]).out.contains(told));
    fs::remove_file(desk.path("hold")).unwrap();
    iop_tests::program::until("none blocks any more", || stuck(&desk) == 0);
    for caller in callers {
        let _ = caller.end();
    }
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));
    let log = desk.shown(&["log", "--item", "analyser"]);
    assert_eq!(log.matches("blocks its thread for longer than 1s").count(), 8, "{log}");
}

#[test]
fn where_every_thread_for_handlers_is_blocked_the_engine_still_answers_and_stops() {
    let desk = Desk::new();
    desk.write("hold", "");
    let settings = ["iop.threads=1", "analyser.timeout=1s", "iop.stop_grace=100ms"];
    let process = desk.serve(&settings.map(|setting| ["--set", setting]).concat());
    let caller = desk.start(&["test", "analyser", "-b", &order("blocks")]);
    iop_tests::program::until("it is found", || stuck(&desk) == 1);
    iop_tests::program::until("it is told", || desk.ask(&["alerts"]).out.contains("block their thread"));
    process.signal("TERM");
    let ended = process.end();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.err.contains("handlers block all 1 threads that handlers have"), "{}", ended.err);
    let _ = caller.end();
    fs::remove_file(desk.path("hold")).unwrap();
    assert_eq!(desk.ask(&["run", "--until-idle"]).code, Some(0), "what it had is still there");
    assert_eq!(desk.messages(&["key.number:blocks status:completed"]).len(), 1);
}
