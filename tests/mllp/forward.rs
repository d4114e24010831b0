//! The example: in over MLLP, by event, and out over MLLP.

use std::io::Write as _;
use std::net::TcpListener;

use iop::clock::Timestamp;
use iop::hl7::mllp::encode;
use iop::hl7::{Ack, Hl7};
use iop_tests::child::Ground;

use crate::caller::{Caller, message, started, told};

/// A system that messages are sent to.
struct System(TcpListener);

impl System {
    fn new() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("a port").to_string();
        (Self(listener), address)
    }

    fn caller(&self) -> Caller {
        Caller::over(self.0.accept().expect("a caller").0)
    }
}

/// Hears a message and answers it.
fn answers(caller: &mut Caller, ack: &Ack) -> Hl7 {
    let heard = caller.answer().expect("a message");
    let answer = ack.answer(&heard, "1", Timestamp(0));
    caller.stream.write_all(&encode(answer.as_str().as_bytes()).expect("a frame")).expect("it waits for it");
    heard
}

#[test]
fn admissions_go_to_whom_they_concern_and_are_sent_again_until_they_are_taken() {
    let ground = Ground::new(env!("CARGO_BIN_EXE_forward_program"));
    let ((laboratory, at_laboratory), (billing, at_billing)) = (System::new(), System::new());
    let settings = [
        "admissions.address=127.0.0.1:0".to_owned(),
        format!("laboratory.address={at_laboratory}"),
        "laboratory.backoff=10ms".to_owned(),
        format!("billing.address={at_billing}"),
    ];
    let ward = started(&ground, 0, &settings.each_ref().map(String::as_str));
    let mut sender = Caller::of(ward.address);
    assert_eq!(sender.tells(&message("A01", "1")), told("AA", ""));
    assert_eq!(sender.tells(&message("A03", "2")), told("AA", ""));
    let (code, text) = sender.tells(&message("A01", "3").replace("ADT^", "ORU^")).expect("an answer");
    assert_eq!((code.as_str(), text.as_str()), ("AR", "only ADT is taken here"));

    let mut to_laboratory = laboratory.caller();
    let first = Hl7::parse(message("A01", "1")).expect("a message");
    // To the letter, and the same again after an error.
    assert_eq!(answers(&mut to_laboratory, &Ack::error("out of paper")), first);
    assert_eq!(answers(&mut to_laboratory, &Ack::accept()), first);
    assert_eq!(answers(&mut to_laboratory, &Ack::accept()).control_id(), "2");
    assert_eq!(answers(&mut billing.caller(), &Ack::accept()).control_id(), "2");

    // Nothing is left.
    ward.process.signal("TERM");
    assert_eq!(ward.process.end().code, Some(0));
    let queues = ground.run(&["queues", "-o", "json"]);
    assert!(!queues.out.contains("\"suspended\": 1"), "{}", queues.out);
}

#[test]
fn a_check_says_who_can_be_reached_and_leaves_the_port_to_who_listens() {
    let ground = Ground::new(env!("CARGO_BIN_EXE_forward_program"));
    let ((_laboratory, at_laboratory), (billing, at_billing)) = (System::new(), System::new());
    drop(billing);
    let (laboratory, billing) =
        (format!("laboratory.address={at_laboratory}"), format!("billing.address={at_billing}"));
    let check = |admissions: &str| {
        let set = ["--set", admissions, "--set", &laboratory, "--set", &billing];
        let ended = ground.run(&[&["check", "--connect", "-o", "csv"], &set[..]].concat());
        assert_eq!(ended.code, Some(5), "{}", ended.err);
        ended.out
    };
    let free = check("admissions.address=127.0.0.1:0");
    assert!(free.contains("admissions,reached"), "{free}");
    assert!(free.contains("laboratory,reached"), "{free}");
    assert!(free.contains(&format!("billing,unreachable,no connection to {at_billing}")), "{free}");
    let taken = check(&format!("admissions.address={at_laboratory}"));
    assert!(taken.contains("admissions,unknown"), "{taken}");
}
