//! `test`: a message sent by hand, and what is shown of it.

use serde_json::{Value, json};

use crate::desk::{Desk, column, order};

#[test]
fn a_message_is_taken_from_the_argument_from_a_file_and_from_standard_input() {
    let desk = Desk::new();
    desk.write("order.json", &order("A-1"));
    let ended = [
        desk.ask(&["test", "analyser", "-b", &order("A-1")]),
        desk.ask(&["test", "analyser", "-t", "Order", "--body", "@order.json"]),
        desk.ask_with_input(&["test", "analyser", "-b", "-"], &order("A-1")),
    ];
    for ended in ended {
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        let (response, trace) = ended.out.split_once("\n\n").unwrap();
        assert_eq!(serde_json::from_str::<Value>(response).unwrap(), json!({"sum": 9}));
        assert!(trace.starts_with("session ") && trace.contains(": 2 messages in "), "{trace}");
        assert!(trace.contains("Order  (outside) -> analyser  completed"), "{trace}");
        assert!(ended.err.contains("measured A-1") && !ended.err.contains("session 0"), "{}", ended.err);
    }
    assert_eq!(desk.messages(&["type:Order"]).len(), 3);

    let err = desk.refused(&["test", "analyser", "-b", "@none.json"], 1);
    assert!(err.starts_with("cannot read none.json: "), "{err}");
}

#[test]
fn as_a_document_it_is_response_error_and_trace() {
    let desk = Desk::new();
    let document = desk.json(&["test", "intake", "-b", &order("A-1"), "-o", "json"]);
    assert_eq!((&document["response"], &document["error"]), (&json!({"sum": 9}), &Value::Null));
    let messages = document["trace"]["messages"].as_array().unwrap();
    assert_eq!(column(messages, "target"), ["intake", "analyser", "intake", ""]);

    let ended = desk.ask(&["test", "analyser", "-b", &order("poison"), "-o", "json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(document["response"], Value::Null);
    let error = "the message is suspended at `analyser` (poison): there is no such substance";
    assert_eq!(document["error"], error);
    assert_eq!(document["trace"]["messages"][0]["status"], "suspended");
    assert!(ended.err.ends_with(&format!("{error}\n")), "{}", ended.err);
}

/// What cannot be sent, the exit code, and what is said.
const REFUSED: [(&[&str], i32, &str); 9] = [
    (&["analyser", "-b", r#"{"nuber": "A", "amounts": []}"#], 1, "the body is not a `Order`: field `number`: missing"),
    (
        &["analyser", "-b", r#"{"number": "A", "amounts": [1, "x"]}"#],
        1,
        "the body is not a `Order`: field `amounts[1]`: invalid type: string \"x\", expected u32",
    ),
    (&["analyser", "-b", r#"{"number"#], 1, "the body is not a `Order`: EOF while parsing a string at line 1 column 8"),
    (&["analyser", "-b", ""], 1, "the body is not a `Order`: EOF while parsing a value at line 1 column 0"),
    (&["analyser", "-b", "7"], 1, "the body is not a `Order`: invalid type: integer, expected struct Order"),
    (&["analyser", "-t", "Ordr", "-b", "{}"], 1, "`analyser` takes `Order`; not `Ordr`"),
    (&["analyzer", "-b", "{}"], 4, "there is no item `analyzer`; did you mean `analyser`?"),
    (&["pharmacy", "-b", "{}"], 4, "there is no item `pharmacy`"),
    (&["nightly", "-b", "{}"], 4, "`nightly` fetches its input itself and takes no messages"),
];

#[test]
fn what_cannot_be_sent_is_refused_in_the_same_words_whether_the_production_runs_or_not() {
    let desk = Desk::new();
    let refused = || {
        for (arguments, code, said) in REFUSED {
            let err = desk.refused(&[&["test"], arguments].concat(), code);
            assert_eq!(err, format!("{said}\n"), "{arguments:?}");
        }
        assert_eq!(desk.refused(&["messages", "find"], 4), "no such message\n", "nothing was stored");
    };
    refused();
    let process = desk.serve(&["--set", "nightly.enabled=false"]);
    refused();
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));
}

#[test]
fn where_the_production_runs_it_is_asked() {
    let desk = Desk::new();
    let process = desk.serve(&["--set", "analyser.repetitions=100"]);
    let sent = desk.order("intake", "A-1");
    assert_eq!(sent.code, Some(0), "{}", sent.err);
    assert_eq!(sent.err, "", "what the handlers say is said there");
    assert!(
        sent.out.starts_with("{\n  \"sum\": 300\n}\n\nsession "),
        "with the settings that hold there:\n{}",
        sent.out
    );
    assert!(sent.out.contains("measured A-1"), "the trace has their lines: {}", sent.out);

    let failed = desk.order("analyser", "poison");
    assert_eq!(failed.code, Some(1));
    assert!(failed.out.contains("suspended (poison), 1 failed attempt"), "{}", failed.out);
    assert_eq!(failed.err, "the message is suspended at `analyser` (poison): there is no such substance\n");
    process.signal("TERM");
    let ended = process.end();
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""), "{}", ended.err);
    assert!(ended.err.contains("measured A-1"), "{}", ended.err);
}

#[test]
fn without_a_running_production_services_that_fetch_stay_out_and_what_waited_is_worked_on() {
    let desk = Desk::new();
    // In memory nothing is left behind.
    let sent = desk.ask(&["test", "analyser", "-b", &order("A-1"), "--memory", "--set", "nightly.enabled=true"]);
    assert_eq!(sent.code, Some(0), "{}", sent.err);
    assert!(!sent.err.contains("measured N-2"), "the service that fetches was not started: {}", sent.err);
    assert!(!desk.path("iop-data").exists());
}
