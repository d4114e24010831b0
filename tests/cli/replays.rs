//! `replay`: what the program's own record comes to on this build.

use crate::desk::Desk;

/// Two orders over the service, one of which waits for a person.
fn worked() -> Desk {
    let desk = Desk::new();
    for (item, number, code) in [("intake", "A-1", 0), ("analyser", "poison", 1)] {
        let ended = desk.order(item, number);
        assert_eq!(ended.code, Some(code), "{}", ended.err);
    }
    desk
}

const RECORD: &str = "iop-data/lab";

#[test]
fn the_build_that_made_a_record_does_the_same_again() {
    let desk = worked();
    let shown = desk.shown(&["replay", "--against", RECORD]);
    assert_eq!(shown, "2 sessions: 2 the same, 0 different, 0 not replayed\n");
    let report = desk.json(&["replay", "--against", RECORD, "-o", "json"]);
    assert_eq!(report["production"], "Lab");
    assert_eq!(report["sessions"][0]["input"], "outside -> intake: Order");
    assert_eq!(report["sessions"][0]["outcome"], "same");
    assert_eq!(desk.messages(&[]).len(), desk.messages(&["--limit", "1000"]).len());
}

#[test]
fn an_operation_that_is_run_and_answers_otherwise_ends_with_5_and_shows_the_fields() {
    let desk = worked();
    let arguments = ["replay", "--against", RECORD, "--run", "analyser", "--set", "analyser.repetitions=10"];
    let ended = desk.ask(&arguments);
    assert_eq!(ended.code, Some(5), "{}", ended.err);
    let expected = "  ~ intake <- analyser: Report\n      sum: 9 -> 30\n  ~ outside <- intake: Report\n      sum: 9 -> 30\n\
                    2 sessions: 1 the same, 1 different, 0 not replayed\n";
    let (first, rest) = ended.out.split_once('\n').unwrap();
    assert!(first.ends_with(" outside -> intake: Order"), "{first}");
    assert_eq!(rest, expected);
    let ignoring = [&arguments[..], &["--ignore", "sum"]].concat();
    assert_eq!(desk.shown(&ignoring), "2 sessions: 2 the same, 0 different, 0 not replayed\n");
}

#[test]
fn a_recorded_operation_is_not_built_and_needs_no_settings() {
    let desk = worked();
    let trace_file = desk.path("touched");
    let set = format!("analyser.trace_file={}", trace_file.display());
    desk.shown(&["replay", "--against", RECORD, "--set", &set]);
    assert!(!trace_file.exists(), "the analyser writes it when it is initialised");
    desk.shown(&["replay", "--against", RECORD, "--set", &set, "--run", "analyser"]);
    assert!(trace_file.exists(), "it does when it is run");
}

#[test]
fn a_replay_can_be_of_one_session_and_of_what_is_recent() {
    let desk = worked();
    let messages = desk.messages(&["key.number:A-1"]);
    let session = messages[0]["session"].as_str().unwrap();
    let shown = desk.shown(&["replay", "--against", RECORD, "--session", session]);
    assert_eq!(shown, "1 session: 1 the same, 0 different, 0 not replayed\n");
    for since in ["1h", "7d"] {
        assert!(desk.shown(&["replay", "--against", RECORD, "--since", since]).starts_with("2 sessions"));
    }
    desk.refused(&["replay", "--against", RECORD, "--since", "2100-01-01T00:00:00Z"], 4);
}

#[test]
fn what_is_not_there_cannot_be_replayed() {
    let desk = worked();
    assert_eq!(desk.refused(&["replay", "--against", "elsewhere"], 4), "there is no store elsewhere\n");
    let err = desk.refused(&["replay", "--against", RECORD, "--run", "intake"], 4);
    assert_eq!(err, "`intake` is not an operation of this production\n");
    desk.refused(&["replay", "--against", RECORD, "--session", "01a20e694dfa760db7ef30976dcda467"], 4);
    assert_eq!(desk.ask(&["replay"]).code, Some(2));
}
