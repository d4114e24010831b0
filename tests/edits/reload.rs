//! Settings that are read once more: all of them or none, and who changed what from what to what.

use serde_json::json;

use crate::desk::Desk;

fn ready() -> Desk {
    let desk = Desk::new();
    desk.shown(&["table", "set", "wards", "A1", "phone"]);
    desk
}

#[test]
fn a_reload_changes_live_settings_in_place_and_restarts_items_for_the_others() {
    let desk = ready();
    let _process = desk.serve();
    let before = desk.ask_for("A1")["response"].clone();
    assert_eq!((&before["limit"], &before["label"], &before["starts"]), (&json!(10), &json!("plain"), &json!(1)));

    desk.write("iop.toml", "[desk]\nlimit = 20\nattempts = 2\n");
    let preview = desk.json(&["settings", "reload", "--dry-run", "-o", "json"]);
    let changes = json!([
        {"key": "desk.limit", "from": "10", "to": "20", "origin": "iop.toml line 2", "reload": "at_once"},
        {"key": "desk.attempts", "from": "5", "to": "2", "origin": "iop.toml line 3", "reload": "at_once"},
    ]);
    assert_eq!(preview, json!({"changes": changes, "kept": [], "applied": false}));
    assert_eq!(desk.ask_for("A1")["response"]["limit"], 10, "a preview changes nothing");
    let applied = json!({"changes": changes, "kept": [], "applied": true});
    assert_eq!(desk.json(&["settings", "reload", "-o", "json"]), applied);
    assert_eq!(desk.ask_for("A1")["response"]["limit"], 20);
    assert_eq!(desk.shown(&["settings", "reload"]), "nothing has changed\n");

    desk.write("iop.toml", "[desk]\nlimit = 20\nlabel = \"red\"\n");
    let reloaded = desk.shown(&["settings", "reload"]);
    assert!(reloaded.contains("desk.label") && reloaded.contains("restarts item"), "{reloaded}");
    let after = desk.ask_for("A1")["response"].clone();
    assert_eq!((&after["limit"], &after["label"]), (&json!(20), &json!("red")));
    let log = desk.log();
    for said in [
        "anna changed the setting `desk.limit` from `10` to `20` (iop.toml line 2)",
        "anna changed the setting `desk.label` from `plain` to `red` (iop.toml line 3)",
        "anna changed the setting `desk.attempts` from `2` to `5` (default in code)",
    ] {
        assert!(log.iter().any(|line| line == said), "{said}\n{log:#?}");
    }
}

#[test]
fn one_mistake_refuses_the_whole_reload() {
    let desk = ready();
    let _process = desk.serve();
    desk.write("iop.toml", "[desk]\nlimit = 101\nlabel = \"red\"\nlable = \"blue\"\n");
    let problem = desk.refused(&["settings", "reload"], 1);
    assert_eq!(
        problem,
        "`desk.limit` (iop.toml line 2): must be 100 or less, found 101\n\
         `desk.lable` (iop.toml line 4): unknown setting; did you mean `label`?\n"
    );
    desk.write("iop.toml", "[desk]\nlimit = 7\npool_size = 3\n[iop]\nstop_grace = \"1s\"\n");
    let problem = desk.refused(&["settings", "reload"], 1);
    assert_eq!(
        problem,
        "these cannot change: `iop.stop_grace` (iop.toml line 5), `desk.pool_size` (iop.toml line 3) while the \
         production runs; start the production anew for it, or take it back\n"
    );
    let answer = desk.ask_for("A1")["response"].clone();
    assert_eq!((&answer["limit"], &answer["label"]), (&json!(10), &json!("plain")));
}

/// The text of a file is looked for when the value is made, and not when the setting is checked.
#[test]
fn a_live_value_that_cannot_be_read_stays_as_it_was_and_the_reload_says_so() {
    let desk = ready();
    desk.write("first", "per aspera");
    desk.write("iop.toml", "[desk]\nmotto = \"first\"\n");
    let _process = desk.serve();
    assert_eq!(desk.ask_for("A1")["response"]["motto"], "per aspera");

    desk.write("iop.toml", "[desk]\nlimit = 20\nmotto = \"second\"\n");
    let ended = desk.ask(&["settings", "reload"]);
    let said = "`desk.motto` (iop.toml line 3): there is no file second";
    assert_eq!(
        (ended.code, ended.err.as_str()),
        (Some(1), &*format!("{said}; running instances keep the value that they had\n"))
    );
    assert!(ended.out.contains("desk.limit"), "{}", ended.out);
    let answer = desk.ask_for("A1")["response"].clone();
    assert_eq!((&answer["limit"], &answer["motto"]), (&json!(20), &json!("per aspera")));
    let events = desk.json(&["log", "-o", "json", "-n", "1000"]);
    let of_the_item =
        events.as_array().unwrap().iter().find(|event| event["item"] == "desk" && event["level"] == "warn");
    let text = of_the_item.map(|event| &event["text"]);
    assert_eq!(text, Some(&json!(format!("running instances keep the value that they had: {said}"))), "{events:#}");

    desk.write("second", "ad astra");
    assert_eq!(desk.shown(&["settings", "reload"]), "nothing has changed\n");
    assert_eq!(desk.ask_for("A1")["response"]["motto"], "ad astra", "it was still owed");
}

#[cfg(unix)]
#[test]
fn a_hang_up_has_the_settings_read_once_more_and_a_mistake_leaves_them_as_they_are() {
    let desk = ready();
    let mut process = desk.serve();
    desk.write("iop.toml", "[desk]\nlimit = 33\n");
    process.signal("HUP");
    process.wait_for("the new limit", || desk.ask_for("A1")["response"]["limit"] == 33);
    let said = "SIGHUP changed the setting `desk.limit` from `10` to `33` (iop.toml line 2)";
    assert!(desk.log().iter().any(|line| line == said), "{:#?}", desk.log());
    desk.write("iop.toml", "[desk]\nlimit = 0\n");
    process.signal("HUP");
    let told = |process: &mut iop_tests::child::Process| {
        let log = desk.path("err-1.log");
        process.wait_for("it says why not", || {
            iop_tests::child::read(&log)
                .contains("settings stay as they are:\n`desk.limit` (iop.toml line 2): must be 1")
        });
    };
    told(&mut process);
    desk.write("iop.toml", "[desk]\nlimit = 33\n");
    assert_eq!(desk.ask_for("A1")["response"]["limit"], 33);
}
