//! What a kill, a stop and a full disk leave.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};

use iop_tests::child::read;
use iop_tests::small_disk::SmallDisk;

use crate::caller::{Caller, ground, kept, message, started, told};

/// Kills the engine at the moment, and has the sender, which got no answer, send again.
fn killed(moment: &str) {
    let ground = ground().with("KILL_AT", moment);
    let ward = started(&ground, 0, &[]);
    let mut caller = Caller::of(ward.address);
    caller.send(&message("A01", "1"));
    assert!(caller.answer().is_none(), "nothing is acknowledged");
    let ended = ward.process.end();
    assert_eq!((ended.code, read(&ground.path("killed")).as_str()), (None, moment), "{}", ended.err);

    let mut ward = started(&ground, 1, &[]);
    let mut caller = Caller::of(ward.address);
    assert_eq!(caller.tells(&message("A01", "1")), told("AA", ""));
    assert_eq!(caller.tells(&message("A01", "2")), told("AA", ""));
    ward.process.wait_for("both are kept", || kept(&ground).last().is_some_and(|last| last == "2"));
    assert_eq!(kept(&ground), ["1", "2"]);
}

#[test]
fn a_message_whose_acknowledgement_a_kill_has_taken_comes_again_and_is_stored_once() {
    killed("before it is acknowledged");
}

#[test]
fn a_message_that_a_kill_kept_from_the_store_comes_again_and_is_stored() {
    killed("before it is stored");
}

#[test]
fn at_a_stop_what_was_read_is_finished_and_acknowledged_and_nobody_else_is_let_in() {
    let ground = ground();
    let mut ward = started(&ground, 0, &[]);
    let mut idle = Caller::of(ward.address);
    assert_eq!(idle.tells(&message("A01", "1")), told("AA", ""));
    let mut caller = Caller::of(ward.address);
    caller.send(&message("A02", "2"));
    ward.process.wait_for("it is asked", || ground.path("asked-2").exists());
    let mut half = Caller::of(ward.address);
    half.write(b"\x0bMSH|^~\\&|");
    let mut behind = Caller::of(ward.address);
    behind.send(&message("A01", "3"));
    // Both have come to the listener before the stop does: each comes before the answer to the next.
    ward.process.signal("TERM");
    ward.process.wait_for("it listens no more", || read(&ground.path("err-0.log")).contains("listens no more on"));
    assert!(TcpStream::connect(ward.address).is_err());
    assert!(idle.answer().is_none(), "a connection without a message is closed");
    assert!(half.answer().is_none(), "half a message is not taken");
    fs::write(ground.path("decided"), "").expect("a decision");
    assert_eq!(caller.told(), Some(("AA".into(), "2".into(), "2 was looked at".into())));
    assert!(caller.answer().is_none());
    // Taken and acknowledged, or not taken: it may have been under way when the stop came.
    let answered = behind.told();
    assert_eq!(ward.process.end().code, Some(0));
    let expected: &[&str] = if answered.is_some() { &["1", "3"] } else { &["1"] };
    // What was acknowledged is in the store; the next run keeps what this one had no time for.
    let mut ward = started(&ground, 1, &[]);
    ward.process.wait_for("it is kept", || kept(&ground) == expected);
}

/// Sends messages with new control ids, over a new connection where the last one was closed.
struct Sender {
    address: SocketAddr,
    caller: Option<Caller>,
    sent: usize,
    /// Acknowledged.
    taken: Vec<String>,
    /// Not answered at all.
    in_doubt: Vec<String>,
}

impl Sender {
    fn tells(&mut self) -> Option<(String, String)> {
        let caller = match &mut self.caller {
            Some(caller) => caller,
            None => self.caller.insert(Caller::over(TcpStream::connect(self.address).ok()?)),
        };
        self.sent += 1;
        let id = self.sent.to_string();
        let answer = caller.try_tells(&message("A01", &id));
        match &answer {
            Some((code, _)) if code == "AA" => self.taken.push(id),
            Some(_) => {}
            None => {
                self.caller = None;
                self.in_doubt.push(id);
            }
        }
        answer
    }
}

#[test]
fn on_a_full_disk_messages_are_refused_and_taken_when_there_is_room_again() {
    let ground = ground();
    let Some(disk) = SmallDisk::at(&ground.path("iop-data"), 32) else { return };
    // Known before, since everything may start over where the store fails.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    let mut ward = started(&ground, 0, &[&format!("intake.address={port}")]);
    let mut sender = Sender { address: port, caller: None, sent: 0, taken: Vec::new(), in_doubt: Vec::new() };
    assert_eq!(sender.tells(), told("AA", ""));
    disk.fill("filler");
    ward.process.wait_for("it is refused", || {
        sender
            .tells()
            .is_some_and(|(code, text)| code == "AE" && text.contains("no space is left on the disk of the store"))
    });
    disk.free("filler");
    ward.process.wait_for("it is taken again", || sender.tells().is_some_and(|(code, _)| code == "AA"));
    let last = sender.taken.last().expect("the first one at least");
    ward.process.wait_for("all that was taken is kept", || kept(&ground).contains(last));
    let mut kept = kept(&ground);
    kept.retain(|id| !sender.in_doubt.contains(id));
    assert_eq!(kept, sender.taken, "what was acknowledged, and nothing that was refused");
}
