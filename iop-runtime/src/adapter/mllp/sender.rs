//! [`MllpSender`]: what an operation sends HL7 with.

use std::time::Duration;

use super::error::MllpError;
use super::line::Line;
use crate::component::{Classify, Disposition, Error, Result};
use crate::hl7::mllp::encode;
use crate::hl7::{AckCode, Hl7, hl7};
use crate::settings::Setting;

/// What becomes of a message that the receiver refuses.
#[derive(Setting, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is sent again, as often as the item's `attempts` say, and then suspended.
    Retry,
    /// It is suspended: a person looks at it.
    Suspend,
    /// It is sent again for ever, as while the receiver cannot be reached.
    Wait,
}

/// Sends HL7 v2 over MLLP, one message at a time, over a connection that stays.
///
/// An operation makes it in `on_init` and keeps it in a field without an attribute; each of its workers has a connection of
/// its own. It connects with the first message, and anew where the connection has ended or is out of step.
///
/// | what happens | what becomes of the message |
/// |---|---|
/// | `AA`, `CA` | done |
/// | `AE`, `CE` | [retried](Refusal::Retry), or as [`on_error`](Self::on_error) says |
/// | `AR`, `CR` | [suspended](Refusal::Suspend), or as [`on_reject`](Self::on_reject) says |
/// | nobody answers at the address; the connection breaks while the message is written | tried for ever, not counted as an attempt |
/// | no answer in time, the connection ends without one, or it cannot be read | retried. The receiver may have the message already: it must know it again by MSH-10 |
/// | an answer whose MSA-2 is not MSH-10 of the message | dropped, with a line in the log; the wait goes on |
///
/// ```
/// use iop::adapter::mllp::{MllpSender, Refusal};
/// use iop::hl7::Hl7;
/// use iop::prelude::*;
///
/// #[message]
/// pub struct Admission {
///     #[sensitive]
///     pub hl7: Hl7,
/// }
///
/// #[business_operation]
/// pub struct Laboratory {
///     #[setting]
///     address: String,
///     #[setting(default = "30s")]
///     answer_within: Duration,
///     #[setting(default = "retry")]
///     on_error: Refusal,
///     line: MllpSender,
/// }
///
/// #[handlers]
/// impl Laboratory {
///     async fn on_init(&mut self) -> Result {
///         self.line = MllpSender::to(&self.address).answer_within(self.answer_within).on_error(self.on_error);
///         Ok(())
///     }
///
///     /// `check --connect` asks.
///     async fn on_check(&self) -> Result {
///         MllpSender::to(&self.address).check().await
///     }
///
///     async fn send(&mut self, admission: Admission) -> Result {
///         self.line.send(&admission.hl7).await?;
///         Ok(())
///     }
/// }
/// ```
#[derive(Debug)]
pub struct MllpSender {
    address: Option<String>,
    connect_within: Duration,
    answer_within: Duration,
    on_error: Refusal,
    on_reject: Refusal,
    pub(super) line: Option<Line>,
}

impl Default for MllpSender {
    /// Without an address: sends nothing.
    fn default() -> Self {
        Self {
            address: None,
            connect_within: Duration::from_secs(10),
            answer_within: Duration::from_secs(30),
            on_error: Refusal::Retry,
            on_reject: Refusal::Suspend,
            line: None,
        }
    }
}

impl MllpSender {
    /// To a receiver: `lab.example.org:2575`. The name is looked up with each connection.
    #[must_use]
    pub fn to(address: impl Into<String>) -> Self {
        Self { address: Some(address.into()), ..Self::default() }
    }

    /// How long a connection may take; 10 seconds by default.
    #[must_use]
    pub fn connect_within(self, connect_within: Duration) -> Self {
        Self { connect_within, ..self }
    }

    /// How long a message may take, from its first byte to its answer; 30 seconds by default. Less than the item's
    /// `timeout`, which cuts the handler off.
    #[must_use]
    pub fn answer_within(self, answer_within: Duration) -> Self {
        Self { answer_within, ..self }
    }

    /// What `AE` and `CE` mean; [`Refusal::Retry`] by default.
    #[must_use]
    pub fn on_error(self, on_error: Refusal) -> Self {
        Self { on_error, ..self }
    }

    /// What `AR` and `CR` mean; [`Refusal::Suspend`] by default.
    #[must_use]
    pub fn on_reject(self, on_reject: Refusal) -> Self {
        Self { on_reject, ..self }
    }

    /// Connects, and ends the connection again: for `on_check`. Nothing is sent.
    ///
    /// # Errors
    /// [Unavailable](Error::unavailable) where nobody answers.
    pub async fn check(&self) -> Result {
        let address = self.address.as_deref().ok_or(MllpError::NoAddress)?;
        let reached = Line::connect(address, self.connect_within).await;
        reached.map(drop).map_err(|error| self.judged(error))
    }

    /// Sends a message and waits until the receiver has taken it; what it has answered.
    ///
    /// # Errors
    /// As the table above says, ready to be returned by the handler; its cause is an [`MllpError`].
    pub async fn send(&mut self, message: &Hl7) -> Result<Hl7> {
        self.exchange(message).await.map_err(|error| self.judged(error))
    }

    /// The same, for an operation that decides itself what an error means.
    ///
    /// # Errors
    /// Where it is not known that the receiver has taken the message.
    pub async fn exchange(&mut self, message: &Hl7) -> Result<Hl7, MllpError> {
        let address = self.address.as_deref().ok_or(MllpError::NoAddress)?;
        if asks_for_no_answer(message) {
            return Err(MllpError::AsksForNoAnswer);
        }
        let frame = encode(&message.to_bytes()?)?;
        // Not in its place while a message is under way: where this is dropped, nobody knows what comes on it next.
        let mut line = match self.line.take().and_then(Line::usable) {
            Some(line) => line,
            None => Line::connect(address, self.connect_within).await?,
        };
        let (code, answer) = line.exchange(message, &frame, self.answer_within).await?;
        self.line = Some(line);
        if code.is_taken() {
            return Ok(answer);
        }
        Err(MllpError::Refused { address: address.to_owned(), code, text: said(&answer) })
    }

    fn judged(&self, error: MllpError) -> Error {
        let disposition = match &error {
            MllpError::Refused { code, .. } => {
                let refusal =
                    if matches!(code, AckCode::Error | AckCode::CommitError) { self.on_error } else { self.on_reject };
                match refusal {
                    Refusal::Retry => Disposition::NotSent,
                    Refusal::Suspend => Disposition::Fatal,
                    Refusal::Wait => Disposition::Unavailable,
                }
            }
            error => error.class(),
        };
        match disposition {
            Disposition::Retry => Error::retry(error),
            Disposition::Fatal => Error::fatal(error),
            Disposition::Unavailable => Error::unavailable(error),
            Disposition::NotSent => Error::not_sent(error),
        }
    }
}

/// In the enhanced mode, which an entry in MSH-15 or MSH-16 asks for, what is empty means never. Who asks for errors only is
/// told nothing of a message that was taken.
fn asks_for_no_answer(message: &Hl7) -> bool {
    let conditions = [message.get(hl7!(MSH:15)).to_string(), message.get(hl7!(MSH:16)).to_string()];
    conditions.iter().any(|condition| !condition.is_empty())
        && !conditions.iter().any(|condition| matches!(condition.as_str(), "AL" | "SU"))
}

/// Why a message is refused, in the receiver's words.
fn said(answer: &Hl7) -> String {
    let places = [hl7!(MSA:3), hl7!(ERR:8), hl7!(ERR:7), hl7!(ERR:3.2)];
    let said = places.into_iter().map(|place| answer.get(place).to_string()).find(|text| !text.is_empty());
    said.unwrap_or_else(|| "it does not say why".to_owned())
}
