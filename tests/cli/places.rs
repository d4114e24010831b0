//! Where a command works: on the production that runs here, on one that is named by its URL, on a store at rest. The table
//! in the reference is what is tested.

use serde_json::Value;

use crate::desk::{Desk, column, order};

/// The page with the table.
const PAGE: &str = include_str!("../../docs/reference/command-line.md");

/// A command line for each command of the table. `ID` stands for a suspended message.
const TYPED: [(&str, &[&str]); 24] = [
    ("messages", &["messages", "find", "status:suspended"]),
    ("searches", &["searches", "save", "waits", "status:suspended"]),
    ("trace", &["trace", "ID", "-o", "mermaid"]),
    ("queues", &["queues", "peek", "analyser"]),
    ("log", &["log", "--grep", "no such substance"]),
    ("audit", &["audit", "verify"]),
    ("jobs", &["jobs"]),
    ("resume", &["resume", "--query", "to:analyser", "--dry-run"]),
    ("discard", &["discard", "--query", "to:analyser", "--reason", "no use", "--dry-run"]),
    ("resend", &["resend", "--query", "to:analyser", "--dry-run"]),
    ("purge", &["purge", "--dry-run"]),
    ("export", &["export", "status:suspended"]),
    ("import", &["import", "/dev/null", "--dry-run"]),
    ("pause", &["pause", "intake"]),
    ("alerts", &["alerts", "mute", "analyser", "--for", "0s"]),
    ("table", &["table", "list"]),
    ("test", &["test", "analyser", "-b", r#"{"number": "A-3", "amounts": [1]}"#]),
    ("status", &["status"]),
    ("top", &["top", "--once"]),
    ("start", &["start", "analyser"]),
    ("stop", &["stop", "nightly"]),
    ("restart", &["restart", "intake", "--now"]),
    ("settings reload", &["settings", "reload", "--dry-run"]),
    ("monitor-check", &["monitor-check"]),
];

/// The rows of the table: the commands, and whether they work running, by URL, and at rest.
fn promised() -> Vec<(String, [bool; 3])> {
    let table = PAGE.split("## Where a command works").nth(1).expect("the table is there");
    let table = table.split("\n## ").next().unwrap_or_default();
    let mut promised = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let works = [1, 2, 3].map(|column| cells[column] == "yes");
        promised.extend(cells[0].split('`').skip(1).step_by(2).map(|command| (command.to_owned(), works)));
    }
    promised
}

fn typed(command: &str, id: &str) -> Vec<String> {
    let (_, typed) = TYPED.iter().find(|(name, _)| *name == command).unwrap_or_else(|| panic!("{command} is typed"));
    typed.iter().map(|word| if *word == "ID" { id.to_owned() } else { (*word).to_owned() }).collect()
}

#[test]
fn each_command_works_where_the_reference_says_and_nowhere_else() {
    let desk = Desk::new();
    assert_eq!(desk.order("analyser", "poison").code, Some(1));
    let id = column(&desk.messages(&["status:suspended"]), "id").remove(0);
    let promised = promised();
    assert_eq!(promised.len(), TYPED.len(), "{promised:?}");

    let check = |place: usize, more: &[&str]| {
        for (command, works) in &promised {
            let words = typed(command, &id);
            let words: Vec<&str> = words.iter().map(String::as_str).chain(more.iter().copied()).collect();
            let ended = desk.ask(&words);
            let monitors = command == "monitor-check";
            // What is not well is said by 1 or 5.
            let done = matches!(ended.code, Some(0 | 5)) || monitors && ended.code == Some(1);
            assert_eq!(done, works[place], "{words:?} ends with {:?}: {}{}", ended.code, ended.out, ended.err);
            if !works[place] {
                assert_eq!(ended.code, Some(if monitors { 2 } else { 3 }), "{words:?}: {}", ended.err);
            }
        }
    };
    check(2, &[]);

    // Nothing of the store is used but the token: the URL says where.
    let running = desk.serve(&[]);
    check(0, &[]);
    let url = format!("http://{}", desk.address().unwrap());
    let token = desk.store("http-token").display().to_string();
    check(1, &["--url", &url, "--token-file", &token, "--store", "elsewhere"]);
    desk.write("wrong", "0123456789");
    let err = desk.refused(&["status", "--url", &url, "--token-file", "wrong"], 6);
    assert!(!err.contains("0123456789"), "{err}");
    let err = desk.refused(&["graph", "--url", &url, "--token-file", "wrong"], 2);
    assert_eq!(err, "`--url` is for commands that ask a production that runs\n");
    running.signal("TERM");
    assert_eq!(running.end().code, Some(0));
    desk.refused(&["status", "--url", &url, "--token-file", "wrong"], 3);
}

#[test]
fn what_is_read_is_the_same_from_the_store_and_from_a_production_that_is_named() {
    let desk = Desk::new();
    assert_eq!(desk.order("intake", "A-1").code, Some(0));
    assert_eq!(desk.order("analyser", "poison").code, Some(1));
    let session = column(&desk.messages(&["key.number:A-1"]), "session").remove(0);
    let running = desk.serve(&[]);
    let url = format!("http://{}", desk.address().unwrap());
    let token = desk.store("http-token").display().to_string();
    for command in [
        &["messages", "find", "-o", "jsonl"][..],
        &["messages", "find", "key.number:A-1 -status:suspended", "-o", "csv"],
        &["messages", "show", &session, "-o", "json"],
        &["messages", "show", &session, "--body"],
        &["trace", &session],
        &["trace", &session, "-o", "mermaid"],
        &["trace", &session, "-o", "json"],
        &["queues", "-o", "csv"],
        &["log", "--item", "analyser", "-o", "jsonl"],
        &["jobs", "-o", "json"],
    ] {
        let named = [command, &["--url", &url, "--token-file", &token]].concat();
        assert_eq!(desk.shown(&named), desk.shown(command), "{command:?}");
    }
    running.signal("TERM");
    assert_eq!(running.end().code, Some(0));
}

#[test]
fn a_message_is_shown_with_everything_but_its_body_unless_it_is_asked_for() {
    let desk = Desk::new();
    assert_eq!(desk.order("analyser", "A-1").code, Some(0));
    let request = desk.messages(&["type:Order"]).remove(0);
    let id = request["id"].as_str().unwrap();
    let shown = desk.shown(&["messages", "show", id]);
    for part in
        ["way         (outside) -> analyser", "status      completed", "key         number = A-1", "measured A-1"]
    {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(!shown.contains("amounts"), "{shown}");
    let body = desk.json(&["messages", "show", id, "--body", "-o", "json"])["body"]["value"].clone();
    assert_eq!((&body["number"], &body["patient"]), (&Value::from("A-1"), &Value::from("***")));
    let open = desk.shown(&["messages", "show", id, "--reveal"]);
    assert!(open.contains("Jane Roe"), "{open}");
    let nobody = "01a20e694dfa760db7ef30976dcda467";
    assert_eq!(desk.refused(&["messages", "show", nobody], 4), format!("there is no message {nobody}\n"));
    assert_eq!(desk.shown(&["messages", "find", "--count"]), "2\n");
}

#[test]
fn a_trace_is_drawn_as_mermaid_and_as_the_picture_of_the_console() {
    let desk = Desk::new();
    assert_eq!(desk.ask(&["test", "intake", "-b", &order("A-1")]).code, Some(0));
    let session = column(&desk.messages(&[]), "session").remove(0);
    let mermaid = desk.shown(&["trace", &session, "-o", "mermaid"]);
    let expected = "sequenceDiagram\n    participant p0 as (outside)\n    participant p1 as intake\n    participant p2 as \
                    analyser\n    p0->>p1: Order (completed)\n    p1->>p2: Order (completed)\n    p2-->>p1: Report \
                    (completed)\n    p1-->>p0: Report (completed)\n";
    assert_eq!(mermaid, expected);
    let svg = desk.shown(&["trace", &session, "-o", "svg"]);
    assert!(svg.starts_with("<svg ") && svg.contains("analyser") && svg.trim_end().ends_with("</svg>"), "{svg}");
}
