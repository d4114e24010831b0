//! What a listener answers.

use std::fs;

use iop::adapter::mllp::MllpSender;
use iop::hl7::{Hl7, hl7};
use iop_tests::child::read;

use crate::caller::{Caller, ground, kept, message, started, told};

#[tokio::test]
async fn sender_and_listener_understand_each_other() {
    let ground = ground();
    let mut ward = started(&ground, 0, &[]);
    let mut sender = MllpSender::to(ward.address.to_string());
    for id in ["1", "2", "3"] {
        let sent = Hl7::parse(message("A01", id)).expect("a message");
        let answer = sender.send(&sent).await.expect("it is taken");
        assert_eq!(answer.get(hl7!(MSH:3)).to_string(), "EHR");
    }
    let refused = sender.send(&Hl7::parse(message("A03", "4")).expect("a message")).await.expect_err("it is not");
    assert!(refused.to_string().ends_with("AR: A03 is not taken here"), "{refused}");
    ward.process.wait_for("all of them are kept", || kept(&ground) == ["1", "2", "3"]);
}

#[test]
fn what_cannot_be_taken_is_refused_with_the_reason_and_the_connection_stays() {
    let ground = ground();
    let mut ward = started(&ground, 0, &[]);
    let mut caller = Caller::of(ward.address);
    caller.send(&message("A03", "1"));
    let answer = caller.answer().expect("an answer");
    assert_eq!(answer.get(hl7!(MSA:1)).to_string(), "AR");
    assert_eq!(answer.raw(hl7!(ERR:2)), Some("MSH^1^9^1^2"));
    assert_eq!(caller.tells(&message("A04", "2")), told("AE", "no bed is free"));
    assert_eq!(caller.tells(&message("A99", "3")), told("AE", "the handler panicked: what is A99?"));
    // What was refused was not taken: it is no duplicate of itself.
    assert_eq!(caller.tells(&message("A04", "2")), told("AE", "no bed is free"));
    assert_eq!(caller.tells(&message("A01", "5")), told("AA", ""));
    ward.process.wait_for("it is kept", || kept(&ground) == ["5"]);
}

#[test]
fn a_message_that_comes_again_is_acknowledged_and_stored_once_and_one_with_other_bytes_is_another() {
    let ground = ground();
    let mut ward = started(&ground, 0, &[]);
    assert_eq!(Caller::of(ward.address).tells(&message("A01", "1")), told("AA", ""));
    let mut caller = Caller::of(ward.address);
    assert_eq!(caller.tells(&message("A01", "1")), told("AA", ""));
    // A sender whose counter has begun anew.
    assert_eq!(caller.tells(&message("A01", "1").replace("Doe", "Roe")), told("AA", ""));
    // Without a control id nothing is the same.
    assert_eq!(caller.tells(&message("A01", "")), told("AA", ""));
    assert_eq!(caller.tells(&message("A01", "")), told("AA", ""));
    ward.process.wait_for("they are kept", || kept(&ground).len() == 4);
    assert_eq!(kept(&ground), ["1", "1", "", ""]);

    ward.process.signal("TERM");
    assert_eq!(ward.process.end().code, Some(0));
    let mut ward = started(&ground, 1, &["intake.duplicates=same_control_id"]);
    let mut caller = Caller::of(ward.address);
    for name in ["Doe", "Roe"] {
        assert_eq!(caller.tells(&message("A01", "7").replace("Doe", name)), told("AA", ""));
    }
    assert_eq!(caller.tells(&message("A01", "8")), told("AA", ""));
    ward.process.wait_for("they are kept", || kept(&ground).len() == 6);
    assert_eq!(kept(&ground)[4..], ["7", "8"]);
}

#[test]
fn what_is_no_mllp_or_too_long_is_told_so_and_closed_and_what_is_no_hl7_is_told_so() {
    let ground = ground();
    let ward = started(&ground, 0, &["intake.max_bytes=1KiB"]);
    let said = |caller: &mut Caller| caller.told().map(|(code, _, text)| (code, text)).expect("an answer");

    let mut browser = Caller::of(ward.address);
    browser.write(b"GET / HTTP/1.1\r\n\r\n");
    let (code, text) = said(&mut browser);
    assert_eq!(code, "AR");
    assert!(text.contains("a message begins with the byte 0x0B"), "{text}");
    assert!(browser.told().is_none(), "where the next message begins, nobody knows");

    let mut long = Caller::of(ward.address);
    long.send(&format!("{}NTE|||{}\r", message("A01", "1"), "x".repeat(100_000)));
    let (code, text) = said(&mut long);
    assert_eq!(code, "AR");
    assert!(text.contains("longer than the 1024 bytes"), "{text}");
    assert!(long.told().is_none());

    let mut stranger = Caller::of(ward.address);
    stranger.send("ISA*00*");
    assert_eq!(said(&mut stranger).0, "AR");
    stranger.write(b"\x0bMSH|^~\\&|A|B|||||ADT^A01|8|P|2.5.1\rPID|||1||M\xfcller\r\x1c\r");
    let (code, id, text) = stranger.told().expect("an answer");
    assert_eq!((code.as_str(), id.as_str()), ("AR", "8"));
    assert!(text.contains("is not UTF-8"), "{text}");
    assert_eq!(stranger.tells(&message("A01", "2")), told("AA", ""));
    let log = read(&ground.path("err-0.log"));
    for line in ["byte 0 is in no frame", "longer than the 1024 bytes", "has sent is rejected"] {
        assert!(log.contains(line), "{line}: {log}");
    }
    assert!(!log.contains("ller"), "nothing of a message is in the log");
}

#[test]
fn a_caller_that_is_slow_or_gone_holds_nobody_up_and_is_let_go() {
    let ground = ground();
    let ward = started(&ground, 0, &["intake.message_timeout=1s"]);
    let mut slow = Caller::of(ward.address);
    slow.write(b"\x0bMSH|^~\\&|");
    let mut gone = Caller::of(ward.address);
    gone.send(&message("A01", "1"));
    drop(gone);
    assert_eq!(Caller::of(ward.address).tells(&message("A01", "2")), told("AA", ""));
    assert!(slow.told().is_none(), "it is let go");
    assert!(read(&ground.path("err-0.log")).contains("a message did not end within 1s"));
}

#[test]
fn a_message_without_its_carriage_return_is_taken_all_the_same() {
    let ground = ground();
    let ward = started(&ground, 0, &[]);
    let mut caller = Caller::of(ward.address);
    for id in ["1", "2"] {
        caller.write(format!("\x0b{}\x1c", message("A01", id)).as_bytes());
        assert_eq!(caller.told(), Some(("AA".into(), id.into(), String::new())));
    }
}

#[test]
fn connections_are_served_side_by_side_and_each_in_its_order() {
    let ground = ground();
    let mut ward = started(&ground, 0, &["intake.pool_size=3"]);
    let mut waiting = ["1", "2"].map(|id| {
        let mut caller = Caller::of(ward.address);
        caller.send(&message("A02", id));
        // Behind the one that waits.
        caller.send(&message("A01", &format!("{id}-next")));
        caller
    });
    ward.process.wait_for("both wait for the application", || {
        ["asked-1", "asked-2"].iter().all(|name| ground.path(name).exists())
    });
    let mut third = Caller::of(ward.address);
    assert_eq!(third.tells(&message("A01", "3")), told("AA", ""));
    ward.process.wait_for("the third is kept", || kept(&ground) == ["3"]);
    fs::write(ground.path("decided"), "").expect("a decision");
    for (caller, id) in waiting.iter_mut().zip(["1", "2"]) {
        assert_eq!(caller.told(), Some(("AA".into(), id.into(), format!("{id} was looked at"))));
        assert_eq!(caller.told(), Some(("AA".into(), format!("{id}-next"), String::new())));
    }
}

#[test]
fn one_connection_more_than_is_allowed_is_turned_away_until_there_is_room() {
    let ground = ground();
    let mut ward = started(&ground, 0, &["intake.max_connections=1"]);
    let mut first = Caller::of(ward.address);
    assert_eq!(first.tells(&message("A01", "1")), told("AA", ""));
    assert!(Caller::of(ward.address).told().is_none());
    assert_eq!(first.tells(&message("A01", "2")), told("AA", ""));
    drop(first);
    let address = ward.address;
    let mut number = 2;
    ward.process.wait_for("the next one is served", || {
        number += 1;
        Caller::of(address).try_tells(&message("A01", &number.to_string())).is_some()
    });
}

#[test]
fn whoever_is_not_among_the_peers_is_turned_away_and_it_is_said_once() {
    let ground = ground();
    let ward = started(&ground, 0, &["intake.peers=192.0.2.0/24, ::1"]);
    for _ in 0..2 {
        assert!(Caller::of(ward.address).try_tells(&message("A01", "1")).is_none());
    }
    let log = read(&ground.path("err-0.log"));
    assert_eq!(log.matches("is turned away: `peers` does not name its address").count(), 1, "{log}");
    drop(ward);
    let refused = ground.run(&["check", "--set", "intake.peers=10.1.2.3/16"]);
    assert!(refused.err.contains("write where the network begins"), "{}", refused.err);
    let ward = started(&ground, 2, &["intake.peers=192.0.2.0/24, 127.0.0.0/8"]);
    assert_eq!(Caller::of(ward.address).tells(&message("A01", "1")), told("AA", ""));
}

#[test]
fn the_enhanced_mode_is_answered_as_it_asks() {
    let ground = ground();
    let ward = started(&ground, 0, &[]);
    fs::write(ground.path("decided"), "").expect("a decision");
    let mut caller = Caller::of(ward.address);
    let asking = |event: &str, id: &str, conditions: &str| {
        message(event, id).replacen("|2.5.1\r", &format!("|2.5.1|||{conditions}\r"), 1)
    };
    assert_eq!(caller.tells(&asking("A01", "1", "AL|NE")), told("CA", ""));
    assert_eq!(caller.tells(&asking("A04", "2", "AL|NE")), told("CE", "no bed is free"));
    assert_eq!(caller.tells(&asking("A02", "3", "AL|AL")), told("CA", ""));
    assert_eq!(caller.told(), Some(("AA".into(), "3".into(), "3 was looked at".into())));
    // Nobody is told of the first.
    caller.send(&asking("A01", "4", "NE|NE"));
    assert_eq!(caller.tells(&asking("A01", "5", "NE|AL")), told("AA", ""));
}
