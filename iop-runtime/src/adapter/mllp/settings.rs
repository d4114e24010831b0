//! What can be set of a listener, in words.

use std::net::IpAddr;
use std::time::Duration;

use super::network::Network;
use crate::hl7::{Charset, CharsetError, Hl7, hl7};
use crate::message::MessageId;
use crate::settings::Setting;

/// What is answered.
#[derive(Setting, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledge {
    /// What MSH-15 and MSH-16 ask for; `AA`, `AE` or `AR` where they are empty.
    AsAsked,
    /// `AA`, `AE` or `AR`, whatever MSH-15 and MSH-16 say.
    Always,
    /// Nothing. The sender learns of no failure.
    Never,
}

/// Which messages are the same one, sent again.
#[derive(Setting, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// Those of one sender with one control id, and the same bytes.
    SameBytes,
    /// Those of one sender with one control id, whatever else is in them.
    SameControlId,
    /// None: each is a message of its own.
    Taken,
}

/// How bytes are read as text.
#[derive(Setting, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadAs {
    /// As MSH-18 says.
    Msh18,
    /// As UTF-8.
    Utf8,
    /// As Latin-1.
    Latin1,
    /// As Latin-9.
    Latin9,
}

impl ReadAs {
    pub(super) fn read(self, bytes: &[u8]) -> Result<Hl7, CharsetError> {
        match self {
            Self::Msh18 => Hl7::from_bytes(bytes),
            Self::Utf8 => Hl7::from_bytes_in(bytes, Charset::Utf8),
            Self::Latin1 => Hl7::from_bytes_in(bytes, Charset::Latin1),
            Self::Latin9 => Hl7::from_bytes_in(bytes, Charset::Latin9),
        }
    }
}

/// What a listener goes by.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) item: String,
    pub(super) acknowledge: Acknowledge,
    pub(super) duplicates: Duplicates,
    pub(super) read_as: ReadAs,
    pub(super) max_bytes: usize,
    pub(super) max_connections: usize,
    /// Who may connect; everybody, where nobody is named.
    pub(super) peers: Vec<Network>,
    pub(super) message_timeout: Duration,
    /// `None` where a connection may be quiet for ever.
    pub(super) idle_timeout: Option<Duration>,
}

impl Rules {
    /// Whether somebody may connect.
    pub(super) fn admits(&self, address: IpAddr) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|network| network.has(address))
    }

    /// What a message is known by when it comes again. One without a control id cannot be told from another.
    pub(super) fn identity(&self, message: &Hl7, bytes: &[u8]) -> Option<MessageId> {
        let control_id = message.control_id();
        if control_id.is_empty() || self.duplicates == Duplicates::Taken {
            return None;
        }
        let content = blake3::hash(bytes);
        let content: &[u8] = if self.duplicates == Duplicates::SameBytes { content.as_bytes() } else { &[] };
        let sender = |path| message.raw(path).unwrap_or_default().as_bytes();
        let parts =
            [b"mllp", self.item.as_bytes(), sender(hl7!(MSH:3)), sender(hl7!(MSH:4)), control_id.as_bytes(), content];
        Some(MessageId::of_input(&parts))
    }
}
