//! Files whose content never is in a message, from the folder to the command line.

use std::fs;

use iop_tests::child::{Ground, names};
use serde_json::Value;

fn taken(content: &[u8]) -> (Ground, String) {
    let ground = Ground::new(env!("CARGO_BIN_EXE_archive_program")).with("IOP__STORE", "store");
    fs::create_dir(ground.path("in")).expect("the inbox");
    fs::write(ground.path("in/scan.bin"), content).expect("a file");
    let run = ground.run(&["run", "--until-idle"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let found: Value =
        serde_json::from_str(&ground.run(&["messages", "find", "type:Document", "-o", "json"]).out).expect("messages");
    let session = found[0]["session"].as_str().expect("a session").to_owned();
    (ground, session)
}

#[test]
fn a_file_is_taken_without_being_read_into_memory_and_its_content_is_written_out_again() {
    // More than one piece, and no multiple of anything.
    let content: Vec<u8> = (0..1_000_003_u32).map(|number| u8::try_from(number % 251).expect("a byte")).collect();
    let (ground, session) = taken(&content);
    let sum: u64 = content.iter().map(|byte| u64::from(*byte)).sum();
    let trace = ground.run(&["trace", &session]).out;
    assert!(trace.contains(&format!("scan.bin: 1000003 bytes, sum {sum}")), "{trace}");
    assert_eq!(names(&ground.path("in")), Vec::<String>::new(), "it is archived");

    let trace: Value = serde_json::from_str(&ground.run(&["trace", &session, "-o", "json"]).out).expect("JSON");
    let content_of = &trace["messages"][0]["body"]["content"];
    assert_eq!(content_of["size"], 1_000_003);
    let id = content_of["$blob"].as_str().expect("the message has a reference");
    let written = ground.run(&["blob", id, "--to", "copy.bin"]);
    assert_eq!((written.code, written.err.as_str()), (Some(0), "1000003 bytes\n"));
    assert_eq!(fs::read(ground.path("copy.bin")).expect("written"), content);

    let again = ground.run(&["blob", id, "--to", "copy.bin"]);
    assert_eq!(again.code, Some(1), "nothing is overwritten: {}", again.err);
    assert_eq!(fs::read(ground.path("copy.bin")).expect("still there"), content);
}

#[test]
fn a_content_that_is_not_there_leaves_no_file() {
    let (ground, _) = taken(b"x");
    let other = "0".repeat(64);
    let missing = ground.run(&["blob", &other, "--to", "copy.bin"]);
    assert_eq!(missing.code, Some(4), "{}", missing.err);
    assert!(!ground.path("copy.bin").exists());
    assert_eq!(ground.run(&["blob", "no-hash"]).code, Some(2));
}
