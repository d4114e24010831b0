//! What a production's program shows without running, and what it says of a message.

use std::path::Path;
use std::process::{Command, Output};

/// The seed production `catalogue`, whose operation says in `on_init` that it starts.
fn catalogue(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seed_program"));
    command.env("SEED_PRODUCTION", "catalogue").current_dir(folder).args(arguments);
    command.output().expect("the program starts")
}

fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

#[test]
fn showing_and_checking_a_production_runs_no_hook_and_opens_no_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let commands: [&[&str]; 8] = [
        &["check"],
        &["list"],
        &["settings"],
        &["schema", "MyRequest"],
        &["graph", "-o", "mermaid"],
        &["graph", "-o", "dot"],
        &["graph", "-o", "svg"],
        &["graph", "-o", "json"],
    ];
    for arguments in commands {
        let output = catalogue(folder.path(), arguments);
        let said = text(&output.stderr);
        assert!(output.status.success() && !output.stdout.is_empty(), "{arguments:?}: {said}");
        assert!(!said.contains("a worker starts"), "{arguments:?} ran a hook: {said}");
        let left: Vec<_> = folder.path().read_dir().expect("it is ours").collect();
        assert!(left.is_empty(), "{arguments:?} left {left:?}");
    }
}

#[test]
fn schema_prints_the_json_schema_of_a_message_type() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = catalogue(folder.path(), &["schema", "MyRequest"]);
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(schema["type"], "object");
    assert_eq!(schema["properties"]["request_string"]["type"], "string");
    assert_eq!(schema["required"], serde_json::json!(["request_string"]));
}

#[test]
fn what_was_said_in_a_turn_stands_beside_its_message_in_the_trace() {
    let folder = tempfile::tempdir().expect("a folder");
    let sent = catalogue(folder.path(), &["test", "announcer", "-b", r#"{"request_string": "dinner"}"#]);
    let shown = text(&sent.stdout);
    let session = shown.split("session ").nth(1).and_then(|rest| rest.split(':').next()).expect("it shows the session");

    let trace = text(&catalogue(folder.path(), &["trace", session]).stdout);
    let lines: Vec<_> = trace.lines().collect();
    let request = lines.iter().position(|line| line.contains("announcer -> operation")).expect("the request");
    assert!(lines[request + 1].contains("operation: got \"to everybody: dinner\""), "{trace}");
    assert!(lines[request + 2].contains("response MyResponse"), "{trace}");
}

#[test]
fn the_log_level_is_a_setting_and_each_line_carries_item_session_and_message() {
    let folder = tempfile::tempdir().expect("a folder");
    let body = r#"{"request_string": "dinner"}"#;
    let quiet = catalogue(folder.path(), &["test", "operation", "-b", body, "--set", "iop.log=warn"]);
    assert_eq!(text(&quiet.stderr), "", "nothing of it is a warning");

    let said = text(&catalogue(folder.path(), &["test", "operation", "-b", body]).stderr);
    let line = said.lines().find(|line| line.contains("got \"dinner\"")).expect("the handler's line");
    assert!(line.contains(" INFO  operation: ") && line.contains("session=") && line.contains("message="), "{line}");
}
