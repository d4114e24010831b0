//! `lock`, and what is shown of sensitive values.

use std::fs;

use crate::desk::Desk;

#[test]
fn lock_writes_a_file_that_check_compares_with_the_program() {
    let desk = Desk::new();
    let missing = desk.ask(&["lock", "--check"]);
    assert_eq!(missing.code, Some(5), "{}", missing.err);
    assert!(missing.err.contains("there is no messages.lock"), "{}", missing.err);

    desk.shown(&["lock"]);
    let text = fs::read_to_string(desk.path("messages.lock")).unwrap();
    assert!(text.contains("[message.\"Order\"]") && text.contains("\"amounts/[]\" = \"integer uint32\""), "{text}");
    assert_eq!(desk.shown(&["lock", "--check"]), "messages.lock is up to date\n");
    desk.shown(&["lock"]);
    assert_eq!(fs::read_to_string(desk.path("messages.lock")).unwrap(), text, "the same types give the same text");

    // An older program: it had a field that this one does not have.
    desk.write("messages.lock", &text.replace("\"amounts\" =", "\"sums\" = \"array\"\n\"amounts\" ="));
    for arguments in [&["lock", "--check"][..], &["lock"]] {
        let broken = desk.ask(arguments);
        assert_eq!(broken.code, Some(5), "{arguments:?}: {}", broken.err);
        assert!(broken.err.contains("message `Order`, field `sums`: is gone"), "{}", broken.err);
        assert!(broken.err.contains("[iop E14]"), "{}", broken.err);
    }
    desk.shown(&["lock", "--accept"]);
    desk.shown(&["lock", "--check"]);

    // An older program that had a field less: readable, but not what is locked.
    desk.write("messages.lock", &text.replace("\"patient\" = \"null | string; may be missing\"\n", ""));
    let stale = desk.ask(&["lock", "--check"]);
    assert_eq!(stale.code, Some(5), "{}", stale.err);
    assert!(stale.err.contains("not up to date: Order changed"), "{}", stale.err);
}

#[test]
fn sensitive_values_are_shown_to_whoever_asks_for_them() {
    let desk = Desk::new();
    let body = r#"{"number":"1","patient":"Ada","amounts":[1]}"#;
    let sent = desk.shown(&["test", "intake", "-b", body, "-o", "json"]);
    assert!(sent.contains("***") && !sent.contains("Ada"), "{sent}");
    let revealed = desk.shown(&["test", "intake", "-b", body, "-o", "json", "--reveal"]);
    assert!(revealed.contains("Ada"), "{revealed}");
    let id = serde_json::from_str::<serde_json::Value>(&sent).unwrap()["trace"]["session"].as_str().unwrap().to_owned();
    assert!(!desk.shown(&["trace", &id, "-o", "json"]).contains("Ada"));
    assert!(desk.shown(&["trace", &id, "-o", "json", "--reveal"]).contains("Ada"));
}
