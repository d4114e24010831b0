//! Answers.

use super::{oru, refused};
use crate::clock::Timestamp;
use crate::hl7::{Ack, AckCode, AckError, Hl7, hl7};

fn at() -> Timestamp {
    Timestamp(1_767_323_045_000_000)
}

#[test]
fn an_answer_goes_where_the_message_came_from_in_its_version_and_charset() {
    let ack = Ack::accept().answer(&oru(), "a1", at());
    assert_eq!(
        ack.as_str(),
        "MSH|^~\\&|EHR|Y|LAB|X^1.2.3^ISO|20260102030405+0000||ACK^R01^ACK|a1|P|2.5.1||||||8859/1\rMSA|AA|77\r"
    );
    assert_eq!(Hl7::parse(ack.as_str()).as_ref(), Ok(&ack));
    assert_eq!(ack.acknowledges(&oru()), Ok(AckCode::Accept));
}

#[test]
fn an_error_is_said_with_its_place_where_the_version_can() {
    let path = hl7!(PID:3[2].4);
    let ack =
        Ack::error("no | such patient").at(path).because("204", "Unknown key identifier").answer(&oru(), "a1", at());
    let said: Vec<_> = ack.parts().segments().skip(1).map(|(_, line)| line.to_owned()).collect();
    assert_eq!(
        said,
        [
            "MSA|AE|77|no \\F\\ such patient",
            "ERR||PID^1^3^2^4|204^Unknown key identifier^HL70357|E||||no \\F\\ such patient"
        ]
    );
    let old = Hl7::parse("MSH|^~\\&|A|||||||9|P|2.3\r").expect("a message");
    let ack = Ack::reject("closed").answer(&old, "a1", at());
    assert_eq!(ack.count(hl7!(ERR)), 0);
    assert_eq!(ack.raw(hl7!(MSA:3)), Some("closed"));
    assert_eq!(ack.raw(hl7!(MSH:9)), Some("ACK"));
}

#[test]
fn separators_of_the_message_and_its_missing_escapes_are_kept_to() {
    let message = Hl7::parse("MSH#*#A###B###X*1#9#P#2.5\r").expect("a message");
    let ack = Ack::error("a#b").answer(&message, "1", at());
    assert_eq!(ack.raw(hl7!(MSA:3)), Some("a b"));
    assert_eq!(Hl7::parse(ack.as_str()).as_ref(), Ok(&ack));
}

#[test]
fn the_answer_to_another_message_is_no_answer() {
    let mut sent = oru();
    let ack = Ack::accept().with_code(AckCode::CommitReject).answer(&sent, "1", at());
    assert_eq!(ack.acknowledges(&sent), Ok(AckCode::CommitReject));
    assert!(!AckCode::CommitReject.is_taken());
    sent.set(hl7!(MSH:10), "78").expect("a place");
    let other = AckError::OfAnother { sent: "78".to_owned(), answered: "77".to_owned() };
    assert_eq!(ack.acknowledges(&sent), Err(other));
    assert_eq!(sent.acknowledges(&sent), Err(AckError::Code { code: String::new() }));
}

#[test]
fn what_is_no_message_is_answered_too() {
    let ack = refused("PID|1\r").answer("7", at());
    assert_eq!(ack.get(hl7!(MSA:1)).to_string(), "AR");
    assert!(ack.get(hl7!(MSA:3)).to_string().starts_with("segment 1, byte 0: "), "{}", ack.as_str());
    assert_eq!(Hl7::parse(ack.as_str()).as_ref(), Ok(&ack));
}
