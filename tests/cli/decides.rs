//! What a person decides at the command line: resume, discard, resend, purge and alerts, with the production running and
//! with its store at rest.

use serde_json::Value;

use crate::desk::{Desk, column, order};

/// A desk with a message that is suspended, and its id.
fn with_suspended() -> (Desk, String) {
    let desk = Desk::new();
    assert_eq!(desk.order("analyser", "poison").code, Some(1));
    let suspended = desk.messages(&["status:suspended"]);
    let [id] = column(&suspended, "id").try_into().expect("one message");
    (desk, id)
}

fn status(desk: &Desk, id: &str) -> String {
    let all = desk.messages(&[]);
    let found = all.iter().find(|message| message["id"] == id).expect("it is stored");
    found["status"].as_str().unwrap().to_owned()
}

fn log(desk: &Desk) -> Vec<String> {
    desk.shown(&["log", "-o", "jsonl"])
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["text"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_search_is_shown_before_it_is_acted_on() {
    let (desk, id) = with_suspended();
    let err = desk.refused(&["resume"], 2);
    assert!(err.contains("say which"), "{err}");
    let err = desk.refused(&["resume", "--query", "to:analyser"], 5);
    assert_eq!(err, "this would resume 1 message; `--yes` does it\n");
    assert_eq!(desk.shown(&["resume", "--query", "to:analyser", "--dry-run"]), format!("{id}\n"));
    assert_eq!(status(&desk, &id), "suspended");
    let err = desk.refused(&["resume", "--query", "to:intake", "--yes"], 4);
    assert_eq!(err, "`to:intake status:suspended` finds no message\n");
    let done = desk.shown(&["resume", "--query", "to:analyser", "--yes", "--by", "eve"]);
    assert_eq!(done, format!("{id} resumed\n"));
    assert_eq!(status(&desk, &id), "queued", "it waits for the next start");
    assert!(log(&desk).contains(&"resumed by eve, suspended as poison".to_owned()), "{:?}", log(&desk));
    assert_eq!(desk.ask(&["run", "--until-idle"]).code, Some(5), "there still is no such substance");
    assert_eq!(status(&desk, &id), "suspended");
}

#[test]
fn a_discarded_message_says_by_whom_and_why() {
    let (desk, id) = with_suspended();
    let err = desk.refused(&["discard", &id], 2);
    assert!(err.contains("say why"), "{err}");
    assert_eq!(desk.shown(&["discard", &id, "--reason", "wrong patient", "--by", "eve"]), format!("{id} discarded\n"));
    assert_eq!(status(&desk, &id), "discarded");
    assert!(log(&desk).contains(&"discarded by eve: wrong patient".to_owned()), "{:?}", log(&desk));
    let again = desk.ask(&["discard", &id, "--reason", "once more"]);
    assert_eq!((again.code, again.err), (Some(5), format!("{id} is not in a state that allows it\n")));
    assert_eq!(desk.ask(&["run", "--until-idle"]).code, Some(0), "nothing waits for a person any more");
}

#[test]
fn a_resent_message_is_a_new_one_that_names_the_old_one() {
    let (desk, id) = with_suspended();
    let err = desk.refused(&["resend", &id, "-b", r#"{"number": 7}"#], 1);
    assert!(err.contains("field `number`"), "a body that does not fit is stored nowhere: {err}");
    assert_eq!(desk.ask(&["messages", "find", &format!("key.resent_from:{id}")]).code, Some(4));
    let err = desk.refused(&["resend", &id, "--to", "analyzer"], 4);
    assert!(err.contains("did you mean `analyser`?"), "{err}");
    let nobody = "01a20e694dfa760db7ef30976dcda467";
    assert!(desk.refused(&["resend", nobody], 4).contains("there is no request"));

    let said = desk.shown(&["resend", &id, "-b", &order("A-17"), "--by", "eve"]);
    let new = said.trim().strip_prefix(&format!("{id} resent as ")).expect("it says so").to_owned();
    assert_eq!(desk.ask(&["run", "--until-idle"]).code, Some(5), "the old one waits as before");
    let found = desk.messages(&[&format!("key.resent_from:{id}")]);
    assert_eq!((found[0]["id"].as_str(), found[0]["parent"].as_str()), (Some(new.as_str()), Some(id.as_str())));
    assert_eq!(found[0]["status"], "completed");
    assert_eq!(found[0]["description"], "resent by eve with another body");
    assert_eq!(status(&desk, &id), "suspended");
    let trace = desk.shown(&["trace", &id]);
    assert!(trace.contains("resent to `analyser` as"), "the old one says what became of it: {trace}");
    assert_eq!(desk.messages(&["key.number:A-17"]).len(), 1, "and it is found by its own keys");
}

#[test]
fn a_running_production_is_asked_to_do_it() {
    let (desk, id) = with_suspended();
    let mut running = desk.serve(&[]);
    let mut alerts = Value::Null;
    running.wait_for("the alert", || {
        alerts = serde_json::from_str(&desk.ask(&["alerts", "-o", "json"]).out).unwrap_or_default();
        alerts["conditions"].as_array().is_some_and(|conditions| conditions.len() == 1)
    });
    assert_eq!(alerts["conditions"][0]["kind"], "suspended");
    assert_eq!(desk.ask(&["alerts"]).code, Some(5), "somebody should look");
    assert_eq!(desk.ask(&["alerts", "mute", "analyser", "--kind", "suspended", "--for", "2h"]).code, Some(0));
    assert!(desk.ask(&["alerts"]).out.contains("muted until"), "{}", desk.ask(&["alerts"]).out);

    let said = desk.shown(&["resend", &id, "-b", &order("A-18"), "--to", "analyser"]);
    let new = said.trim().rsplit(' ').next().unwrap().to_owned();
    running.wait_for("the new one is done", || status(&desk, &new) == "completed");
    assert_eq!(
        desk.shown(&["discard", "--query", "to:analyser", "--reason", "done by hand", "--yes"]),
        format!("{id} discarded\n")
    );
    assert_eq!(status(&desk, &id), "discarded");

    let before = desk.messages(&[]).len();
    let would = desk.shown(&["purge", "--older-than", "0s", "--dry-run"]);
    assert!(would.starts_with(&format!("would purge {before} messages")), "{would}");
    let asked = desk.ask(&["purge", "--older-than", "0s"]);
    assert_eq!((asked.code, asked.err.as_str()), (Some(5), "this would remove that; `--yes` does it\n"));
    let done = desk.shown(&["purge", "--older-than", "0s", "--yes"]);
    assert!(done.starts_with(&format!("purged {before} messages")), "{done}");
    assert_eq!(desk.refused(&["messages", "find"], 4), "no such message\n");
}

#[test]
fn a_purge_of_a_store_at_rest_keeps_what_is_not_finished() {
    let (desk, id) = with_suspended();
    assert_eq!(desk.order("analyser", "A-17").code, Some(0));
    let would = desk.shown(&["purge", "--older-than", "1d", "--dry-run"]);
    assert!(would.starts_with("would purge 0 messages"), "{would}");
    let done = desk.shown(&["purge", "--older-than", "0s", "--yes"]);
    assert!(done.starts_with("purged 2 messages"), "the order and its report: {done}");
    assert_eq!(column(&desk.messages(&[]), "id"), [id]);
    assert!(log(&desk).iter().any(|line| line.starts_with("2 messages purged by ")), "{:?}", log(&desk));
}

#[test]
fn what_a_query_finds_is_purged_once_its_preview_was_seen() {
    let desk = Desk::new();
    for number in ["A-1", "A-2"] {
        assert_eq!(desk.order("analyser", number).code, Some(0));
    }
    assert_eq!(desk.order("analyser", "poison").code, Some(1));
    let of_all = ["purge", "--query", "type:Order"];
    let would = desk.ask(&[&of_all[..], &["--dry-run"]].concat());
    assert!(would.out.starts_with("would purge 4 messages with "), "{}", would.out);
    assert_eq!(would.err, "sessions that stay, not over or kept by a retention of their own: 1\n");
    let asked = desk.ask(&["purge", "--query", "key.number:A-1"]);
    assert!(asked.code == Some(5) && asked.out.starts_with("would purge 2 messages"), "{}{}", asked.out, asked.err);

    let done = desk.shown(&["purge", "--query", "key.number:A-1", "--yes"]);
    assert!(done.starts_with("purged 2 messages with ") && !done.contains("marks"), "{done}");
    assert_eq!(column(&desk.messages(&["type:Order"]), "status"), ["suspended", "completed"]);
    assert_eq!(
        desk.refused(&["purge", "--query", "key.number:A-1", "--yes"], 4),
        "`key.number:A-1` finds no message\n"
    );
    let wrong = desk.refused(&["purge", "--query", "stauts:completed"], 2);
    assert!(wrong.contains("status"), "{wrong}");
    desk.refused(&["purge", "--query", "type:Order", "--older-than", "1d"], 2);

    let running = desk.serve(&[]);
    let done = desk.shown(&["purge", "--query", "type:Order", "--yes"]);
    assert!(done.starts_with("purged 2 messages"), "{done}");
    assert_eq!(column(&desk.messages(&["type:Order"]), "status"), ["suspended"]);
    running.signal("TERM");
    assert_eq!(running.end().code, Some(0));
}
