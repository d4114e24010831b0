//! Every list in every form: what `--help` offers is found by walking through all commands, so a new one cannot be forgotten.

use serde_json::Value;

use crate::desk::Desk;

/// A command line for each list of the program.
const LISTS: [&[&str]; 17] = [
    &["check", "--connect"],
    &["list"],
    &["messages", "find", "status:suspended"],
    &["searches"],
    &["searches", "list"],
    &["queues"],
    &["queues", "peek", "analyser"],
    &["log", "-n", "5"],
    &["settings"],
    &["settings", "diff", "--set", "analyser.repetitions=7"],
    &["status"],
    &["jobs"],
    &["jobs", "show", "1"],
    &["alerts"],
    &["audit"],
    &["table", "list"],
    &["user", "list", "--set", "iop.users=users.toml"],
];

/// Commands that print one thing, and in which forms.
const DOCUMENTS: [(&[&str], &str); 12] = [
    (&["graph"], "ascii, mermaid, dot, json, svg"),
    (&["messages", "show"], "table, json"),
    (&["trace"], "tree, mermaid, svg, json"),
    (&["settings", "reload"], "table, json"),
    (&["schema"], "json, openapi"),
    (&["test"], "tree, mermaid, svg, json"),
    (&["replay"], "text, json"),
    (&["store", "check"], "table, json"),
    (&["store", "audit"], "table, json"),
    (&["store", "backup"], "table, json"),
    (&["store", "salvage"], "table, json"),
    (&["store", "accept-loss"], "table, json"),
];

/// A list of which the laboratory has none: it names no lookup table.
const NONE_HERE: [&[&str]; 1] = [&["table", "history"]];

/// The commands below one, as its help lists them.
fn below(help: &str) -> Vec<String> {
    let Some((_, commands)) = help.split_once("Commands:\n") else { return Vec::new() };
    let lines = commands.lines().take_while(|line| line.starts_with("  "));
    let names = lines.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// The forms that a command offers; `None` where it has no `--output`.
fn forms(help: &str) -> Option<String> {
    let (_, option) = help.split_once("-o, --output")?;
    let is_next = |line: &str| line.trim_start().starts_with('-') && !line.trim_start().starts_with("- ");
    let option: Vec<&str> = option.lines().skip(1).take_while(|line| !is_next(line)).collect();
    let option = option.join("\n");
    if let Some((_, values)) = option.split_once("[possible values: ") {
        return values.split(']').next().map(str::to_owned);
    }
    // Those with a word of their own stand below each other.
    let values = option.lines().filter_map(|line| line.trim().strip_prefix("- "));
    let names: Vec<_> = values.filter_map(|line| line.split(':').next()).collect();
    Some(names.join(", "))
}

/// Every command with a form of its output, and which forms.
fn walk(desk: &Desk, path: &[String], found: &mut Vec<(Vec<String>, String)>) {
    let words: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let help = desk.shown(&words);
    found.extend(forms(&help).map(|forms| (path.to_vec(), forms)));
    for command in below(&help) {
        walk(desk, &[path, &[command]].concat(), found);
    }
}

#[test]
fn every_command_that_lists_something_does_so_in_four_forms() {
    let desk = Desk::new();
    let mut found = Vec::new();
    walk(&desk, &[], &mut found);
    assert!(found.len() >= 20, "the walk finds commands: {found:?}");
    for (path, forms) in &found {
        let is = |words: &[&str]| path.len() <= words.len() && path.iter().zip(words).all(|(one, other)| one == other);
        if forms == "table, json, jsonl, csv" {
            let typed = LISTS.iter().chain(&NONE_HERE).any(|words| is(words));
            assert!(typed, "{path:?} is a list that this test does not type");
        } else {
            let known = DOCUMENTS.iter().any(|(words, known)| path == words && forms == known);
            assert!(known, "{path:?} has the forms `{forms}`");
        }
    }

    assert_eq!(desk.order("analyser", "poison").code, Some(1));
    assert_eq!(desk.ask(&["searches", "save", "waits", "status:suspended"]).code, Some(0));
    assert_eq!(desk.ask(&["resume", "--query", "to:analyser", "--dry-run"]).code, Some(0), "there is a job");
    assert_eq!(desk.ask(&["user", "add", "ann", "--role", "viewer", "--set", "iop.users=users.toml"]).code, Some(0));
    let running = desk.serve(&[]);
    for list in LISTS {
        let shown = |form: &str| {
            let ended = desk.ask(&[list, &["-o", form]].concat());
            // What is not well is said by the code as well.
            assert!(matches!(ended.code, Some(0 | 5)), "{list:?} -o {form}: {}{}", ended.out, ended.err);
            ended.out
        };
        let document: Value = serde_json::from_str(&shown("json")).unwrap_or_else(|error| panic!("{list:?}: {error}"));
        assert!(document.is_array() || document.is_object(), "{list:?}");
        for line in shown("jsonl").lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{list:?}: {line}: {error}"));
            assert!(line.is_object(), "{list:?}: {line}");
        }
        let csv = shown("csv");
        let columns = |line: &str| {
            let mut quoted = false;
            line.chars()
                .filter(|letter| {
                    quoted ^= *letter == '"';
                    *letter == ',' && !quoted
                })
                .count()
        };
        let head = csv.lines().next().unwrap_or_default();
        assert!(columns(head) > 0, "{list:?}: {csv}");
        assert!(csv.lines().all(|line| columns(line) == columns(head)), "{list:?}: {csv}");
        assert!(!shown("table").contains('\u{1b}'), "{list:?}: no colours where nobody looks");
    }
    running.signal("TERM");
    assert_eq!(running.end().code, Some(0));
}
