//! A secret is planted in every place that a secret may come from, and looked for in everything that the program says.

use std::fs;

use crate::desk::Desk;

const CANARY: &str = "swordfish-51c3";

/// Every file below a folder.
fn files(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => files(&entry.path(), found),
            // A socket has no content.
            kind if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

/// Everything that the program can be asked, and the files that it leaves, without the canary.
fn nothing_says_it(desk: &Desk, planted_in: Option<&str>) {
    let commands: [&[&str]; 14] = [
        &["check"],
        &["list"],
        &["list", "-o", "json"],
        &["graph"],
        &["graph", "-o", "dot"],
        &["graph", "-o", "json"],
        &["settings"],
        &["settings", "-o", "json"],
        &["settings", "reload", "-o", "json"],
        &["status", "-o", "json"],
        &["queues", "-o", "json"],
        &["messages", "find", "-o", "json"],
        &["log", "-o", "json"],
        &["schema", "Ask"],
    ];
    for command in commands {
        let ended = desk.ask(command);
        assert!(!ended.out.contains(CANARY) && !ended.err.contains(CANARY), "{command:?}");
        assert!(!ended.out.is_empty(), "{command:?} says something: {}", ended.err);
    }
    let mut found = Vec::new();
    files(&desk.path(""), &mut found);
    for file in found.iter().filter(|file| planted_in.is_none_or(|name| !file.ends_with(name))) {
        let bytes = fs::read(file).unwrap();
        assert!(!bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()), "{}", file.display());
    }
}

/// Has the desk answer, fail and panic with its secret at hand.
fn indiscreet(desk: &Desk) {
    for ward in ["A1", "fail", "panic"] {
        let sent = desk.ask_for(ward);
        assert!(!sent.to_string().contains(CANARY), "{sent}");
    }
    assert_eq!(desk.ask_for("A1")["response"]["password_length"], CANARY.len(), "the handler has the secret");
    assert!(desk.log().iter().any(|line| line.contains("Secret(***)")), "{:#?}", desk.log());
}

#[test]
fn a_secret_from_the_environment_is_in_no_output_and_in_no_file() {
    let desk = Desk::new().with("DESK_PASSWORD", CANARY);
    desk.write("iop.toml", "[desk]\npassword = \"env:DESK_PASSWORD\"\nindiscreet = true\n");
    desk.shown(&["table", "set", "wards", "A1", "phone"]);
    let process = desk.serve();
    indiscreet(&desk);
    nothing_says_it(&desk, None);
    process.signal("TERM");
    let ended = process.end();
    assert!(!ended.err.contains(CANARY) && ended.err.contains("Secret(***)"), "{}", ended.err);
    let shown = desk.json(&["settings", "-o", "json"]);
    let password = shown.as_array().unwrap().iter().find(|shown| shown["key"] == "desk.password").unwrap();
    assert_eq!((&password["value"], &password["origin"]), (&"env:DESK_PASSWORD".into(), &"iop.toml line 2".into()));
}

#[cfg(unix)]
#[test]
fn a_secret_from_a_file_is_in_no_output_and_a_new_one_is_read_when_the_item_restarts() {
    use std::os::unix::fs::PermissionsExt;

    let desk = Desk::new();
    desk.write("password", CANARY);
    desk.write("iop.toml", "[desk]\npassword = \"file:password\"\nindiscreet = true\n");
    let open = |mode| fs::set_permissions(desk.path("password"), fs::Permissions::from_mode(mode)).unwrap();
    open(0o644);
    let problem = desk.refused(&["run"], 1);
    assert!(
        problem.contains("`desk.password` (iop.toml line 2): the file password may be used by others"),
        "{problem}"
    );
    open(0o600);
    desk.shown(&["table", "set", "wards", "A1", "phone"]);
    let _process = desk.serve();
    indiscreet(&desk);
    nothing_says_it(&desk, Some("password"));
    fs::remove_file(desk.path("password")).unwrap();
    let problem = desk.refused(&["settings", "reload"], 1);
    assert!(problem.starts_with("`desk.password` (iop.toml line 2): the file password cannot be read: "), "{problem}");
    desk.write("password", "longer than the one before");
    open(0o600);
    let still = desk.ask_for("A1");
    assert_eq!(still["response"]["password_length"], CANARY.len(), "the item has not restarted");
    desk.shown(&["restart", "desk"]);
    assert_eq!(desk.ask_for("A1")["response"]["password_length"], 26);
}

#[test]
fn a_secret_that_is_written_out_is_refused_without_being_repeated() {
    let desk = Desk::new().with("IOP__DESK__PASSWORD", CANARY);
    desk.write("iop.toml", &format!("[desk]\npassword = \"{CANARY}\"\n"));
    for command in [&["run"] as &[&str], &["check"], &["settings"]] {
        let ended = desk.ask(command);
        assert_ne!(ended.code, Some(0));
        assert!(ended.err.contains("a secret is given by reference") && !ended.err.contains(CANARY), "{}", ended.err);
    }
    let desk = Desk::new();
    desk.write("iop.toml", "[desk]\npassword = \"env:DESK_PASSWORD\"\n");
    let problem = desk.refused(&["run"], 1);
    let expected = "error: `desk.password` (iop.toml line 2): the environment variable `DESK_PASSWORD` is not set\n";
    assert_eq!(problem, expected);
}
