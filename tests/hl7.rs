//! HL7 in a whole production: from files to lines and acknowledgements, and as the body of stored messages.

use std::fs;

use iop::hl7::{Hl7, hl7};
use iop::message::Message;
use iop::prelude::*;
use iop::testing::Harness;
use iop_examples::hl7::departments::Patients;
use iop_examples::hl7::messages::{Received, Verdict};
// Of another crate.
use iop_examples::hl7::site::SITE;
use iop_tests::child::{Ground, names, read};

fn ground() -> Ground {
    Ground::new(env!("CARGO_BIN_EXE_hl7_program"))
}

fn ack(ground: &Ground, name: &str) -> Hl7 {
    let file = ground.path("iop-data/hl7-out/acknowledgements").join(format!("{name}.ack"));
    Hl7::from_bytes(&fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))).expect("an answer")
}

fn said(ack: &Hl7) -> (String, String, String) {
    (
        ack.get(hl7!(MSA:1)).to_string(),
        ack.get(hl7!(MSA:2)).to_string(),
        ack.raw(hl7!(ERR:2)).unwrap_or_default().to_owned(),
    )
}

#[test]
fn each_message_of_a_file_goes_where_its_type_and_event_say_and_is_answered() {
    let ground = ground();
    let ended = ground.run(&["run", "--until-idle"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);

    let out = ground.path("iop-data/hl7-out");
    assert_eq!(read(&out.join("patients.txt")), "1001|4711|756.1|Doe, Joanna|vegetarian\n");
    assert_eq!(
        read(&out.join("results.txt")),
        "1003-1|4711|718-7|13.2|g/dl|\n1003-2|4711|789-8|4.9|10*6/ul|repeated & confirmed by hand\n"
    );
    assert_eq!(
        names(&out.join("acknowledgements")),
        ["1001.ack", "1002.ack", "1003.ack", "1004.ack", "sample.hl7.5.ack"]
    );
    let words = |code: &str, id: &str, place: &str| (code.to_owned(), id.to_owned(), place.to_owned());
    assert_eq!(said(&ack(&ground, "1001")), words("AA", "1001", ""));
    assert_eq!(said(&ack(&ground, "1002")), words("AE", "1002", "PID^1^3^1^1"));
    assert_eq!(said(&ack(&ground, "1003")), words("AA", "1003", ""));
    assert_eq!(said(&ack(&ground, "1004")), words("AR", "1004", ""));
    assert_eq!(said(&ack(&ground, "sample.hl7.5")).0, "AR");

    // The same again is taken no second time; what it was answered stays.
    let before = ack(&ground, "1001");
    let archived = ground.path("iop-data/hl7-inbox/.archive/sample.hl7");
    fs::copy(archived, ground.path("iop-data/hl7-inbox/sample.hl7")).expect("it was archived");
    assert_eq!(ground.run(&["run", "--until-idle"]).code, Some(0));
    assert_eq!(read(&out.join("patients.txt")).lines().count(), 1);
    assert_eq!(ack(&ground, "1001"), before);
}

#[test]
fn a_file_whose_batch_counts_other_messages_is_set_aside_with_the_reason() {
    let ground = ground();
    fs::create_dir_all(ground.path("iop-data/hl7-inbox")).expect("an inbox");
    fs::write(ground.path("iop-data/hl7-inbox/short.hl7"), "BHS|^~\\&\rMSH|^~\\&|A\rBTS|2\r").expect("a file in it");
    let ended = ground.run(&["run", "--until-idle", "--set", "intake.sample=false"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let reason = read(&ground.path("iop-data/hl7-inbox/.errors/short.hl7.error"));
    assert!(reason.contains("BTS counts other messages than the 1 that are there"), "{reason}");
}

#[tokio::test]
async fn what_a_department_misses_it_says_with_the_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut patients = Harness::<Patients>::new().setting("folder", folder.path().display().to_string());
    patients.init().await;
    let message = |pid: &str| {
        Received::from(Hl7::parse(format!("MSH|^~\\&|A||||||ADT^A01|1|P|2.5.1\r{pid}\r")).expect("a message"))
    };
    let nameless = patients.handle(message("PID|1||4711^^^X^MR||^Jo")).await.response();
    assert!(matches!(nameless, Verdict::Wrong { place, .. } if place == "PID-5.1"));
    let whole = patients.handle(message("PID|1||4711^^^X^MR||Doe^Jo")).await.response();
    assert!(matches!(whole, Verdict::Taken));
}

#[message]
struct Lab {
    #[key]
    number: String,
    #[sensitive]
    hl7: Hl7,
}

#[test]
fn a_message_has_hl7_in_it_as_text_masked_in_logs_and_described_in_its_schema() {
    let text = "MSH|^~\\&|LAB|X|||20260102||ORU^R01|7|P|2.5.1\rZDI|V^vegetarian\r";
    let lab = Lab { number: "7".into(), hl7: Hl7::parse(text).expect("a message") };
    let body = serde_json::to_value(&lab).expect("it is JSON");
    assert_eq!(body, serde_json::json!({ "number": "7", "hl7": text }));
    assert!(!format!("{lab:?}").contains("vegetarian"), "{lab:?}");
    assert_eq!(lab.hl7.get(hl7!(ZDI:1.2 in SITE)).to_string(), "vegetarian");
    let schema = serde_json::to_value(Lab::TYPE.schema()).expect("it is JSON");
    assert_eq!(schema["$defs"]["Hl7"]["type"], "string", "{schema}");

    let error =
        serde_json::from_value::<Lab>(serde_json::json!({ "number": "7", "hl7": "PID|1" })).expect_err("no HL7");
    assert!(error.to_string().contains("a message begins with `MSH`"), "{error}");
}
