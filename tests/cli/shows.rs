//! What the program says of itself: help, catalogue, graph, settings, schemas, and whether everything fits.

use std::collections::BTreeSet;

use serde_json::json;

use crate::desk::{Desk, cells};

/// The page that says what the command line does.
const PAGE: &str = include_str!("../../docs/reference/command-line.md");

#[test]
fn help_goes_to_stdout_and_tells_every_command_and_exit_code_that_the_reference_tells() {
    let desk = Desk::new();
    let help = desk.shown(&["--help"]);
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let (mut commands, mut codes) = (BTreeSet::new(), 0);
    for first in rows {
        if first.parse::<u8>().is_ok() {
            let told = help.lines().any(|line| line.trim_start().split("  ").next() == Some(first));
            assert!(told, "exit code {first} is not in\n{help}");
            codes += 1;
        }
        for command in first.split('`').skip(1).step_by(2).filter_map(|words| words.split(' ').next()) {
            assert!(
                help.lines().any(|line| line.trim_start().starts_with(&format!("{command} "))),
                "{command}\n{help}"
            );
            assert!(desk.shown(&[command, "--help"]).contains("Usage: lab "), "{command}");
            commands.insert(command);
        }
    }
    assert_eq!((commands.len(), codes), (35, 10), "the reference has all of them");
    assert!(help.starts_with("A small laboratory.\n\n3 items, 2 routes\n"), "{help}");
}

#[test]
fn a_command_line_that_is_wrong_ends_with_2_and_says_what_is_right() {
    let desk = Desk::new();
    for (arguments, said) in [
        (&["frobnicate"][..], "unrecognized subcommand 'frobnicate'"),
        (&["messges"], "a similar subcommand exists: 'messages'"),
        (&["messages", "find", "status:lost since:1h"], "  status:lost since:1h\n         ^^^^"),
        (&["messages"], "Usage: lab messages"),
        (&["audit", "--since", "yesterday"], "write a time (2026-11-24T09:00:00Z) or how long ago (1h, 7d)"),
        (&["log", "--level", "loud"], "one of error, warn, info, debug, trace"),
        (&["trace", "A-17"], "invalid value 'A-17'"),
        (&["graph", "-o", "svgz"], "[possible values: ascii, mermaid, dot, json"),
        (&["graph", "-o", "dot", "--diff", "graph.json"], "cannot be used with"),
        (&["test", "analyser"], "--body <JSON|@FILE|->"),
        (&["status", "--url", "http://127.0.0.1:1"], "--token-file"),
        (&["jobs", "start"], "<NUMBER>"),
        (&["check", "--memory", "--store", "here"], "cannot be used with"),
    ] {
        let err = desk.refused(arguments, 2);
        assert!(err.contains(said), "{arguments:?} says\n{err}");
    }
    assert!(desk.path("").read_dir().unwrap().all(|entry| !entry.unwrap().path().is_dir()), "no store was made");
}

#[test]
fn list_shows_productions_components_and_message_types() {
    let desk = Desk::new();
    let listed = desk.json(&["list", "-o", "json"]);
    let names = |what: &str| {
        let entries = listed[what].as_array().unwrap();
        entries.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("productions"), ["Lab"]);
    assert_eq!(names("components"), ["Analyser", "Intake", "Nightly"]);
    assert_eq!(names("messages"), ["Order", "Report", "iop.alert", "iop.tapped"]);

    let table = desk.shown(&["list"]);
    for name in [names("productions"), names("components"), names("messages")].concat() {
        assert!(table.lines().any(|line| line.starts_with(&format!("{name} "))), "{name}\n{table}");
    }
    let order = cells(&table).into_iter().find(|row| row.first().is_some_and(|cell| cell == "Order")).unwrap();
    assert_eq!(order[1..4], ["1", "Report", "number"], "version, response, keys");
    assert!(order[4].starts_with("tests/lab.rs:"), "{order:?}");
}

#[test]
fn graph_prints_each_form_and_mermaid_where_nothing_is_said() {
    let desk = Desk::new();
    assert!(desk.shown(&["graph", "-o", "dot"]).starts_with("digraph \"Lab\" {\n"));
    let chart = desk.shown(&["graph", "-o", "mermaid"]);
    assert!(chart.starts_with("flowchart LR\n"), "{chart}");
    assert_eq!(desk.shown(&["graph"]), chart);
    let document = desk.json(&["graph", "-o", "json"]);
    assert_eq!(document["production"], "Lab");
    assert_eq!(
        document["routes"][0],
        json!({"from": "intake", "target": "out", "to": "analyser", "messages": ["Order"]})
    );
}

#[test]
fn graph_diff_says_what_changed_and_nothing_where_nothing_did() {
    let desk = Desk::new();
    let mut document = desk.json(&["graph", "-o", "json"]);
    desk.write("same.json", &document.to_string());
    assert_eq!(desk.shown(&["graph", "--diff", "same.json"]), "");

    let items = document["items"].as_array_mut().unwrap();
    items.retain(|item| item["name"] != "nightly");
    document["routes"].as_array_mut().unwrap().retain(|route| route["from"] != "nightly");
    desk.write("older.json", &document.to_string());
    let changes = desk.shown(&["graph", "--diff", "older.json"]);
    assert_eq!(changes.lines().count(), 2, "an item and its route:\n{changes}");
    assert!(changes.lines().all(|line| line.contains("nightly")), "{changes}");

    desk.write("no-graph.json", "{}");
    for file in ["no-graph.json", "none.json"] {
        let err = desk.refused(&["graph", "--diff", file], 1);
        assert!(err.contains(&format!("cannot read {file} as a graph")) && err.contains("`graph -o json`"), "{err}");
    }
}

#[test]
fn settings_shows_each_value_with_its_origin_and_no_secret() {
    let desk = Desk::new();
    desk.write("iop.toml", "[analyser]\npassword = \"env:PATH\"\npool_size = 4\n");
    let arguments = ["settings", "--set", "nightly.number=N-9"];
    let table = desk.shown(&arguments);
    let rows = cells(&table);
    let row = |key: &str| rows.iter().find(|row| row[0] == key).unwrap_or_else(|| panic!("{key}\n{table}"));
    assert_eq!(row("nightly.number")[1..3], ["N-9", "--set"]);
    assert_eq!(row("analyser.pool_size")[1..3], ["4", "iop.toml line 3"]);
    assert_eq!(row("analyser.repetitions")[1..3], ["3", "production!"]);
    assert_eq!(row("iop.http")[1..3], ["off", "environment IOP__HTTP"]);
    assert_eq!(row("intake.pool_size")[1..3], ["1", "default in code"]);
    assert_eq!(row("analyser.trace_file")[1], "(not set)");

    let documents = desk.json(&[&arguments[..], &["-o", "json"]].concat());
    assert_eq!(documents.as_array().unwrap().len(), rows.len());
    assert_eq!(row("analyser.password")[1], "env:PATH");
    let path = std::env::var("PATH").unwrap();
    for shown in [table, documents.to_string()] {
        assert!(!shown.contains(&path), "{shown}");
    }
}

#[test]
fn schema_prints_a_type_and_names_the_nearest_where_there_is_none() {
    let desk = Desk::new();
    assert_eq!(desk.json(&["schema", "Order"])["required"], json!(["number", "amounts"]));
    let err = desk.refused(&["schema", "Ordr"], 4);
    assert_eq!(err, "no message type is named `Ordr`; did you mean `Order`?\n");
    let err = desk.refused(&["schema", "Invoice"], 4);
    assert_eq!(err, "no message type is named `Invoice`; there are: Order, Report, iop.alert, iop.tapped\n");
}

#[test]
fn every_mistake_in_the_settings_is_reported_in_one_run() {
    let desk = Desk::new();
    assert_eq!(desk.shown(&["check"]), "Lab: 3 items, 2 routes, calls wait at most 1 deep, all settings fit\n");

    desk.write("iop.toml", "[analyser]\ntimeout = \"soon\"\n");
    let mistakes = [
        "--set",
        "analyser.repetitons=2",
        "--set",
        "analyser.pool_size=0",
        "--set",
        "intak.pool_size=1",
        "--set",
        "greeting",
    ];
    let expected = [
        "`greeting` (--set): write `--set item.setting=value`",
        "`analyser.repetitons` (--set): unknown setting; did you mean `repetitions`?",
        "`analyser.pool_size` (--set): must be 1 or more",
        "`intak.pool_size` (--set): unknown item; did you mean `intake`?",
        "`analyser.timeout` (iop.toml line 2): ",
    ];
    for (command, code) in [("check", 5), ("settings", 5), ("run", 1), ("test", 1)] {
        let sent = if command == "test" { &["analyser", "-b", "{}"][..] } else { &[] };
        let err = desk.refused(&[&[command], sent, &mistakes].concat(), code);
        assert_eq!(err.lines().count(), expected.len(), "one line each:\n{err}");
        for mistake in expected {
            assert!(err.lines().any(|line| line.starts_with(&format!("error: {mistake}"))), "{mistake}\n{err}");
        }
    }
    assert!(!desk.path("iop-data").exists(), "nothing was started");

    let err = desk.refused(&["check", "--config", "none.toml"], 5);
    assert!(err.contains("none.toml"), "a file that was named must be there: {err}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let desk = Desk::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lab"));
    let ended = command.arg("settings").current_dir(desk.path("")).stdout(writer).output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
}
