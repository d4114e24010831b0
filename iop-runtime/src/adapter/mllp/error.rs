//! Why a message that was sent is not known to have been taken.

use std::time::Duration;

use crate::component::{Classify, Disposition};
use crate::hl7::mllp::FrameError;
use crate::hl7::{AckCode, AckError, CharsetError};

/// Why a message that was sent is not known to have been taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MllpError {
    /// No address was given: `MllpSender::to` in `on_init`.
    #[error("the sender has no address; make it in `on_init` with `MllpSender::to`")]
    NoAddress,
    /// Nobody answers at the address. Nothing was sent.
    #[error("no connection to {address}: {source}")]
    NotConnected {
        /// Where.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The connection broke before the message was written to its end. The receiver has not got it.
    #[error("the connection to {address} broke before the message was written: {source}")]
    NotWritten {
        /// Where.
        address: String,
        /// How.
        source: std::io::Error,
    },
    /// The connection ended before the answer came. The receiver may have the message.
    #[error("the connection to {address} ended before the answer came: {source}")]
    Lost {
        /// Where.
        address: String,
        /// How.
        source: std::io::Error,
    },
    /// The answer did not come in time. The receiver may have the message.
    #[error("{address} has not answered within {within:?}")]
    NoAnswer {
        /// Where.
        address: String,
        /// How long was waited.
        within: Duration,
    },
    /// What came is no MLLP. The receiver may have the message.
    #[error("the answer of {address} is no MLLP: {source}")]
    Garbled {
        /// Where.
        address: String,
        /// What is wrong.
        source: FrameError,
    },
    /// What came is no HL7. The receiver may have the message.
    #[error("the answer of {address} cannot be read: {source}")]
    Unreadable {
        /// Where.
        address: String,
        /// What is wrong.
        source: CharsetError,
    },
    /// What came is no acknowledgement. The receiver may have the message.
    #[error("the answer of {address} is no acknowledgement: {source}")]
    NoAcknowledgement {
        /// Where.
        address: String,
        /// What is wrong.
        source: AckError,
    },
    /// The receiver has the message and does not take it.
    #[error("{address} has answered {}: {text}", code.as_str())]
    Refused {
        /// Where.
        address: String,
        /// MSA-1.
        code: AckCode,
        /// MSA-3, or what ERR says.
        text: String,
    },
    /// The message cannot be written in the charset that it names.
    #[error("the message cannot be sent: {0}")]
    Charset(#[from] CharsetError),
    /// The message has bytes in it that frame messages.
    #[error("the message cannot be sent: {0}")]
    Frame(#[from] FrameError),
    /// MSH-15 and MSH-16 ask for no answer to a message that is taken, so that nobody would know whether it has arrived.
    #[error(
        "MSH-15 and MSH-16 of the message ask for no acknowledgement of a message that is taken, and nobody would know whether it has arrived: empty \
         them, or ask for one with `AL`"
    )]
    AsksForNoAnswer,
}

/// What [`MllpSender::send`](super::MllpSender::send) makes of them; it may say otherwise of refusals.
impl Classify for MllpError {
    fn class(&self) -> Disposition {
        match self {
            Self::NotConnected { .. } | Self::NotWritten { .. } => Disposition::Unavailable,
            Self::Lost { .. }
            | Self::NoAnswer { .. }
            | Self::Garbled { .. }
            | Self::Unreadable { .. }
            | Self::NoAcknowledgement { .. } => Disposition::Retry,
            // Refused is not done: it may be sent again, also where it must not be done twice.
            Self::Refused { code: AckCode::Error | AckCode::CommitError, .. } => Disposition::NotSent,
            Self::Refused { .. } | Self::NoAddress | Self::Charset(_) | Self::Frame(_) | Self::AsksForNoAnswer => {
                Disposition::Fatal
            }
        }
    }
}
