//! Lookup tables: edited from the command line with and without a running production, seen by handlers, kept.

use crate::desk::Desk;

#[test]
fn a_table_is_edited_before_the_first_start_and_survives_every_restart() {
    let desk = Desk::new();
    desk.write("wards.csv", "key,value\nA1,phone\nB2,pager\n");
    desk.shown(&["table", "import", "wards", "wards.csv"]);
    desk.shown(&["table", "set", "wards", "C3", "phone"]);
    assert_eq!(desk.shown(&["table", "get", "wards", "B2"]), "pager\n");
    let acts = desk.json(&["audit", "-o", "json"]);
    let acts: Vec<_> =
        acts.as_array().unwrap().iter().map(|act| (&act["action"], &act["who"], &act["object"])).collect();
    assert_eq!(acts, [(&"table.edit".into(), &"anna".into(), &"table wards".into()); 2]);
    assert_eq!(desk.shown(&["table", "export", "wards"]), "key,value\nA1,phone\nB2,pager\nC3,phone\n");
    let process = desk.serve();
    assert_eq!(desk.ask_for("C3")["response"]["way"], "Phone");
    process.kill();
    let _process = desk.serve();
    assert_eq!(desk.ask_for("B2")["response"]["way"], "Pager");
    let listed = desk.json(&["table", "list", "-o", "json"]);
    let expected = serde_json::json!([{
        "name": "wards", "rows": 3, "version": 2, "key": "text", "value": "phone or pager", "used_by": ["desk.wards"],
    }]);
    assert_eq!(listed, expected);
}

#[test]
fn a_running_production_sees_an_edit_with_the_next_look_up_and_the_log_says_who_made_it() {
    let desk = Desk::new();
    let _process = desk.serve();
    let missing = desk.ask_for("A1");
    let problem = missing["error"].as_str().unwrap();
    assert!(problem.contains("the table `wards` has no key `A1`; add it with `table set wards A1 VALUE`"), "{problem}");
    let suspended = desk.json(&["messages", "find", "status:suspended", "-o", "json"]);
    assert_eq!(suspended[0]["attempt"], 1, "another attempt would find as little");

    desk.shown(&["table", "set", "wards", "A1", "phone"]);
    assert_eq!(desk.ask_for("A1")["response"]["way"], "Phone");
    desk.shown(&["table", "set", "wards", "A1", "pager"]);
    assert_eq!(desk.ask_for("A1")["response"]["way"], "Pager");
    desk.shown(&["table", "delete", "wards", "A1"]);
    assert_eq!(desk.refused(&["table", "get", "wards", "A1"], 4), "the table `wards` has no key `A1`\n");

    let history = desk.json(&["table", "history", "wards", "-o", "json"]);
    let short = |change: &serde_json::Value| {
        serde_json::json!([change["version"], change["by"], change["key"], change["from"], change["to"]])
    };
    let changes: Vec<_> = history.as_array().unwrap().iter().map(short).collect();
    let expected = serde_json::json!([
        [3, "anna", "A1", "pager", null],
        [2, "anna", "A1", "phone", "pager"],
        [1, "anna", "A1", null, "phone"],
    ]);
    assert_eq!(serde_json::Value::from(changes), expected);
    let said = "anna changed `A1` in the table `wards` from `phone` to `pager` (version 2)";
    assert!(desk.log().iter().any(|line| line == said), "{:#?}", desk.log());
}

#[test]
fn what_does_not_fit_is_refused_as_a_whole_and_every_mistake_is_named() {
    let desk = Desk::new();
    desk.write("wards.csv", "A1,phone\nB2,pagre\nC3,smoke\n");
    let _process = desk.serve();
    let problem = desk.refused(&["table", "import", "wards", "wards.csv"], 1);
    assert!(problem.contains("`B2`: unknown word \"pagre\"; did you mean `pager`?"), "{problem}");
    assert!(problem.contains("`C3`: unknown word \"smoke\"; write phone, pager"), "{problem}");
    assert_eq!(desk.shown(&["table", "export", "wards"]), "key,value\n");
    let problem = desk.refused(&["table", "set", "ward", "A1", "phone"], 4);
    assert_eq!(problem, "there is no lookup table `ward`; did you mean `wards`?\n");
    let problem = desk.refused(&["table", "delete", "wards", "A1"], 4);
    assert_eq!(problem, "the table `wards` has no key `A1`\n");
}

#[test]
fn an_import_adds_to_a_table_or_replaces_it() {
    let desk = Desk::new();
    desk.write("one.toml", "A1 = \"phone\"\nB2 = \"pager\"\n");
    desk.write("two.toml", "B2 = \"phone\"\n");
    desk.shown(&["table", "import", "wards", "one.toml"]);
    desk.shown(&["table", "import", "wards", "two.toml"]);
    assert_eq!(desk.shown(&["table", "export", "wards", "--form", "toml"]), "A1 = \"phone\"\nB2 = \"phone\"\n");
    desk.shown(&["table", "import", "wards", "two.toml", "--replace"]);
    assert_eq!(desk.shown(&["table", "export", "wards"]), "key,value\nB2,phone\n");
    let again = desk.ask(&["table", "import", "wards", "two.toml"]);
    assert_eq!((again.code, again.err.as_str()), (Some(0), "`wards` is as it was (version 3)\n"));
}
