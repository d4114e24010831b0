//! Message types: the trait that `#[message]` implements and the description that it registers.

use std::any::Any;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::digest::Digest;
use super::read::{self, Accepted, InvalidMessage, Unfit};
use super::upgrade::Upgrade;

/// A typed value that is stored and sent. Implemented by `#[message]`, never by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    label = "not a message type",
    note = "put `#[message]` on `{Self}` [iop E12]"
)]
pub trait Message: Serialize + DeserializeOwned + Send + 'static {
    /// What a receiver answers: a message type, or `()` where there is no response.
    type Response: Respond;

    /// Name, version and codec of the type, as registered.
    const TYPE: &'static MessageType;

    /// The values of the `#[key]` fields, in declaration order, as the store indexes them. A `None` field gives no key.
    fn keys(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// A message whose handler gives chunks before its response: `#[message(response = …, chunk = …)]`.
#[diagnostic::on_unimplemented(
    message = "the handler of `{Self}` gives no chunks",
    label = "not a generator request",
    note = "name the type of its chunks: `#[message(chunk = …)]` [iop E12]"
)]
pub trait Generates: Message {
    /// One chunk.
    type Chunk: Message;
}

/// A message whose handler takes input while it gives chunks: `#[message(response = …, chunk = …, input = …)]`.
#[diagnostic::on_unimplemented(
    message = "the handler of `{Self}` takes no input",
    label = "not the beginning of a duplex exchange",
    note = "name the type of its input: `#[message(chunk = …, input = …)]` [iop E12]"
)]
pub trait Converses: Generates {
    /// What the sender sends while the handler runs.
    type Input: Message;
}

/// What a handler may answer: every message type, and `()` for "no response".
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a response",
    label = "not a message type",
    note = "put `#[message]` on `{Self}`; a message without `response = …` has no response [iop E12]"
)]
pub trait Respond: Serialize + DeserializeOwned + Send + 'static {
    /// The type of the stored response message; `None` for `()`.
    const RESPONSE: Option<&'static MessageType>;

    /// The `#[key]` values of the response.
    fn response_keys(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

impl Respond for () {
    const RESPONSE: Option<&'static MessageType> = None;
}

#[diagnostic::do_not_recommend]
impl<M: Message> Respond for M {
    const RESPONSE: Option<&'static MessageType> = Some(M::TYPE);

    fn response_keys(&self) -> Vec<(&'static str, String)> {
        self.keys()
    }
}

/// A decoded body, to be downcast by whoever knows the type.
pub type Decoded = Box<dyn Any + Send>;

/// A decoded body with the values of its `#[key]` fields, by name.
pub type Keyed = (Decoded, Vec<(&'static str, String)>);

/// Where something was written, for errors that name two places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLocation {
    /// The file, as the compiler saw it.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// The registered description of a message type.
#[derive(Debug)]
#[non_exhaustive]
pub struct MessageType {
    /// The name that the store keeps: the struct's, or `#[message(name = "…")]`. Never the Rust path.
    pub name: &'static str,
    /// `#[message(version = …)]`, 1 by default.
    pub version: u32,
    /// The Rust path, for people.
    pub rust_path: &'static str,
    /// Where `#[message]` stands.
    pub location: SourceLocation,
    /// The doc comment.
    pub doc: &'static str,
    /// `true` for `#[message(transient)]`: kept in memory only, lost with the process.
    pub transient: bool,
    /// Names of the `#[key]` fields.
    pub keys: &'static [&'static str],
    /// Names of the `#[sensitive]` fields of the type itself; [`masked`](Self::masked) knows those of its parts as well.
    pub sensitive: &'static [&'static str],
    /// The response type, where there is one.
    pub response: fn() -> Option<&'static MessageType>,
    pub(super) upgrades: &'static [Upgrade],
    decode: fn(&[u8]) -> Result<Keyed, Unfit>,
    accept: fn(&[u8]) -> Result<Accepted, Unfit>,
    write: fn(&dyn Any) -> Result<Vec<u8>, String>,
    copy: Option<CopyValue>,
    schema: fn() -> serde_json::Value,
    pub(crate) digest: Digest,
}

/// Copies a value whose type is erased; `None` where it is of another type.
pub type CopyValue = fn(&(dyn Any + Send)) -> Option<Decoded>;

/// Finds out whether `M` can be cloned: `Copies::<M>::COPY`, with [`CannotCopy`] in scope.
#[derive(Debug)]
pub struct Copies<M>(std::marker::PhantomData<M>);

impl<M: Clone + Send + 'static> Copies<M> {
    /// How its values are copied. This is what rustc takes where it exists; otherwise that of [`CannotCopy`].
    pub const COPY: Option<CopyValue> = Some(|value| Some(Box::new(value.downcast_ref::<M>()?.clone())));
}

/// What rustc finds where a type cannot be cloned.
pub trait CannotCopy {
    /// It is not copied.
    const COPY: Option<CopyValue> = None;
}

impl<M> CannotCopy for Copies<M> {}

impl MessageType {
    /// Describes `M`. Called by generated code in a constant.
    #[must_use]
    pub const fn new<M: Message + schemars::JsonSchema>(
        name: &'static str,
        version: u32,
        rust_path: &'static str,
        location: SourceLocation,
    ) -> Self {
        Self {
            name,
            version,
            rust_path,
            location,
            doc: "",
            transient: false,
            keys: &[],
            sensitive: &[],
            response: || <M::Response as Respond>::RESPONSE,
            upgrades: &[],
            decode: |body| {
                let message = read::parse::<M>(body)?;
                let keys = message.keys();
                Ok((Box::new(message), keys))
            },
            accept: read::accept::<M>,
            write: |value| {
                let message = value.downcast_ref::<M>().ok_or_else(|| "it is a value of another type".to_owned())?;
                serde_json::to_vec(message).map_err(|error| error.to_string())
            },
            copy: None,
            schema: || schemars::schema_for!(M).to_value(),
            digest: Digest::of(name, rust_path, location),
        }
    }

    /// Sets what [`new`](Self::new) leaves at its default.
    #[must_use]
    pub const fn with(
        mut self,
        doc: &'static str,
        transient: bool,
        keys: &'static [&'static str],
        sensitive: &'static [&'static str],
    ) -> Self {
        self.doc = doc;
        self.transient = transient;
        self.keys = keys;
        self.sensitive = sensitive;
        self
    }

    /// Sets how stored messages of older versions become this one: each upgrade makes the next version, the last one this.
    #[must_use]
    pub const fn upgrading(mut self, upgrades: &'static [Upgrade]) -> Self {
        self.upgrades = upgrades;
        self
    }

    /// Sets how values are copied, where they can be.
    #[must_use]
    pub const fn copied(mut self, copy: Option<CopyValue>) -> Self {
        self.copy = copy;
        self
    }

    /// A copy of a value of this type; `None` where its type is not `Clone`, or does not say so here.
    #[must_use]
    pub fn copy(&self, value: &Decoded) -> Option<Decoded> {
        self.copy.and_then(|copy| copy(&**value))
    }

    /// Writes a value of this type as JSON.
    ///
    /// # Errors
    /// Where it cannot be written, in words.
    pub fn write(&self, value: &Decoded) -> Result<Vec<u8>, String> {
        (self.write)(&**value).map_err(|error| format!("`{}` is not JSON: {error}", self.name))
    }

    /// The oldest version that a stored message may have.
    #[must_use]
    pub fn oldest_version(&self) -> u32 {
        self.version.saturating_sub(u32::try_from(self.upgrades.len()).unwrap_or(u32::MAX)).max(1)
    }

    /// Reads a JSON body of this version as this type.
    ///
    /// # Errors
    /// [`InvalidMessage`] with the path of the field that does not fit.
    pub fn decode(&self, body: &[u8]) -> Result<Decoded, InvalidMessage> {
        (self.decode)(body).map(|(message, _)| message).map_err(|unfit| unfit.told(self))
    }

    /// Reads the body of a stored message of `version` as this type, and gives its `#[key]` values too.
    ///
    /// # Errors
    /// [`InvalidMessage`] that says what to do, where the version is not known, cannot be upgraded or does not fit.
    pub fn read(&self, version: u32, body: &[u8]) -> Result<Keyed, InvalidMessage> {
        let body = self.upgraded(version, body)?;
        (self.decode)(&body).map_err(|unfit| unfit.told(self).stored(self))
    }

    /// Reads a JSON body from outside and writes it again as the store keeps it: fields in declaration order, unknown
    /// ones left out, defaults filled in.
    ///
    /// # Errors
    /// [`InvalidMessage`] with the path of the field that does not fit.
    pub fn accept(&self, body: &[u8]) -> Result<Accepted, InvalidMessage> {
        (self.accept)(body).map_err(|unfit| unfit.told(self))
    }

    /// As [`accept`](Self::accept), of a stored body of `version`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn accept_stored(&self, version: u32, body: &[u8]) -> Result<Accepted, InvalidMessage> {
        let body = self.upgraded(version, body)?;
        self.accept(&body).map_err(|invalid| invalid.stored(self))
    }

    /// The JSON Schema of the body of an older version; `None` where this program does not read it.
    #[must_use]
    pub fn schema_of(&self, version: u32) -> Option<serde_json::Value> {
        match usize::try_from(self.version.checked_sub(version)?).ok()? {
            0 => Some(self.schema()),
            behind => {
                let index = self.upgrades.len().checked_sub(behind)?;
                self.upgrades.get(index).map(|upgrade| (upgrade.schema)())
            }
        }
    }

    /// The JSON Schema of the body (draft 2020-12).
    #[must_use]
    pub fn schema(&self) -> serde_json::Value {
        (self.schema)()
    }
}

/// Stands in for the description of a type that `#[message]` has refused, so that its uses are not refused as well.
#[doc(hidden)]
pub static REFUSED_MESSAGE: MessageType = MessageType {
    name: "(refused)",
    version: 0,
    rust_path: "",
    location: SourceLocation { file: "", line: 0 },
    doc: "",
    transient: false,
    keys: &[],
    sensitive: &[],
    response: || None,
    upgrades: &[],
    decode: |_| Err(Unfit::refused()),
    accept: |_| Err(Unfit::refused()),
    write: |_| Err("it was refused".to_owned()),
    copy: None,
    schema: || serde_json::Value::Bool(false),
    digest: Digest { name: 0, itself: 0 },
};

impl PartialEq for MessageType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.version == other.version
    }
}

impl Eq for MessageType {}
