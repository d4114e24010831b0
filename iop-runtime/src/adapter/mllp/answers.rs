//! What is answered to a message, as the listener is set and the message asks.

use super::settings::Acknowledge;
use crate::clock::{Clock, SystemClock};
use crate::hl7::{Ack, AckCode, CharsetError, Hl7, hl7};
use crate::message::MessageId;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is stored; the service may have an answer of its own.
    Taken(Option<Hl7>),
    /// It is not.
    Refused(Ack),
}

/// The length of MSH-10 that every version allows.
const CONTROL_ID: usize = 20;

fn control_id() -> String {
    let id = MessageId::random().to_string();
    // The end of it: its beginning is the time.
    id.get(id.len().saturating_sub(CONTROL_ID)..).unwrap_or_default().to_owned()
}

fn written(ack: &Ack, message: &Hl7) -> Hl7 {
    ack.answer(message, &control_id(), SystemClock.now())
}

/// The answers to a message, in their order; mostly one.
///
/// In the original mode that is the answer of the service, or `AA`, `AE` or `AR`. Where MSH-15 or MSH-16 say something
/// (the enhanced mode), MSH-15 asks whether it is stored, `CA`, `CE` or `CR`, and MSH-16 for the answer of the service. A
/// sender that asks for the second only, as many do that mean the original mode, gets `AA` where the service says nothing.
pub(super) fn answers(acknowledge: Acknowledge, message: &Hl7, outcome: Outcome) -> Vec<Hl7> {
    let (accept, application) = (message.get(hl7!(MSH:15)).to_string(), message.get(hl7!(MSH:16)).to_string());
    let enhanced = !(accept.is_empty() && application.is_empty());
    match acknowledge {
        Acknowledge::Never => return Vec::new(),
        Acknowledge::AsAsked if enhanced => {}
        Acknowledge::AsAsked | Acknowledge::Always => {
            return vec![match outcome {
                Outcome::Taken(Some(answer)) => answer,
                Outcome::Taken(None) => written(&Ack::accept(), message),
                Outcome::Refused(ack) => written(&ack, message),
            }];
        }
    }
    let taken = matches!(outcome, Outcome::Taken(_));
    let (first, second) = (wanted(&accept, taken), wanted(&application, taken));
    let mut answers = Vec::new();
    match outcome {
        Outcome::Taken(answer) => {
            if first {
                answers.push(written(&Ack::accept().with_code(AckCode::CommitAccept), message));
            }
            if second {
                let plain = (!first).then(|| written(&Ack::accept(), message));
                answers.extend(answer.or(plain));
            }
        }
        Outcome::Refused(ack) if first => {
            let code = match ack.code() {
                AckCode::Reject | AckCode::CommitReject => AckCode::CommitReject,
                _ => AckCode::CommitError,
            };
            answers.push(written(&ack.with_code(code), message));
        }
        Outcome::Refused(ack) if second => answers.push(written(&ack, message)),
        Outcome::Refused(_) => {}
    }
    answers
}

/// Whether a condition of table 0155 holds: always, never, on errors, on success.
fn wanted(condition: &str, taken: bool) -> bool {
    match condition {
        "AL" => true,
        "SU" => taken,
        "ER" => !taken,
        _ => false,
    }
}

/// The answer to bytes that are no message that can be read: `AR`. It names the control id where there is one.
pub(super) fn unreadable(error: &CharsetError, bytes: &[u8]) -> Hl7 {
    match error {
        CharsetError::Parse(error) => error.answer(&control_id(), SystemClock.now()),
        // Every byte is a character of Latin-1, so that at least the header can be read.
        _ => match super::ReadAs::Latin1.read(bytes) {
            Ok(message) => written(&Ack::reject(error.to_string()), &message),
            Err(_) => garbled(&error.to_string()),
        },
    }
}

/// The answer to what is no message at all.
pub(super) fn garbled(why: &str) -> Hl7 {
    let nobody = Hl7::parse("MSH|^~\\&|||||||||P|2.5.1\r");
    match nobody {
        Ok(nobody) => written(&Ack::reject(why), &nobody),
        Err(error) => error.answer(&control_id(), SystemClock.now()),
    }
}

/// As it goes over the connection. What the charset of the message does not have goes as UTF-8: an answer that is read a
/// little wrong is better than none.
pub(super) fn bytes_of(answer: &Hl7) -> Vec<u8> {
    answer.to_bytes().unwrap_or_else(|_| answer.as_str().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(mode: Acknowledge, accept: &str, application: &str, outcome: Outcome) -> Vec<String> {
        let text = format!("MSH|^~\\&|A|B|C|D|||ADT^A01|7|P|2.5.1|||{accept}|{application}\r");
        let message = Hl7::parse(text).unwrap();
        let answers = answers(mode, &message, outcome);
        for answer in &answers {
            answer.acknowledges(&message).unwrap();
        }
        answers.iter().map(|answer| answer.get(hl7!(MSA:1)).to_string()).collect()
    }

    #[test]
    fn what_msh_15_and_msh_16_ask_for_is_answered_and_nothing_else() {
        let own = || {
            let message = Hl7::parse("MSH|^~\\&|A|||||||7|P|2.5.1\r").unwrap();
            Outcome::Taken(Some(written(&Ack::accept(), &message)))
        };
        let refused = || Outcome::Refused(Ack::error("full"));
        for (accept, application, outcome, expected) in [
            ("", "", Outcome::Taken(None), vec!["AA"]),
            ("", "", refused(), vec!["AE"]),
            ("AL", "NE", Outcome::Taken(None), vec!["CA"]),
            ("AL", "NE", refused(), vec!["CE"]),
            ("AL", "NE", Outcome::Refused(Ack::reject("not here")), vec!["CR"]),
            ("AL", "AL", own(), vec!["CA", "AA"]),
            ("AL", "AL", Outcome::Taken(None), vec!["CA"]),
            ("NE", "AL", Outcome::Taken(None), vec!["AA"]),
            ("NE", "AL", refused(), vec!["AE"]),
            ("ER", "", Outcome::Taken(None), vec![]),
            ("ER", "", refused(), vec!["CE"]),
            ("SU", "NE", Outcome::Taken(None), vec!["CA"]),
            ("NE", "NE", Outcome::Taken(None), vec![]),
        ] {
            let described = format!("MSH-15 {accept}, MSH-16 {application}, {outcome:?}");
            assert_eq!(asks(Acknowledge::AsAsked, accept, application, outcome), expected, "{described}");
        }
    }

    #[test]
    fn a_listener_may_answer_in_the_original_mode_whatever_is_asked_for_or_not_at_all() {
        assert_eq!(asks(Acknowledge::Always, "NE", "NE", Outcome::Taken(None)), ["AA"]);
        assert_eq!(asks(Acknowledge::Always, "AL", "AL", Outcome::Refused(Ack::reject("no"))), ["AR"]);
        assert!(asks(Acknowledge::Never, "", "", Outcome::Taken(None)).is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_rejected_under_its_control_id_where_it_has_one() {
        let bytes = b"MSH|^~\\&|A|B|C|D|||ADT^A01|7|P|2.5.1\rPID|||4711||M\xfcller\r";
        let error = Hl7::from_bytes(bytes).unwrap_err();
        let answer = unreadable(&error, bytes);
        assert_eq!(
            (answer.get(hl7!(MSA:1)).to_string(), answer.get(hl7!(MSA:2)).to_string()),
            ("AR".into(), "7".into())
        );
        let error = Hl7::from_bytes(b"hello").unwrap_err();
        assert_eq!(unreadable(&error, b"hello").get(hl7!(MSA:1)).to_string(), "AR");
        assert!(!garbled("why").as_str().contains("hello"));
    }
}
