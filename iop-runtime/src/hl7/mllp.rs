//! The framing of messages on a connection (MLLP): bytes in, bytes out. Who reads and writes is not its concern.

/// In front of a message.
const START: u8 = 0x0b;
/// Behind it, and then a carriage return.
const END: u8 = 0x1c;
const RETURN: u8 = b'\r';

/// A message as it goes over a connection.
///
/// ```
/// assert_eq!(iop::hl7::mllp::encode(b"MSH|")?, b"\x0bMSH|\x1c\r");
/// # Ok::<(), iop::hl7::mllp::FrameError>(())
/// ```
///
/// # Errors
/// Where it has a byte that frames messages: the receiver would see its end.
pub fn encode(message: &[u8]) -> Result<Vec<u8>, FrameError> {
    if let Some(at) = message.iter().position(|byte| matches!(*byte, START | END)) {
        return Err(FrameError::Framing { at: at as u64 });
    }
    let mut frame = Vec::with_capacity(message.len() + 3);
    frame.push(START);
    frame.extend_from_slice(message);
    frame.extend([END, RETURN]);
    Ok(frame)
}

/// What is wrong with the bytes of a connection. It is to be closed: where the next message begins, nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Bytes between messages other than line breaks and spaces.
    #[error("byte {at} is in no frame: a message begins with the byte 0x0B")]
    Outside {
        /// Counted from the beginning of the connection.
        at: u64,
    },
    /// 0x0B or 0x1C in a message.
    #[error("byte {at} frames messages, and stands in one")]
    Framing {
        /// Counted from the beginning of the connection, or of the message to be written.
        at: u64,
    },
    /// A message that is longer than is allowed.
    #[error("a message is longer than the {limit} bytes that are allowed")]
    TooLong {
        /// How long it may be.
        limit: usize,
    },
    /// The connection ended in a message.
    #[error("the connection ended in a message, after {length} bytes of it")]
    CutOff {
        /// How many bytes of it had come.
        length: usize,
    },
}

/// Takes the bytes of a connection as they come, and gives the messages in them. Holds at most one message and what came
/// with its end.
///
/// ```
/// use iop::hl7::mllp::Decoder;
///
/// let mut decoder = Decoder::new(1 << 20);
/// decoder.push(b"\x0bMSH|^~\\&|A");
/// assert_eq!(decoder.next_message()?, None);
/// decoder.push(b"\x1c\r\x0b");
/// assert_eq!(decoder.next_message()?.as_deref(), Some(&b"MSH|^~\\&|A"[..]));
/// assert!(decoder.finish().is_err());
/// # Ok::<(), iop::hl7::mllp::FrameError>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    /// What has come and was not given.
    bytes: Vec<u8>,
    /// How much of `bytes` was looked at, so that nothing is twice.
    seen: usize,
    /// Where `bytes` begins in the connection.
    offset: u64,
    /// Whether `bytes` begins in a message; its first byte is then the one behind 0x0B.
    inside: bool,
}

impl Decoder {
    /// Of a new connection, whose messages have at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, bytes: Vec::new(), seen: 0, offset: 0, inside: false }
    }

    /// Takes what has come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether a message has begun that has not ended.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        self.inside
    }

    /// The next whole message, or `None` where more must come.
    ///
    /// # Errors
    /// Where the bytes are no frames; and then again, whatever comes.
    pub fn next_message(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        if !self.inside && !self.enter()? {
            return Ok(None);
        }
        let unseen = self.bytes.get(self.seen..).unwrap_or_default();
        let Some(found) = unseen.iter().position(|byte| matches!(*byte, START | END)) else {
            self.seen = self.bytes.len();
            return self.within_limit(self.seen).map(|()| None);
        };
        let end = self.seen + found;
        self.within_limit(end)?;
        match (self.bytes.get(end), self.bytes.get(end + 1)) {
            // Whether it is the end shows with the next byte.
            (Some(&END), None) => {
                self.seen = end;
                Ok(None)
            }
            (Some(&END), Some(&RETURN)) => Ok(Some(self.leave(end, end + 2))),
            // Some senders leave the carriage return out.
            (Some(&END), Some(&START)) => Ok(Some(self.leave(end, end + 1))),
            _ => {
                self.seen = end;
                Err(FrameError::Framing { at: self.offset + end as u64 })
            }
        }
    }

    /// The connection has ended, or nothing has come for long: gives the message that lacks only its carriage return.
    ///
    /// # Errors
    /// Where it ended in a message.
    pub fn finish(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        if let Some(message) = self.next_message()? {
            return Ok(Some(message));
        }
        match (self.inside, self.bytes.last()) {
            (false, _) => Ok(None),
            (true, Some(&END)) => Ok(Some(self.leave(self.bytes.len() - 1, self.bytes.len()))),
            (true, _) => Err(FrameError::CutOff { length: self.bytes.len() }),
        }
    }

    fn within_limit(&self, length: usize) -> Result<(), FrameError> {
        if length > self.limit { Err(FrameError::TooLong { limit: self.limit }) } else { Ok(()) }
    }

    /// Skips to the beginning of a message.
    fn enter(&mut self) -> Result<bool, FrameError> {
        let blank = self.bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n' | b' ' | b'\t')).count();
        let inside = match self.bytes.get(blank) {
            None => false,
            Some(&START) => true,
            Some(_) => return Err(FrameError::Outside { at: self.offset + blank as u64 }),
        };
        self.forget(blank + usize::from(inside));
        self.inside = inside;
        Ok(inside)
    }

    fn leave(&mut self, end: usize, next: usize) -> Vec<u8> {
        let message = self.bytes.get(..end).unwrap_or_default().to_vec();
        self.forget(next);
        self.inside = false;
        message
    }

    fn forget(&mut self, count: usize) {
        self.bytes.drain(..count.min(self.bytes.len()));
        self.offset += count as u64;
        self.seen = 0;
    }
}
