//! The sender, against a receiver that says what a test has it say.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{MllpError, MllpSender, Refusal};
use crate::clock::Timestamp;
use crate::component::Disposition;
use crate::hl7::mllp::{Decoder, encode};
use crate::hl7::{Ack, Hl7, hl7};

fn message(control_id: &str) -> Hl7 {
    Hl7::parse(format!("MSH|^~\\&|ADT|X|LAB|Y|20260102||ADT^A01|{control_id}|P|2.5.1\rPID|1||4711\r")).unwrap()
}

/// A receiver.
struct Receiver(TcpListener);

/// A connection to it.
struct Caller {
    stream: TcpStream,
    decoder: Decoder,
}

impl Receiver {
    async fn new() -> (Self, MllpSender) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sender = MllpSender::to(listener.local_addr().unwrap().to_string());
        (Self(listener), sender)
    }

    async fn caller(&self) -> Caller {
        Caller { stream: self.0.accept().await.unwrap().0, decoder: Decoder::new(1 << 20) }
    }
}

impl Caller {
    /// The next message; `None` where the sender has closed the connection.
    async fn hears(&mut self) -> Option<Hl7> {
        let mut chunk = [0; 1024];
        loop {
            if let Some(bytes) = self.decoder.next_message().unwrap() {
                return Some(Hl7::from_bytes(&bytes).unwrap());
            }
            match self.stream.read(&mut chunk).await.unwrap() {
                0 => return None,
                length => self.decoder.push(&chunk[..length]),
            }
        }
    }

    async fn says(&mut self, ack: Ack, to: &Hl7) {
        let answer = ack.answer(to, "1", Timestamp(0));
        self.stream.write_all(&encode(answer.as_str().as_bytes()).unwrap()).await.unwrap();
    }

    /// Hears a message and answers it.
    async fn answers(&mut self, ack: Ack) -> Hl7 {
        let message = self.hears().await.expect("a message");
        self.says(ack, &message).await;
        message
    }
}

#[tokio::test]
async fn what_is_accepted_is_done_and_the_next_message_goes_over_the_same_connection() {
    let (receiver, mut sender) = Receiver::new().await;
    let far = tokio::spawn(async move {
        let mut caller = receiver.caller().await;
        [caller.answers(Ack::accept()).await, caller.answers(Ack::accept()).await]
    });
    let answer = sender.send(&message("1")).await.unwrap();
    assert_eq!(answer.get(hl7!(MSA:2)).to_string(), "1");
    sender.send(&message("2")).await.unwrap();
    assert_eq!(far.await.unwrap(), [message("1"), message("2")]);
}

#[tokio::test]
async fn what_a_refusal_means_is_what_is_set() {
    let (receiver, sender) = Receiver::new().await;
    tokio::spawn(async move {
        let mut caller = receiver.caller().await;
        for ack in [Ack::error("full"), Ack::error("full"), Ack::reject("no ADT"), Ack::reject("no ADT")] {
            caller.answers(ack).await;
        }
    });
    let mut sender = sender.on_reject(Refusal::Suspend);
    let error = sender.send(&message("1")).await.unwrap_err();
    // Also for what must not be done twice: it was not done.
    assert_eq!(error.disposition(), Disposition::NotSent);
    assert!(error.to_string().ends_with("has answered AE: full"), "{error}");
    let mut sender = sender.on_error(Refusal::Suspend);
    assert_eq!(sender.send(&message("2")).await.unwrap_err().disposition(), Disposition::Fatal);
    let error = sender.send(&message("3")).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Fatal);
    assert!(matches!(error.downcast_ref(), Some(MllpError::Refused { text, .. }) if text == "no ADT"));
    let mut sender = sender.on_reject(Refusal::Wait);
    assert_eq!(sender.send(&message("4")).await.unwrap_err().disposition(), Disposition::Unavailable);
}

#[tokio::test]
async fn where_nobody_listens_the_message_waits_and_is_not_blamed() {
    let (receiver, mut sender) = Receiver::new().await;
    drop(receiver);
    let error = sender.send(&message("1")).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Unavailable);
    assert!(error.chain().contains("no connection to 127.0.0.1:"), "{}", error.chain());
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_not_taken_for_that_of_the_next_message() {
    let (receiver, sender) = Receiver::new().await;
    let mut sender = sender.answer_within(Duration::from_millis(50));
    let waits = sender.send(&message("1")).await.unwrap_err();
    assert_eq!(waits.disposition(), Disposition::Retry);
    assert!(matches!(waits.downcast_ref(), Some(MllpError::NoAnswer { .. })));

    let far = tokio::spawn(async move {
        let mut late = receiver.caller().await;
        assert_eq!(late.hears().await, Some(message("1")));
        assert_eq!(late.hears().await, None, "a connection that is out of step is closed");
        let mut caller = receiver.caller().await;
        let second = caller.hears().await.expect("a message");
        caller.says(Ack::accept(), &message("1")).await;
        caller.says(Ack::error("the second"), &second).await;
        caller
    });
    let mut sender = sender.answer_within(Duration::from_secs(60));
    let error = sender.send(&message("2")).await.unwrap_err();
    assert!(error.to_string().ends_with("AE: the second"), "{error}");
    far.await.unwrap();
}

#[tokio::test]
async fn a_connection_that_the_receiver_has_closed_meanwhile_costs_no_message() {
    let (receiver, mut sender) = Receiver::new().await;
    let far = tokio::spawn(async move {
        receiver.caller().await.answers(Ack::accept()).await;
        receiver
    });
    sender.send(&message("1")).await.unwrap();
    let receiver = far.await.unwrap();
    // The news of the end has come.
    sender.line.as_ref().expect("a connection").stream.readable().await.unwrap();
    let far = tokio::spawn(async move { receiver.caller().await.answers(Ack::accept()).await });
    sender.send(&message("2")).await.unwrap();
    assert_eq!(far.await.unwrap(), message("2"));
}

#[tokio::test]
async fn an_end_without_an_answer_leaves_it_open_whether_the_message_was_taken() {
    let (receiver, mut sender) = Receiver::new().await;
    tokio::spawn(async move { receiver.caller().await.hears().await });
    let error = sender.send(&message("1")).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Retry);
    assert!(matches!(error.downcast_ref(), Some(MllpError::Lost { .. })), "{error:?}");
}

#[tokio::test]
async fn what_is_no_acknowledgement_is_none() {
    let (receiver, mut sender) = Receiver::new().await;
    tokio::spawn(async move {
        for answer in ["HTTP/1.1 400 Bad Request", "\x0bhello\x1c\r", "\x0bMSH|^~\\&|\x1c\r"] {
            let mut caller = receiver.caller().await;
            caller.hears().await;
            caller.stream.write_all(answer.as_bytes()).await.unwrap();
            // Until the sender has closed it.
            let _ = caller.stream.read(&mut [0; 1]).await;
        }
    });
    for part in ["is no MLLP", "cannot be read", "is no acknowledgement"] {
        let error = sender.send(&message("1")).await.unwrap_err();
        assert_eq!(error.disposition(), Disposition::Retry);
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn what_nobody_would_acknowledge_is_not_sent() {
    let (_receiver, mut sender) = Receiver::new().await;
    let mut quiet = message("1");
    quiet.set(hl7!(MSH:15), "NE").unwrap();
    let error = sender.send(&quiet).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Fatal);
    assert!(sender.line.is_none(), "nobody was called");
    let error = MllpSender::default().send(&message("1")).await.unwrap_err();
    assert!(error.to_string().contains("`MllpSender::to`"), "{error}");
}

#[tokio::test]
async fn a_connection_whose_exchange_was_cut_off_is_not_used_again() {
    let (receiver, mut sender) = Receiver::new().await;
    let far = tokio::spawn(async move {
        let mut first = receiver.caller().await;
        let heard = first.hears().await;
        (receiver, first, heard)
    });
    let (receiver, mut first, heard) = {
        let one = message("1");
        tokio::select! {
            biased;
            far = far => far.unwrap(),
            _ = sender.send(&one) => unreachable!("nobody has answered"),
        }
    };
    assert_eq!(heard, Some(message("1")));
    assert_eq!(first.hears().await, None);
    let far = tokio::spawn(async move { receiver.caller().await.answers(Ack::accept()).await });
    sender.send(&message("2")).await.unwrap();
    assert_eq!(far.await.unwrap(), message("2"));
}
