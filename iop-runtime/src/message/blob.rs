//! Large bodies by reference: a message carries a [`Blob`], its content lies in files of the store.

use std::any::Any;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

/// How much of a content is in memory at once.
pub(crate) const CHUNK: usize = 64 << 10;

/// How a blob begins in JSON, as serde writes it. In a text the quotes would be escaped.
const MARK: &str = "\"$blob\":\"";

/// The identity of a content: its BLAKE3 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId([u8; 32]);

impl BlobId {
    /// The id of the content with this hash.
    #[must_use]
    pub fn from_bytes(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// The hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for BlobId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hash = blake3::Hash::from_hex(text).map_err(|_| "a blob is named by 64 hexadecimal digits".to_owned())?;
        Ok(Self(*hash.as_bytes()))
    }
}

/// A content that is too large for a body: the message has its hash and size, the store has the content, once for all
/// messages that refer to it. Made by `cx.store_blob(…)`, read with `cx.open_blob(…)`.
///
/// ```
/// # use iop::prelude::*;
/// #[message]
/// struct Scan {
///     #[key]
///     patient: String,
///     image: Blob,
/// }
/// ```
#[derive(Clone)]
pub struct Blob {
    id: BlobId,
    size: u64,
    /// Keeps the content from being removed before a message that refers to it is stored.
    _pin: Option<Arc<dyn Any + Send + Sync>>,
}

impl Blob {
    /// A reference to a stored content.
    pub(crate) fn pinned(id: BlobId, size: u64, pin: Arc<dyn Any + Send + Sync>) -> Self {
        Self { id, size, _pin: Some(pin) }
    }

    /// The identity of the content.
    #[must_use]
    pub fn id(&self) -> BlobId {
        self.id
    }

    /// The size of the content in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl PartialEq for Blob {
    fn eq(&self, other: &Self) -> bool {
        (self.id, self.size) == (other.id, other.size)
    }
}

impl Eq for Blob {}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({}, {} bytes)", self.id, self.size)
    }
}

#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(rename = "$blob")]
    id: String,
    size: u64,
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { id: self.id.to_string(), size: self.size }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { id, size } = Written::deserialize(deserializer)?;
        Ok(Self { id: id.parse().map_err(D::Error::custom)?, size, _pin: None })
    }
}

impl JsonSchema for Blob {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Blob".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A content that lies in the store, by its BLAKE3 hash.",
            "properties": {
                "$blob": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
                "size": { "type": "integer", "format": "uint64", "minimum": 0 },
            },
            "required": ["$blob", "size"],
            "x-iop-blob": true,
        })
    }
}

/// The contents that a stored JSON refers to.
pub(crate) fn blobs_in(json: &[u8]) -> impl Iterator<Item = BlobId> {
    let text = std::str::from_utf8(json).unwrap_or_default();
    // By its rarest byte first: nearly all that is stored has none.
    text.match_indices('$').filter_map(move |(at, _)| {
        let digits = text.get(at.checked_sub(1)?..)?.strip_prefix(MARK)?;
        digits.get(..64)?.parse().ok()
    })
}

/// Why a content is not to be had, or was not stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// Nothing in the store has this hash.
    #[error("the store has no content {0}")]
    Missing(BlobId),
    /// The store's files, or what was to be stored, cannot be read or written.
    #[error("the content cannot be read or written: {0}")]
    Io(#[from] io::Error),
}

/// Where contents lie.
pub trait BlobStore: Send + Sync + fmt::Debug {
    /// Stores what `content` gives, to its end. It is on the disk when this returns, and stays as long as a message refers
    /// to it, or the returned value lives.
    fn write<'a>(&'a self, content: Pin<Box<dyn AsyncRead + Send + 'a>>) -> BoxFuture<'a, Result<Blob, BlobError>>;

    /// Opens a content.
    fn open(&self, blob: BlobId) -> BoxFuture<'_, Result<BlobReader, BlobError>>;
}

/// A content, read piece by piece. At its end it is compared with its hash: what was damaged is an error of the kind
/// `InvalidData`, not a shorter or another content.
pub struct BlobReader {
    content: Pin<Box<dyn AsyncRead + Send>>,
    expected: BlobId,
    hasher: Box<blake3::Hasher>,
}

impl BlobReader {
    pub(crate) fn new(content: Pin<Box<dyn AsyncRead + Send>>, expected: BlobId) -> Self {
        Self { content, expected, hasher: Box::default() }
    }

    /// The next piece, of 64 KiB at most; `None` at the end.
    ///
    /// # Errors
    /// Where the store cannot be read, or the content is not what was written.
    pub async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        let mut piece = bytes::BytesMut::with_capacity(CHUNK);
        let read = self.read_buf(&mut piece).await?;
        Ok((read > 0).then(|| piece.freeze()))
    }
}

impl fmt::Debug for BlobReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobReader({})", self.expected)
    }
}

impl AsyncRead for BlobReader {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        std::task::ready!(self.content.as_mut().poll_read(cx, buffer))?;
        let piece = buffer.filled().get(before..).unwrap_or_default();
        self.hasher.update(piece);
        if piece.is_empty() && *self.hasher.finalize().as_bytes() != *self.expected.as_bytes() {
            let text = format!("the content {} is not what was written", self.expected);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, text)));
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contents_that_a_body_refers_to_are_found_and_a_text_that_looks_like_one_is_none() {
        let id = BlobId::from_bytes([7; 32]);
        let blob = Blob { id, size: 3, _pin: None };
        let body = serde_json::json!({ "scans": [blob, { "$blob": "short" }], "text": format!("\"$blob\":\"{id}\"") });
        let body = serde_json::to_vec(&body).expect("it is JSON");
        assert_eq!(blobs_in(&body).collect::<Vec<_>>(), [id]);
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).expect("JSON")["scans"][0]["size"], 3);
    }
}
