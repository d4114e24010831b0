//! Whether all is well, at a glance and for monitoring; what is followed; and who did what.

use iop_tests::child::read;
use serde_json::{Value, json};

use crate::desk::Desk;

#[test]
fn a_check_for_monitoring_has_one_line_and_the_codes_of_nagios() {
    let desk = Desk::new();
    let line = |arguments: &[&str]| {
        let ended = desk.ask(&[&["monitor-check"], arguments].concat());
        assert_eq!(ended.out.lines().count(), 1, "{}{}", ended.out, ended.err);
        (ended.code.unwrap(), ended.out)
    };
    assert_eq!(desk.order("analyser", "poison").code, Some(1));
    let (code, out) = line(&[]);
    assert_eq!(code, 2);
    assert!(out.starts_with("CRITICAL - no production is running"), "{out}");
    let (code, out) = line(&["--set", "iop.http=nowhere"]);
    assert_eq!(code, 3, "{out}");
    assert!(out.starts_with("UNKNOWN - "), "{out}");

    let running = desk.serve(&["--set", "nightly.enabled=true"]);
    let figures = |limit: &str| format!(" | age=0s;; depth=0;; suspended=1;;{limit}\n");
    let (code, out) = line(&["--max-errors", "10"]);
    assert_eq!((code, out.ends_with(&figures("10"))), (0, true), "{out}");
    assert!(out.starts_with("OK - "), "{out}");
    let (code, out) = line(&["--max-errors", "1", "--max-queue-age", "5m", "--max-depth", "100"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.starts_with("WARNING - 1 messages are suspended"), "{out}");
    let (code, out) = line(&["--max-errors", "0"]);
    assert_eq!((code, out), (2, format!("CRITICAL - 1 messages are suspended{}", figures("0"))));
    assert_eq!(desk.ask(&["stop", "analyser"]).code, Some(0));
    let (code, out) = line(&["--max-errors", "10"]);
    assert_eq!(code, 1);
    assert!(out.starts_with("WARNING - not well: analyser"), "{out}");
    running.signal("TERM");
    assert_eq!(running.end().code, Some(0));
}

#[test]
fn all_items_are_stopped_and_started_in_the_order_of_a_production() {
    let desk = Desk::new();
    let running = desk.serve(&["--set", "nightly.enabled=true"]);
    let said = |arguments: &[&str]| desk.ask(arguments).err;
    let stopped = "`intake` is stopped\n`nightly` is stopped\n`analyser` is stopped\n";
    assert_eq!(said(&["stop", "--timeout", "1s"]), stopped);
    assert_eq!(said(&["stop", "--now"]), stopped.replace(" is ", " was already "));
    let running_again = "`analyser` is running\n`intake` is running\n`nightly` is running\n";
    assert_eq!(said(&["start"]), running_again);
    assert_eq!(said(&["restart", "analyser", "--now"]), "`analyser` is running\n");
    let screen = desk.shown(&["top"]);
    assert!(screen.starts_with("Lab  ") && screen.contains("\nanalyser  operation  running"), "{screen}");
    assert!(!screen.contains('\u{1b}'), "where nobody looks there is no screen: {screen:?}");
    assert!(desk.shown(&["top", "--color", "always"]).contains("analyser"));
    running.signal("TERM");
    assert_eq!(running.end().code, Some(0));
}

#[test]
fn a_log_that_is_followed_goes_on_with_what_is_said_from_then_on() {
    let desk = Desk::new();
    assert_eq!(desk.order("analyser", "A-1").code, Some(0));
    let mut follows = desk.start(&["log", "-f", "--grep", "MEASURED", "-o", "jsonl"]);
    let out = follows.output();
    let lines = || read(&out).lines().count();
    follows.wait_for("what was said is shown", || lines() == 1);
    assert_eq!(desk.order("analyser", "A-2").code, Some(0));
    follows.wait_for("what is said is shown", || lines() == 2);
    follows.kill();
    let texts: Vec<_> =
        read(&out).lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["text"].clone()).collect();
    assert!(texts[0].to_string().contains("A-1") && texts[1].to_string().contains("A-2"), "each once: {texts:?}");
}

#[test]
fn lines_have_colours_where_they_are_asked_for_and_the_log_finds_a_text() {
    let desk = Desk::new();
    assert_eq!(desk.order("analyser", "A-1").code, Some(0));
    assert!(!desk.shown(&["log"]).contains('\u{1b}'));
    assert!(desk.shown(&["log", "--color", "always"]).contains("\u{1b}[32mINFO"));
    assert!(!desk.shown(&["log", "--color", "never"]).contains('\u{1b}'));
    let found = desk.shown(&["log", "--grep", "MEASURED a-1"]);
    assert_eq!(found.lines().count(), 1, "{found}");
    assert_eq!(desk.refused(&["log", "--grep", "nothing of the kind"], 4), "no such line in the log\n");
}

#[test]
fn the_audit_log_is_shown_exported_and_proved() {
    let desk = Desk::new();
    assert_eq!(desk.order("analyser", "poison").code, Some(1));
    let id = desk.messages(&["status:suspended"])[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(desk.refused(&["audit", "--who", "nobody"], 4), "no such entry in the audit log\n");
    assert_eq!(desk.ask(&["resume", &id, "--by", "eve", "--reason", "=once more"]).code, Some(0));
    let kept = desk.shown(&["audit", "verify"]).trim().to_owned();
    assert_eq!(desk.ask(&["discard", &id, "--by", "bob", "--reason", "no use"]).code, Some(0));

    let csv = desk.shown(&["audit", "--action", "message.", "-o", "csv"]);
    let rows: Vec<_> = csv.lines().collect();
    assert_eq!(rows[0], "number,time,who,role,from,action,object,result,reason");
    assert!(rows[1].contains(",eve,") && rows[1].ends_with(",\"'=once more\""), "no formula: {csv}");
    assert!(rows[2].contains(",bob,") && rows[2].contains(",message.discard,"), "{csv}");
    let exported: Vec<Value> =
        desk.shown(&["audit", "export"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(exported[0]["number"], 1);
    assert_eq!(exported.last().unwrap()["who"], "bob");

    let end = desk.shown(&["audit", "verify", "--kept", &kept]);
    assert!(end.starts_with(&format!("{}:", exported.len())), "{end}");
    let (number, _) = kept.split_once(':').unwrap();
    let other = format!("{number}:{}", "0".repeat(64));
    let err = desk.refused(&["audit", "verify", "--kept", &other], 5);
    assert!(!err.is_empty(), "it says what is wrong");
    assert!(desk.refused(&["audit", "verify", "--kept", "7"], 2).contains("NUMBER:HASH"));
}

#[test]
fn a_test_has_an_expectation_a_list_of_items_and_a_body_to_begin_with() {
    let desk = Desk::new();
    let listed = desk.shown(&["test", "--list"]);
    assert!(listed.contains("intake    service    Order") && !listed.contains("nightly"), "{listed}");
    let template: Value = desk.json(&["test", "--template", "Order"]);
    assert!(template["number"].is_string() && template["amounts"].is_array(), "{template}");
    assert_eq!(desk.refused(&["test", "--template", "Nothing"], 4), "there is no type `Nothing`\n");

    desk.write("report.json", &json!({"sum": 9}).to_string());
    let order = crate::desk::order("A-1");
    assert_eq!(desk.ask(&["test", "analyser", "-b", &order, "--expect", "@report.json"]).code, Some(0));
    let ended = desk.ask(&["test", "analyser", "-b", &order, "--expect", r#"{"sum": 10}"#]);
    assert_eq!(ended.code, Some(5));
    assert!(ended.err.ends_with("`sum` is 9, expected was 10\n"), "{}", ended.err);
    assert!(desk.refused(&["test", "analyser", "-b", &order, "--expect", "{"], 2).contains("no JSON"));
}

/// Has a shell complete the last word of command lines with the script.
fn completed_by_bash(script: &str) {
    for (line, wanted) in [
        ("lab sta", "start status"),
        ("lab stop an", "analyser"),
        ("lab pause intake ni", "nightly"),
        ("lab resume an", "analyser"),
        ("lab queues discard in", "intake"),
        ("lab queues move intake --to an", "analyser"),
        ("lab import orders.jsonl --to an", "analyser"),
        ("lab resend --to in", "intake"),
        ("lab log --item ni", "nightly"),
        ("lab alerts mute an", "analyser"),
        ("lab test intake --type Ord", "Order"),
        ("lab schema Rep", "Report"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let [.., before, last] = &words[..] else { panic!("{line}") };
        let asked = format!(
            "{script}\nCOMP_WORDS=({line}); COMP_CWORD={}; _lab lab '{last}' '{before}'; echo \"${{COMPREPLY[*]}}\"",
            words.len() - 1
        );
        #[allow(clippy::print_stderr, reason = "whoever runs the tests has to know what was not tested")]
        let Ok(shell) = std::process::Command::new("bash").args(["--norc", "-c", &asked]).output() else {
            eprintln!("skipped: there is no bash");
            return;
        };
        let (said, errors) = (String::from_utf8_lossy(&shell.stdout), String::from_utf8_lossy(&shell.stderr));
        assert_eq!((said.trim(), errors.trim()), (wanted, ""), "{line}");
    }
}

#[test]
fn a_shell_completes_the_names_of_items_and_of_message_types() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = desk.shown(&["completions", shell]);
        for word in ["monitor-check", "resend", "--token-file"] {
            assert!(script.contains(word.trim_start_matches('-')), "{shell} has no {word}");
        }
        if matches!(shell, "bash" | "zsh" | "fish") {
            assert!(script.contains("analyser") && script.contains("Report"), "{shell} has no names");
        }
    }
    completed_by_bash(&desk.shown(&["completions", "bash"]));
    let err = desk.refused(&["settings", "get", "analyser.repetitons"], 4);
    assert_eq!(err, "there is no setting `analyser.repetitons`; did you mean `analyser.repetitions`?\n");
    let got = desk.ask(&["settings", "get", "analyser.repetitions", "--set", "analyser.repetitions=7"]);
    assert_eq!((got.code, got.out.as_str(), got.err.as_str()), (Some(0), "7\n", "from --set\n"));
    let changed = desk.shown(&["settings", "diff", "--set", "analyser.repetitions=7", "-o", "csv"]);
    assert!(changed.lines().any(|line| line.starts_with("analyser.repetitions,7,\"'--set\",")), "{changed}");
    assert!(!changed.contains("intake.pool_size"), "{changed}");
    let graph = desk.shown(&["graph", "-o", "ascii"]);
    assert!(graph.starts_with("intake  (service Intake)\n  `-- out: Order --> analyser\n"), "{graph}");
    let document = desk.json(&["schema", "-o", "openapi"]);
    assert_eq!(document["openapi"], "3.1.0");
    let call = &document["paths"]["/api/v1/services/intake"]["post"];
    let schema = "#/components/schemas/Order";
    assert_eq!(call["requestBody"]["content"]["application/json"]["schema"]["$ref"], schema);
    assert_eq!(document["components"]["schemas"]["Order"]["required"], json!(["number", "amounts"]));
    assert!(document["components"]["schemas"]["Report"].is_object());
}
