//! Bytes as text, and back. MSH-18 says how the bytes of a message are to be read.

use super::body::Hl7;
use super::lines::{BOM, lines};
use super::{ParseError, hl7};

/// How characters are written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Charset {
    /// `UNICODE UTF-8`. Also where MSH-18 says nothing or `ASCII`, which is a part of it.
    Utf8,
    /// `8859/1`, Latin-1: every byte is a character.
    Latin1,
    /// `8859/15`, Latin-9: the same, with the euro sign.
    Latin9,
}

/// Where Latin-9 differs from Latin-1.
const LATIN9: [(u8, char); 8] =
    [(0xa4, '€'), (0xa6, 'Š'), (0xa8, 'š'), (0xb4, 'Ž'), (0xb8, 'ž'), (0xbc, 'Œ'), (0xbd, 'œ'), (0xbe, 'Ÿ')];

impl Charset {
    /// What MSH-18 names, of which the first repetition counts.
    fn named(name: &str) -> Option<Self> {
        match name.trim() {
            "" | "ASCII" | "UNICODE UTF-8" | "UTF-8" | "UNICODE" => Some(Self::Utf8),
            "8859/1" | "ISO IR100" => Some(Self::Latin1),
            "8859/15" => Some(Self::Latin9),
            _ => None,
        }
    }

    fn decode(self, bytes: &[u8]) -> Result<String, std::str::Utf8Error> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).map(str::to_owned),
            Self::Latin1 => Ok(bytes.iter().map(|byte| char::from(*byte)).collect()),
            Self::Latin9 => Ok(bytes.iter().map(|byte| latin9(*byte)).collect()),
        }
    }

    /// `None` where the charset does not have the character.
    fn encode(self, character: char, bytes: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Utf8 => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            Self::Latin1 => bytes.push(u8::try_from(character).ok()?),
            Self::Latin9 => match LATIN9.iter().find(|(_, other)| *other == character) {
                Some((byte, _)) => bytes.push(*byte),
                None => {
                    let byte = u8::try_from(character).ok()?;
                    bytes.push((latin9(byte) == character).then_some(byte)?);
                }
            },
        }
        Some(())
    }
}

fn latin9(byte: u8) -> char {
    LATIN9.iter().find(|(other, _)| *other == byte).map_or(char::from(byte), |(_, character)| *character)
}

/// Why bytes are no message, or a message cannot be written as bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CharsetError {
    /// What was read is no message.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// MSH-18 names what is not read here.
    #[error("MSH-18 names the charset {name:?}, which is not read here; say which one it is with `Hl7::from_bytes_in`")]
    Unknown {
        /// What MSH-18 names.
        name: String,
    },
    /// The bytes are not what MSH-18 says they are.
    #[error(
        "byte {byte} is not UTF-8, and MSH-18 names no other charset; say which one it is with `Hl7::from_bytes_in`, or \
         have the sender name it"
    )]
    NotUtf8 {
        /// The first byte that is not.
        byte: usize,
    },
    /// The charset of the message does not have a character in it.
    #[error(
        "the character at byte {byte} of the text is not in the charset that MSH-18 names; set MSH-18 to `UNICODE UTF-8`"
    )]
    Unwritable {
        /// Where the character is in the text.
        byte: usize,
    },
}

impl Hl7 {
    /// Reads bytes in the charset that MSH-18 names.
    ///
    /// # Errors
    /// Where they are not in it, or are no message.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CharsetError> {
        let charset = charset_of(bytes)?;
        Self::from_bytes_in(bytes, charset)
    }

    /// Reads bytes in a charset, whatever MSH-18 names.
    ///
    /// # Errors
    /// Where they are not in it, or are no message.
    pub fn from_bytes_in(bytes: &[u8], charset: Charset) -> Result<Self, CharsetError> {
        let text = charset.decode(bytes).map_err(|error| CharsetError::NotUtf8 { byte: error.valid_up_to() })?;
        Ok(Self::parse(text)?)
    }

    /// The bytes of the message, in the charset that MSH-18 names: those that it was read from, where it was not changed.
    ///
    /// # Errors
    /// Where a character is not in it.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CharsetError> {
        let name = self.get(hl7!(MSH:18)).to_string();
        let charset = Charset::named(&name).ok_or(CharsetError::Unknown { name })?;
        self.to_bytes_in(charset)
    }

    /// The bytes of the message in a charset, whatever MSH-18 names.
    ///
    /// # Errors
    /// Where a character is not in it.
    pub fn to_bytes_in(&self, charset: Charset) -> Result<Vec<u8>, CharsetError> {
        let mut bytes = Vec::with_capacity(self.as_str().len());
        for (byte, character) in self.as_str().char_indices() {
            charset.encode(character, &mut bytes).ok_or(CharsetError::Unwritable { byte })?;
        }
        Ok(bytes)
    }
}

/// The header is read as if every byte were a character: what it names is ASCII.
fn charset_of(bytes: &[u8]) -> Result<Charset, CharsetError> {
    let mark = BOM.to_string();
    let behind = bytes.strip_prefix(mark.as_bytes()).unwrap_or(bytes);
    // Line breaks may stand in front of the header.
    let begin = behind.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(behind.len());
    let header = behind.get(begin..).unwrap_or_default().split(|byte| matches!(byte, b'\r' | b'\n')).next();
    let header: String = header.unwrap_or_default().iter().map(|byte| char::from(*byte)).collect();
    // What is no header has no charset: what it is, is said where it is read.
    if lines(&header).next().is_none() {
        return Ok(Charset::Utf8);
    }
    let Ok(header) = Hl7::parse(header) else { return Ok(Charset::Utf8) };
    let name = header.get(hl7!(MSH:18)).to_string();
    Charset::named(&name).ok_or(CharsetError::Unknown { name })
}
