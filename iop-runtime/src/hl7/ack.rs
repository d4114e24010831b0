//! Acknowledgements: what a receiver answers, and whether an answer is to what was sent.

use std::fmt::Write;

use super::body::Hl7;
use super::path::Path;
use super::{ParseError, Separators, escape, hl7};
use crate::clock::Timestamp;

/// MSA-1: what became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AckCode {
    /// `AA`: taken.
    Accept,
    /// `AE`: the receiver has met an error with it. Many say so for what passes, such as a full disk, and so
    /// [`MllpSender`](crate::adapter::mllp::MllpSender) sends it again, unless `on_error` says otherwise.
    Error,
    /// `AR`: refused, as a type or version that the receiver does not take. The same again would be refused again, and so
    /// `MllpSender` suspends it, unless `on_reject` says otherwise.
    Reject,
    /// `CA`: stored; whether it is accepted will be said.
    CommitAccept,
    /// `CE`: it could not be stored. As `AE`.
    CommitError,
    /// `CR`: refused in front of the store. As `AR`.
    CommitReject,
}

impl AckCode {
    const ALL: [(&'static str, Self); 6] = [
        ("AA", Self::Accept),
        ("AE", Self::Error),
        ("AR", Self::Reject),
        ("CA", Self::CommitAccept),
        ("CE", Self::CommitError),
        ("CR", Self::CommitReject),
    ];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, code)| *code == self).map_or("", |(text, _)| text)
    }

    /// Whether the receiver has taken it.
    #[must_use]
    pub fn is_taken(self) -> bool {
        matches!(self, Self::Accept | Self::CommitAccept)
    }
}

/// An acknowledgement to be made.
///
/// ```
/// use iop::clock::Timestamp;
/// use iop::hl7::{Ack, AckCode, Hl7, hl7};
///
/// let admission = Hl7::parse("MSH|^~\\&|ADT|X|EHR|Y|20260102||ADT^A01|7|P|2.5.1\rEVN\rPID|1\r")?;
/// // In a handler, when the message was accepted is `header.created` of `cx.message()`: the same on every attempt.
/// let accepted = Timestamp(1_767_323_045_000_000);
/// let ack = Ack::error("no patient").at(hl7!(PID-3)).answer(&admission, "8", accepted);
/// assert_eq!(
///     ack.as_str(),
///     "MSH|^~\\&|EHR|Y|ADT|X|20260102030405+0000||ACK^A01^ACK|8|P|2.5.1\r\
///      MSA|AE|7|no patient\r\
///      ERR||PID^1^3|207^Application internal error^HL70357|E||||no patient\r",
/// );
/// assert_eq!(ack.acknowledges(&admission), Ok(AckCode::Error));
/// # Ok::<(), iop::hl7::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    code: AckCode,
    text: String,
    condition: (&'static str, &'static str),
    place: Option<Path>,
}

impl Ack {
    /// `AA`: the message was taken. Say so only when it is stored.
    #[must_use]
    pub fn accept() -> Self {
        Self { code: AckCode::Accept, text: String::new(), condition: ("0", "Message accepted"), place: None }
    }

    /// `AE`: something in the message is wrong, in words for the sender's engineer.
    #[must_use]
    pub fn error(text: impl Into<String>) -> Self {
        let condition = ("207", "Application internal error");
        Self { code: AckCode::Error, text: text.into(), condition, place: None }
    }

    /// `AR`: the receiver cannot take it, whatever is in it.
    #[must_use]
    pub fn reject(text: impl Into<String>) -> Self {
        Self { code: AckCode::Reject, ..Self::error(text) }
    }

    /// What it says became of the message.
    #[must_use]
    pub fn code(&self) -> AckCode {
        self.code
    }

    /// Why, in words.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// With another code: those of the enhanced mode.
    #[must_use]
    pub fn with_code(self, code: AckCode) -> Self {
        Self { code, ..self }
    }

    /// With the condition of table 0357: `("101", "Required field missing")`.
    #[must_use]
    pub fn because(self, code: &'static str, text: &'static str) -> Self {
        Self { condition: (code, text), ..self }
    }

    /// With the place of what is wrong.
    #[must_use]
    pub fn at(self, place: Path) -> Self {
        Self { place: Some(place), ..self }
    }

    /// The acknowledgement of a message: to where it came from, with its separators, version and charset, under a control id
    /// of its own. ERR is added where something is wrong, and the version has it in this form (2.5 and later).
    #[must_use]
    pub fn answer(&self, message: &Hl7, control_id: &str, at: Timestamp) -> Hl7 {
        let parts = message.parts();
        let separators = parts.separators();
        let (f, c) = (char::from(separators.field), char::from(separators.component));
        // What must be escaped and cannot be becomes a space: an answer in other words is better than none.
        let text = |text: &str| escape::encode(text, &separators).unwrap_or_else(|| plain(text));
        let raw = |path: Path| parts.raw(path).unwrap_or_default();
        let event = raw(hl7!(MSH:9.2));
        let mut header: Vec<String> = vec![
            "MSH".to_owned(),
            raw(hl7!(MSH:2)).to_owned(),
            raw(hl7!(MSH:5)).to_owned(),
            raw(hl7!(MSH:6)).to_owned(),
            raw(hl7!(MSH:3)).to_owned(),
            raw(hl7!(MSH:4)).to_owned(),
            written_time(at),
            String::new(),
            if event.is_empty() { "ACK".to_owned() } else { format!("ACK{c}{event}{c}ACK") },
            text(control_id),
            raw(hl7!(MSH:11)).to_owned(),
            raw(hl7!(MSH:12)).to_owned(),
        ];
        let charset = raw(hl7!(MSH:18));
        if !charset.is_empty() {
            header.extend(std::iter::repeat_n(String::new(), 5));
            header.push(charset.to_owned());
        }
        let mut written = header.join(&f.to_string());
        let words = text(&self.text);
        let id = raw(hl7!(MSH:10));
        // Writing to a text does not fail.
        let _ = write!(written, "\rMSA{f}{}{f}{id}", self.code.as_str());
        if !words.is_empty() {
            let _ = write!(written, "{f}{words}");
        }
        written.push('\r');
        if !self.code.is_taken() && knows_err(raw(hl7!(MSH:12.1))) {
            let place = self.place.map(|path| located(&path, c)).unwrap_or_default();
            let (code, condition) = (text(self.condition.0), text(self.condition.1));
            let _ = write!(written, "ERR{f}{f}{place}{f}{code}{c}{condition}{c}HL70357{f}E{f}{f}{f}{f}{words}\r");
        }
        Hl7::written(written, separators)
    }
}

/// To the second, in UTC. A time that no calendar has is none.
fn written_time(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.0);
    at.map_or(String::new(), |at| at.strftime("%Y%m%d%H%M%S+0000").to_string())
}

fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect()
}

/// Whether a version has ERR-3 and what follows.
fn knows_err(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    let version: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    version >= (2, 5)
}

/// A place as ERR-2 names it: segment, its occurrence, field, repetition, component, subcomponent.
fn located(path: &Path, component: char) -> String {
    let mut parts = vec![path.segment.to_owned(), path.occurrence.to_string(), path.field.to_string()];
    let deeper = [path.repetition.max(u16::from(path.component > 0)), path.component, path.subcomponent];
    parts.extend(deeper.into_iter().take_while(|number| *number > 0).map(|number| number.to_string()));
    parts.join(&component.to_string())
}

/// Why an answer does not say what became of a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AckError {
    /// It answers another message: the connection is out of step, and is to be closed.
    #[error("the answer is to the message {answered:?}, and {sent:?} was sent")]
    OfAnother {
        /// MSH-10 of what was sent.
        sent: String,
        /// MSA-2 of the answer.
        answered: String,
    },
    /// MSA is missing, or says what no version knows.
    #[error("the answer says in MSA-1 {code:?}, which is no code of an acknowledgement")]
    Code {
        /// What it says.
        code: String,
    },
}

impl Hl7 {
    /// What this answer says of a message that was sent.
    ///
    /// # Errors
    /// Where it is no answer, or the answer to another message.
    pub fn acknowledges(&self, sent: &Self) -> Result<AckCode, AckError> {
        let code = self.get(hl7!(MSA:1)).to_string();
        let known = AckCode::ALL.into_iter().find(|(text, _)| *text == code);
        let Some((_, known)) = known else { return Err(AckError::Code { code }) };
        let (sent, answered) = (sent.control_id(), self.get(hl7!(MSA:2)).to_string());
        if sent != answered {
            return Err(AckError::OfAnother { sent: sent.into_owned(), answered });
        }
        Ok(known)
    }
}

impl ParseError {
    /// The answer to what is no message: `AR`, to nobody in particular and about no message, since neither could be read.
    #[must_use]
    pub fn answer(&self, control_id: &str, at: Timestamp) -> Hl7 {
        let time = written_time(at);
        let separators = Separators::STANDARD;
        let text = escape::encode(&self.to_string(), &separators).unwrap_or_default();
        let id = escape::encode(control_id, &separators).unwrap_or_default();
        let written = format!("MSH|^~\\&|||||{time}||ACK|{id}|P|2.5.1\rMSA|AR||{text}\r");
        Hl7::written(written, separators)
    }
}
