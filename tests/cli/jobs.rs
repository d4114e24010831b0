//! Jobs at the command line: what a query finds is looked at, then done, with a pace, a pause and an end.

use serde_json::Value;

use crate::desk::{Desk, column, order};

/// A desk with so many suspended messages, in the order in which they came.
fn with_suspended(count: usize) -> (Desk, Vec<String>) {
    let desk = Desk::new();
    for _ in 0..count {
        assert_eq!(desk.order("analyser", "poison").code, Some(1));
    }
    let mut ids = column(&desk.messages(&["status:suspended"]), "id");
    ids.reverse();
    assert_eq!(ids.len(), count);
    (desk, ids)
}

fn job(desk: &Desk, number: u64) -> Value {
    let jobs = desk.json(&["jobs", "-o", "json"]);
    let jobs = jobs.as_array().unwrap();
    jobs.iter().find(|job| job["number"] == number).cloned().unwrap_or_default()
}

#[test]
fn a_job_that_was_looked_at_is_done_to_just_those_messages() {
    let (desk, ids) = with_suspended(2);
    let looked = desk.ask(&["discard", "--query", "to:analyser", "--reason", "no use", "--dry-run", "--by", "eve"]);
    assert_eq!((looked.code, looked.out), (Some(0), format!("{}\n{}\n", ids[0], ids[1])));
    assert_eq!(looked.err, "would discard 2 messages; `jobs start 1` does it with just these\n");
    assert_eq!(desk.order("analyser", "poison").code, Some(1), "it comes later");
    assert_eq!(desk.ask(&["discard", &ids[0], "--reason", "by hand"]).code, Some(0), "somebody is faster");

    let err = desk.refused(&["jobs", "start", "1"], 5);
    assert!(err.starts_with("this would discard 2 messages of `to:analyser status:suspended"), "{err}");
    let done = desk.ask(&["jobs", "start", "1", "--yes"]);
    assert_eq!((done.code, done.out), (Some(5), format!("{} discarded\n", ids[1])), "{}", done.err);
    assert!(done.err.contains(&format!("{} left alone: ", ids[0])), "{}", done.err);
    assert!(done.err.ends_with("job 1 is done: 1 of 2 done, 1 left alone, 0 failed\n"), "{}", done.err);
    assert_eq!(desk.messages(&["status:suspended"]).len(), 1, "the one that came later waits");

    let again = desk.refused(&["jobs", "start", "1", "--yes"], 1);
    assert_eq!(again, "job 1 is done\n");
    let lines = desk.json(&["jobs", "show", "1", "-o", "json"]);
    assert_eq!(column(lines.as_array().unwrap(), "message"), ids);
    assert_eq!(lines[1]["result"], "done");
    assert_eq!((&job(&desk, 1)["by"], &job(&desk, 1)["token"]), (&"eve".into(), &"".into()));
    assert_eq!(desk.refused(&["jobs", "show", "7"], 4), "there is no job 7\n");

    let audited = desk.shown(&["audit", "--action", "job.", "-o", "csv"]);
    for action in ["job.start", "job.end"] {
        assert!(audited.lines().any(|line| line.contains("eve") && line.contains(action)), "{action}\n{audited}");
    }
}

#[test]
fn a_running_production_does_a_job_at_its_pace_and_holds_and_ends_it_when_it_is_told_to() {
    let (desk, ids) = with_suspended(3);
    let mut running = desk.serve(&[]);
    let resend = ["resend", "--query", "to:analyser status:suspended", "--rate", "1", "--yes"];
    let waits = desk.start(&resend);
    running.wait_for("the job has begun", || {
        let jobs = desk.json(&["jobs", "-o", "json"]);
        jobs[0]["state"] == "running" && jobs[0]["done"] == 1
    });
    assert_eq!(desk.ask(&["jobs", "pause", "1"]).code, Some(0));
    let ended = waits.end();
    assert_eq!((ended.code, ended.out.lines().count()), (Some(5), 1), "it is not through: {}", ended.err);
    assert!(ended.out.starts_with(&format!("{} resent as ", ids[0])), "{}", ended.out);
    assert!(!ended.err.contains('\u{1b}'), "no progress where nobody looks: {:?}", ended.err);
    assert_eq!(job(&desk, 1)["state"], "paused");

    let ended = desk.ask(&["jobs", "continue", "1"]);
    assert_eq!((ended.code, ended.out.lines().count()), (Some(0), 3), "{}", ended.err);
    assert_eq!(desk.refused(&["jobs", "abort", "1"], 1), "job 1 is done\n");

    let looked = desk.ask(&["resume", "--query", "to:analyser", "--dry-run"]);
    assert_eq!(looked.code, Some(0), "{}", looked.err);
    assert_eq!(desk.ask(&["jobs", "abort", "2"]).code, Some(0));
    assert_eq!(desk.refused(&["jobs", "start", "2", "--yes"], 1), "job 2 is aborted\n");
    running.signal("TERM");
    assert_eq!(running.end().code, Some(0));
}

#[test]
fn a_job_that_runs_when_the_process_is_killed_goes_on_with_the_next_one() {
    let (desk, ids) = with_suspended(3);
    let mut running = desk.serve(&[]);
    let waits = desk.start(&["resume", "--query", "to:analyser", "--rate", "1", "--yes"]);
    running.wait_for("the job has begun", || job(&desk, 1)["done"] == 1);
    running.kill();
    assert_ne!(waits.end().code, Some(0), "whoever waited is told");
    let before = job(&desk, 1);
    assert_eq!(before["state"], "running");
    assert!(before["done"].as_u64().unwrap() < 3, "{before}");

    let mut running = desk.serve(&[]);
    running.wait_for("it is through", || job(&desk, 1)["state"] == "done");
    assert_eq!(job(&desk, 1)["done"], 3);
    let lines = desk.json(&["jobs", "show", "1", "-o", "json"]);
    assert_eq!(column(lines.as_array().unwrap(), "message"), ids, "each of them once");
    running.signal("TERM");
    assert_eq!(running.end().code, Some(0));
}

#[test]
fn an_edited_body_is_sent_and_one_that_does_not_fit_is_not_lost() {
    let (desk, ids) = with_suspended(1);
    let edit = |editor: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lab"));
        let command = command.args(["resend", &ids[0], "--edit"]).current_dir(desk.path(""));
        let command = command.env("IOP__HTTP", "off").env("VISUAL", "").env("EDITOR", editor);
        let ended = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (ended.status.code(), text(&ended.stdout), text(&ended.stderr))
    };
    let (code, out, err) = edit("sed -i s/poison/17/");
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with(&format!("{} resent as ", ids[0])), "{out}");
    assert_eq!(desk.ask(&["run", "--until-idle"]).code, Some(5), "the old one waits as before");
    let new = desk.messages(&["key.number:17"]).remove(0);
    assert_eq!((&new["status"], &new["parent"]), (&"completed".into(), &ids[0].as_str().into()));
    let body = desk.shown(&["messages", "show", new["id"].as_str().unwrap(), "--reveal"]);
    assert!(body.contains("Jane Roe"), "what is masked elsewhere is not sent as `***`: {body}");

    let (code, _, err) = edit("sed -i s/number/nuber/");
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("field `number`: missing"), "{err}");
    let kept = err.lines().find_map(|line| line.strip_prefix("what you wrote is in ")).unwrap();
    assert!(std::fs::read_to_string(kept).unwrap().contains("nuber"));
    std::fs::remove_file(kept).unwrap();
    assert_eq!(edit("true").0, Some(5), "a body that is as it was is sent nowhere");
    assert_eq!(edit("").0, Some(2));
}

#[test]
fn a_query_that_is_none_is_told_its_mistakes_and_a_body_is_for_one_message() {
    let desk = Desk::new();
    let err = desk.refused(&["resend", "--query", "statsu:error"], 2);
    assert!(err.contains("did you mean `status:`?") && err.contains("^^^^^^"), "{err}");
    let err = desk.refused(&["resend", "--query", "status:error", "-b", &order("A-1")], 2);
    assert_eq!(err, "another body is for one message: name its id\n");
}
