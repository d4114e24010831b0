//! A connection of a sender.

use std::io::{self, ErrorKind};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::error::MllpError;
use super::events;
use super::network;
use crate::hl7::mllp::Decoder;
use crate::hl7::{AckCode, AckError, Hl7, hl7};

/// The longest answer.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// How much is read at once.
const CHUNK: usize = 4 * 1024;

/// A connection to a receiver.
#[derive(Debug)]
pub(super) struct Line {
    address: String,
    pub(super) stream: TcpStream,
    decoder: Decoder,
}

impl Line {
    pub(super) async fn connect(address: &str, within: Duration) -> Result<Self, MllpError> {
        let failed = |source| MllpError::NotConnected { address: address.to_owned(), source };
        let stream = timeout(within, TcpStream::connect(address)).await;
        let stream = stream.map_err(|late| failed(late.into()))?.map_err(failed)?;
        network::set(&stream).map_err(failed)?;
        events::reached(address);
        Ok(Self { address: address.to_owned(), stream, decoder: Decoder::new(MAX_ANSWER) })
    }

    /// Itself, where a message may be sent on it. A receiver that has closed it meanwhile is found out here, and not by a
    /// message that gets no answer.
    pub(super) fn usable(mut self) -> Option<Self> {
        self.is_in_step().then_some(self)
    }

    /// Reads what has come since the last message.
    fn is_in_step(&mut self) -> bool {
        let mut chunk = [0; CHUNK];
        loop {
            match self.stream.try_read(&mut chunk) {
                Ok(0) => return false,
                Ok(length) => self.decoder.push(chunk.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
        }
        loop {
            match self.decoder.next_message() {
                Ok(Some(late)) => self.stray(&late),
                // Half an answer is that of an earlier message.
                Ok(None) => return !self.decoder.is_inside(),
                Err(_) => return false,
            }
        }
    }

    fn stray(&self, answer: &[u8]) {
        let answered = Hl7::from_bytes(answer).map(|answer| answer.get(hl7!(MSA:2)).to_string());
        events::stray(&self.address, &answered.unwrap_or_default());
    }

    /// Sends a message and waits for the answer to it. Where this fails, or is dropped, the connection is of no use any more.
    pub(super) async fn exchange(
        &mut self,
        message: &Hl7,
        frame: &[u8],
        within: Duration,
    ) -> Result<(AckCode, Hl7), MllpError> {
        let deadline = Instant::now() + within;
        let written = timeout_at(deadline, self.stream.write_all(frame)).await.unwrap_or_else(|late| Err(late.into()));
        written.map_err(|source| MllpError::NotWritten { address: self.address.clone(), source })?;
        match timeout_at(deadline, self.answer(message)).await {
            Ok(answered) => answered,
            Err(_) => Err(MllpError::NoAnswer { address: self.address.clone(), within }),
        }
    }

    /// The answer to this message. One to another message is not taken for it: it came late.
    async fn answer(&mut self, message: &Hl7) -> Result<(AckCode, Hl7), MllpError> {
        loop {
            let bytes = self.frame().await?;
            let answer = Hl7::from_bytes(&bytes)
                .map_err(|source| MllpError::Unreadable { address: self.address.clone(), source })?;
            match answer.acknowledges(message) {
                Ok(code) => return Ok((code, answer)),
                Err(AckError::OfAnother { answered, .. }) if !answered.is_empty() => {
                    events::stray(&self.address, &answered);
                }
                Err(source) => return Err(MllpError::NoAcknowledgement { address: self.address.clone(), source }),
            }
        }
    }

    async fn frame(&mut self) -> Result<Vec<u8>, MllpError> {
        let mut chunk = [0; CHUNK];
        let garbled = |address: &str, source| MllpError::Garbled { address: address.to_owned(), source };
        loop {
            let there = self.decoder.next_message().map_err(|error| garbled(&self.address, error))?;
            if let Some(bytes) = there {
                return Ok(bytes);
            }
            let read = self.stream.read(&mut chunk).await;
            match read.map_err(|source| MllpError::Lost { address: self.address.clone(), source })? {
                0 => {
                    let last = self.decoder.finish().map_err(|error| garbled(&self.address, error))?;
                    let source = || io::Error::new(ErrorKind::UnexpectedEof, "it was closed by the receiver");
                    return last.ok_or_else(|| MllpError::Lost { address: self.address.clone(), source: source() });
                }
                length => self.decoder.push(chunk.get(..length).unwrap_or_default()),
            }
        }
    }
}
