//! Export and import at the command line: messages leave a store as lines, and come into another one as new messages, once.

use std::fs;

use serde_json::Value;

use crate::desk::{Desk, column};

/// A desk with two orders that were measured and one that waits for a person.
fn with_orders() -> Desk {
    let desk = Desk::new();
    for number in ["A-1", "A-2"] {
        assert_eq!(desk.order("analyser", number).code, Some(0));
    }
    assert_eq!(desk.order("analyser", "poison").code, Some(1));
    desk
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

#[test]
fn what_was_exported_is_imported_once_and_goes_through_its_item() {
    let old = with_orders();
    let exported = old.ask(&["export", "type:Order,Report", "--reveal", "--to", "all.jsonl"]);
    assert_eq!((exported.code, exported.out), (Some(0), String::new()), "{}", exported.err);
    assert_eq!(exported.err, "exported: 5\n", "three orders and two reports");
    let text = fs::read_to_string(old.path("all.jsonl")).unwrap();
    let orders: Vec<_> = lines(&text).into_iter().filter(|line| line["type"] == "Order").collect();
    assert_eq!(column(&orders, "target"), ["analyser", "analyser", "analyser"]);
    assert_eq!(orders[0]["body"]["patient"], "Jane Roe", "what is sensitive is there");
    assert!(text.find("A-1") < text.find("A-2"), "in the order of acceptance");
    let again = old.refused(&["export", "--to", "all.jsonl"], 1);
    assert!(again.contains("all.jsonl"), "what is there is not written over: {again}");

    let new = Desk::new();
    assert_eq!(new.order("analyser", "A-9").code, Some(0), "it has a store");
    new.write("all.jsonl", &text);
    let looked = new.shown(&["import", "all.jsonl", "--dry-run"]);
    let sum = "3; imported before: 0; responses and timers, left out: 2; refused: 0\n";
    assert_eq!(looked, format!("would be imported: {sum}"));
    assert_eq!(new.shown(&["messages", "find", "status:queued", "--count"]), "0\n", "it was only looked at");
    assert_eq!(new.shown(&["import", "all.jsonl", "--by", "eve"]), format!("imported: {sum}"));
    let queued = new.messages(&["status:queued", "--oldest-first"]);
    assert_eq!(queued.len(), 3);
    assert_eq!(queued[0]["description"], "imported by eve");
    let first = orders[0]["id"].as_str().unwrap();
    let found = new.messages(&[&format!("key.imported_from:{first}")]);
    assert_eq!(column(&found, "id"), column(&queued[..1], "id"));

    let sum = "0; imported before: 3; responses and timers, left out: 2; refused: 0\n";
    assert_eq!(new.shown(&["import", "all.jsonl"]), format!("imported: {sum}"), "once");
    let ran = new.ask(&["run", "--until-idle"]);
    assert_eq!(ran.code, Some(5), "the poison fails here as well: {}", ran.err);
    assert_eq!(column(&new.messages(&["type:Order", "--oldest-first"]), "status").len(), 4);
    assert_eq!(new.shown(&["import", "all.jsonl"]), format!("imported: {sum}"), "also when it is over");
    let round: Vec<_> = lines(&new.shown(&["export", "key.imported_from:*", "--reveal"]));
    let bodies = |lines: &[Value]| lines.iter().map(|line| line["body"].clone()).collect::<Vec<_>>();
    assert_eq!(bodies(&round), bodies(&orders), "nothing of a body was lost on the way");
    let audited = new.shown(&["audit", "--action", "messages.import", "-o", "csv"]);
    assert!(audited.contains("eve") && audited.contains("3 of 5 imported, 0 refused"), "{audited}");
}

#[test]
fn what_cannot_be_imported_is_named_by_its_line_and_keeps_the_others_out_of_nothing() {
    let old = with_orders();
    let masked = old.shown(&["export", "key.number:A-1"]);
    assert!(masked.contains("***") && !masked.contains("Jane Roe"), "{masked}");
    let open = old.shown(&["export", "key.number:A-2", "--reveal"]);
    let unknown = open.replace("\"type\":\"Order\"", "\"type\":\"Odrer\"");
    let unfit = open.replace("\"amounts\":[", "\"amounts\":[\"many\",");
    let new = Desk::new();
    assert_eq!(new.order("analyser", "A-9").code, Some(0));
    new.write("some.jsonl", &format!("{masked}\n{unknown}{unfit}{open}"));
    let ended = new.ask(&["import", "some.jsonl"]);
    assert_eq!(ended.code, Some(1), "{}{}", ended.out, ended.err);
    assert_eq!(ended.out, "imported: 1; imported before: 0; responses and timers, left out: 0; refused: 3\n");
    for part in [
        "line 1 is refused: ",
        "--reveal",
        "line 3 is refused: `analyser` takes `Order`",
        "line 4 is refused: ",
        "amounts",
    ] {
        assert!(ended.err.contains(part), "{part}: {}", ended.err);
    }
    new.write("torn.jsonl", &open[..open.len() / 2]);
    let torn = new.refused(&["import", "torn.jsonl"], 1);
    assert!(torn.starts_with("line 1 is no line of an export: "), "{torn}");
    new.write("half.jsonl", &format!("{open}{}", &open[..open.len() / 2]));
    let half = new.ask(&["import", "half.jsonl"]);
    assert!(half.code == Some(1) && half.err.starts_with("line 2 is no line of an export: "), "{}", half.err);
    assert!(half.out.starts_with("imported: 0; imported before: 1;"), "what stands before it is in: {}", half.out);
    new.refused(&["import", "nowhere.jsonl"], 4);
    let nobody = new.refused(&["import", "some.jsonl", "--to", "analyzer"], 4);
    assert!(nobody.contains("did you mean `analyser`?"), "{nobody}");
    assert_eq!(new.refused(&["export", "key.number:Z-1"], 4), "exported: 0\nno such message\n");
}

#[test]
fn a_production_that_runs_is_exported_from_and_imported_into_by_its_url() {
    let desk = with_orders();
    let running = desk.serve(&[]);
    let url = format!("http://{}", desk.address().unwrap());
    let token = desk.store("http-token").display().to_string();
    let named = ["--url", url.as_str(), "--token-file", token.as_str()];
    let here = desk.shown(&["export", "status:completed", "--reveal"]);
    let there = desk.shown(&[&["export", "status:completed", "--reveal"][..], &named].concat());
    assert_eq!(here, there);
    desk.write("all.jsonl", &here);
    let imported = desk.shown(&[&["import", "all.jsonl", "--to", "intake"][..], &named].concat());
    assert!(imported.starts_with("imported: 2; imported before: 0;"), "{imported}");
    iop_tests::program::until("they are measured", || {
        desk.shown(&["messages", "find", "to:intake kind:request status:completed", "--count"]) == "2\n"
    });
    running.signal("TERM");
    assert_eq!(running.end().code, Some(0));
}

#[test]
fn an_item_is_paused_and_resumed_by_its_name() {
    let desk = Desk::new();
    let running = desk.serve(&[]);
    let paused = desk.ask(&["pause", "analyser"]);
    assert_eq!((paused.code, paused.err.as_str()), (Some(0), "`analyser` is paused\n"));
    let shown = desk.ask(&["status", "-o", "jsonl"]);
    assert_eq!(shown.code, Some(5), "it is not well while it does not do what it should");
    let item = lines(&shown.out).into_iter().find(|item| item["name"] == "analyser").unwrap();
    assert_eq!((&item["state"], &item["degraded"]), (&Value::from("paused"), &Value::from(true)));
    let resumed = desk.ask(&["resume", "analyser"]);
    assert_eq!((resumed.code, resumed.err.as_str()), (Some(0), "`analyser` is running\n"));
    let again = desk.ask(&["resume", "analyser"]);
    assert_eq!((again.code, again.err.as_str()), (Some(0), "`analyser` was already running\n"));
    let typo = desk.refused(&["pause", "analyzer"], 4);
    assert!(typo.contains("did you mean `analyser`?"), "{typo}");
    desk.refused(&["resume", "analyser", "01a20e694dfa760db7ef30976dcda467"], 2);
    desk.refused(&["resume"], 2);
    running.signal("TERM");
    assert_eq!(running.end().code, Some(0));
}
