//! What the program reads from a store: messages, traces, queues, the event log.

use serde_json::Value;

use crate::desk::{Desk, cells, column};

/// An order that came in over the service, one handed to the operation, and one that waits for a person.
fn worked() -> Desk {
    let desk = Desk::new();
    for (item, number, code) in [("intake", "A-1", 0), ("analyser", "B-2", 0), ("analyser", "poison", 1)] {
        let ended = desk.order(item, number);
        assert_eq!(ended.code, Some(code), "{}", ended.err);
    }
    desk
}

#[test]
fn where_there_is_no_store_reading_finds_nothing_and_makes_none() {
    let desk = Desk::new();
    for arguments in [&["messages", "find"][..], &["trace", "01a20e694dfa760db7ef30976dcda467"], &["queues"], &["log"]]
    {
        let err = desk.refused(arguments, 4);
        assert_eq!(err, "there is no store iop-data/lab; `run` makes one, `--store DIR` names another\n");
    }
    assert!(!desk.path("iop-data").exists());
    let err = desk.refused(&["messages", "find", "--memory"], 3);
    assert!(err.contains("in the memory of its process"), "{err}");
}

#[test]
fn messages_finds_by_each_of_its_filters_and_by_all_together() {
    let desk = worked();
    // Two requests and two responses over the service, one of each for the operation, one that waits.
    let all = desk.messages(&[]);
    let sequences: Vec<_> = all.iter().map(|message| message["sequence"].as_u64().unwrap()).collect();
    assert_eq!(all.len(), 7, "{all:#?}");
    assert!(sequences.is_sorted_by(|newer, older| newer > older), "the newest first: {sequences:?}");

    let fits = |filters: &[&str], fit: &dyn Fn(&Value) -> bool| {
        let expected: Vec<_> = all.iter().filter(|message| fit(message)).cloned().collect();
        assert!(!expected.is_empty() && expected.len() < all.len(), "{filters:?} parts the messages");
        assert_eq!(desk.messages(filters), expected, "{filters:?}");
    };
    let session = all.last().unwrap()["session"].as_str().unwrap();
    fits(&[&format!("session:{session}")], &|message| message["session"] == session);
    fits(&["item:intake"], &|message| message["source"] == "intake" || message["target"] == "intake");
    fits(&["type:Report"], &|message| message["type"] == "Report");
    fits(&["status:suspended"], &|message| message["reason"] == "poison");
    let together = format!("session:{session} type:Order item:analyser status:completed");
    fits(&[&together], &|message| message["source"] == "intake" && message["type"] == "Order");
    assert_eq!(desk.messages(&["--limit", "2"]), all[..2]);
    assert_eq!(desk.messages(&["since:1h"]), all);
    assert_eq!(desk.messages(&["since:2026-01-01T00:00:00Z"]), all);

    let of_a_1 = desk.messages(&["key.number:A-1"]);
    assert_eq!(column(&of_a_1, "type"), ["Order", "Order"]);
    assert!(of_a_1.iter().all(|message| message["session"] == session), "{of_a_1:#?}");
    let key = serde_json::json!([{ "name": "number", "value": "A-1" }]);
    assert!(of_a_1.iter().all(|message| message["keys"] == key), "{of_a_1:#?}");
}

#[test]
fn messages_are_the_same_as_table_as_document_and_as_lines() {
    let desk = worked();
    let lines = desk.messages(&[]);
    assert_eq!(desk.json(&["messages", "find", "-o", "json"]), Value::from(lines.clone()));
    let table = desk.shown(&["messages", "find", "-o", "table"]);
    assert_eq!(desk.shown(&["messages", "find"]), table);
    assert_eq!(table.lines().count(), 1 + lines.len());
    for (row, message) in cells(&table).iter().zip(&lines) {
        assert_eq!((&row[1], &row[5]), (&text(message, "type"), &text(message, "id")), "{table}");
    }
    let waits = table.lines().find(|line| line.contains("suspended (poison)")).unwrap();
    assert!(waits.ends_with("there is no such substance"), "{waits}");
}

fn text(message: &Value, field: &str) -> String {
    message[field].as_str().unwrap().to_owned()
}

#[test]
fn a_search_that_finds_nothing_ends_with_4_in_a_form_that_a_program_can_read() {
    let desk = worked();
    for filter in [
        ["key.number:Z-9"],
        ["item:nobody"],
        ["type:Invoice"],
        ["status:queued"],
        ["since:2100-01-01T00:00:00Z"],
        ["session:01a20e694dfa760db7ef30976dcda467"],
    ] {
        for (form, out) in [
            ("table", ""),
            ("jsonl", ""),
            ("json", "[]\n"),
            ("csv", "created,type,from,to,status,message,session,error\n"),
        ] {
            let ended = desk.ask(&[&["messages", "find", "-o", form], &filter[..]].concat());
            assert_eq!((ended.code, ended.out.as_str()), (Some(4), out), "{filter:?} {form}");
            assert_eq!(ended.err, "no such message\n");
        }
    }
    assert_eq!(desk.refused(&["log", "--item", "nobody"], 4), "no such line in the log\n");
    let err = desk.refused(&["trace", "01a20e694dfa760db7ef30976dcda467"], 4);
    assert_eq!(err, "no such session and no such message\n");
}

#[test]
fn any_message_of_a_session_leads_to_its_trace() {
    let desk = worked();
    let messages = desk.messages(&["key.number:A-1"]);
    let session = text(&messages[0], "session");
    let tree = desk.shown(&["trace", &session]);
    for message in &messages {
        assert_eq!(desk.shown(&["trace", &text(message, "id")]), tree);
    }
    let lines: Vec<_> = tree.lines().collect();
    assert!(lines[0].starts_with(&format!("session {session}: 4 messages in ")), "{tree}");
    for (line, part) in [
        (1, "Order  (outside) -> intake  completed"),
        (2, "INFO  intake: order A-1 came in"),
        (3, "├─ Order  intake -> analyser  completed"),
        (4, "INFO  analyser: measured A-1"),
        (5, "response Report  analyser -> intake  completed"),
        (6, "response Report  intake -> (outside)  completed"),
    ] {
        assert!(lines[line].contains(part), "line {line} has no `{part}`\n{tree}");
    }

    let document = desk.json(&["trace", &session, "-o", "json"]);
    let traced = document["messages"].as_array().unwrap();
    assert_eq!(column(traced, "type"), ["Order", "Order", "Report", "Report"]);
    assert_eq!(traced[0]["body"]["number"], "A-1");
    assert_eq!(traced[0]["body"]["patient"], "***", "what is sensitive is masked");
    assert_eq!(traced[2]["body"]["sum"], 9);
    assert_eq!(traced[1]["events"][0]["text"].as_str().unwrap().split(' ').next(), Some("measured"));
}

#[test]
fn the_log_is_filtered_and_its_last_lines_are_shown_in_the_order_in_which_they_were_said() {
    let desk = worked();
    let lines = |filters: &[&str]| -> Vec<Value> {
        let shown = desk.shown(&[&["log", "-o", "jsonl"], filters].concat());
        shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = lines(&[]);
    let numbers: Vec<_> = all.iter().map(|line| line["number"].as_u64().unwrap()).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    let fits = |filters: &[&str], fit: &dyn Fn(&Value) -> bool| {
        let expected: Vec<_> = all.iter().filter(|line| fit(line)).cloned().collect();
        assert!(!expected.is_empty() && expected.len() < all.len(), "{filters:?} parts the lines");
        assert_eq!(lines(filters), expected, "{filters:?}");
    };
    fits(&["--item", "intake"], &|line| line["item"] == "intake");
    fits(&["--level", "error"], &|line| line["level"] == "error");
    let session = all[0]["session"].as_str().unwrap();
    fits(&["--session", session], &|line| line["session"] == session);
    assert_eq!(lines(&["-n", "1"]), all[all.len() - 1..]);
    assert_eq!(desk.json(&["log", "-o", "json"]), Value::from(all.clone()));
    let table = desk.shown(&["log"]);
    assert_eq!(table.lines().count(), all.len(), "{table}");
    assert!(table.contains("INFO  intake: order A-1 came in  session="), "{table}");
}

#[test]
fn what_came_from_outside_cannot_move_the_cursor() {
    let desk = Desk::new();
    let sent = desk.order("analyser", "loud");
    assert_eq!(sent.code, Some(0), "{}", sent.err);
    let session = text(&desk.messages(&[])[0], "session");
    for shown in [sent.out, sent.err, desk.shown(&["log"]), desk.shown(&["trace", &session])] {
        let line = shown.lines().find(|line| line.contains("patient ")).unwrap_or_else(|| panic!("{shown}"));
        assert!(line.contains("forged line"), "it is one line: {shown}");
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
    }
}

#[test]
fn queues_shows_every_item_in_the_order_of_the_graph() {
    let desk = worked();
    let table = desk.shown(&["queues"]);
    let expected = [["intake", "0", "0", "0", "0"], ["nightly", "0", "0", "0", "0"], ["analyser", "0", "0", "0", "1"]];
    assert_eq!(cells(&table), expected, "{table}");
    let documents = desk.json(&["queues", "-o", "json"]);
    assert_eq!(column(documents.as_array().unwrap(), "item"), ["intake", "nightly", "analyser"]);
    assert_eq!(documents[2]["suspended"], 1);
    assert_eq!(documents[2]["oldest"], Value::Null, "what waits for a person waits for no worker");
}

#[test]
fn a_store_is_read_while_its_production_runs() {
    let desk = worked();
    let process = desk.serve(&[]);
    assert_eq!(desk.order("analyser", "C-3").code, Some(0));
    let found = desk.messages(&["key.number:C-3"]);
    assert_eq!(column(&found, "status"), ["completed"]);
    assert!(desk.shown(&["trace", &text(&found[0], "id")]).contains("measured C-3"));
    assert_eq!(cells(&desk.shown(&["queues"])).len(), 3);
    assert!(desk.shown(&["log", "-n", "1"]).contains("C-3"));
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));
}

#[test]
fn a_search_is_kept_under_a_name_and_found_again_after_a_restart() {
    let desk = Desk::new();
    assert_eq!(desk.order("analyser", "A-1").code, Some(0));
    assert_eq!(desk.order("analyser", "poison").code, Some(1));
    let saved = desk.ask(&["searches", "save", "what waits", "item:analyser status:suspended since:1h"]);
    assert_eq!(saved.code, Some(0), "{}", saved.err);
    assert_eq!(saved.err, "`what waits` is saved: item:analyser status:suspended since:1h\n");
    let wrong = desk.refused(&["searches", "save", "wrong", "stauts:open"], 2);
    assert!(wrong.contains("status"), "{wrong}");
    assert_eq!(
        desk.refused(&["searches", "save", " ", "status:open"], 1),
        "a search is saved under a name of 1 to 64 characters\n"
    );

    let running = desk.serve(&[]);
    let found = desk.messages(&["--saved", "what waits"]);
    assert_eq!(column(&found, "status"), ["suspended"]);
    assert_eq!(desk.shown(&["messages", "find", "--saved", "what waits", "key.number:A-1", "--count"]), "0\n", "both");
    let here = desk.shown(&["searches", "-o", "jsonl"]);
    let url = format!("http://{}", desk.address().unwrap());
    let token = desk.store("http-token").display().to_string();
    assert_eq!(desk.shown(&["searches", "list", "-o", "jsonl", "--url", &url, "--token-file", &token]), here);
    assert_eq!(desk.ask(&["searches", "save", "what waits", "status:open"]).code, Some(0), "in its place");
    assert_eq!(desk.json(&["searches", "-o", "json"]).as_array().unwrap().len(), 1);
    running.signal("TERM");
    assert_eq!(running.end().code, Some(0));

    let typo = desk.refused(&["messages", "find", "--saved", "what wait"], 4);
    assert_eq!(typo, "no search is saved as `what wait`; did you mean `what waits`?\n");
    assert_eq!(desk.ask(&["searches", "delete", "what waits"]).code, Some(0));
    desk.refused(&["searches", "delete", "what waits"], 4);
    let audited = desk.shown(&["audit", "--action", "search.", "-o", "csv"]);
    assert!(audited.contains("search.save") && audited.contains("search.delete"), "{audited}");
}
