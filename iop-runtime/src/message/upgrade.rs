//! Stored messages of older versions: upgraded when they are read, never rewritten.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::read::{InvalidMessage, Unfit, parse};
use super::types::MessageType;

/// How a body of one version becomes a body of the next.
#[derive(Debug)]
pub struct Upgrade {
    apply: fn(&[u8]) -> Result<Vec<u8>, Refused>,
    /// The JSON Schema of the version that it takes.
    pub(super) schema: fn() -> serde_json::Value,
}

/// Why a body was not upgraded.
#[derive(Debug)]
pub enum Refused {
    /// It is not of the version that it says.
    Unfit(Unfit),
    /// The upgrade function said no.
    Function(String),
}

impl Upgrade {
    /// Called by generated code in a constant.
    #[must_use]
    pub const fn new(apply: fn(&[u8]) -> Result<Vec<u8>, Refused>, schema: fn() -> serde_json::Value) -> Self {
        Self { apply, schema }
    }
}

/// What an upgrade function returns: the next version, or a `Result` of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the next version of a message",
    label = "not a version of a message",
    note = "an upgrade is `fn(Version1) -> Version2`, or returns `iop::Result<Version2>`; put `#[message(part)]` on the types of older versions [iop E14]"
)]
pub trait Upgraded<P> {
    /// The next version.
    type Next: Serialize;

    /// The value, or why there is none.
    ///
    /// # Errors
    /// What the function says.
    fn next(self) -> Result<Self::Next, String>;
}

/// The way of [`Upgraded`] where the function cannot fail.
#[derive(Debug)]
pub enum Always {}

/// The way of [`Upgraded`] where the function may fail.
#[derive(Debug)]
pub enum Perhaps {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Upgraded<Always> for T {
    type Next = Self;

    fn next(self) -> Result<Self, String> {
        Ok(self)
    }
}

/// Applies an upgrade function to a body. For generated code.
///
/// # Errors
/// See [`Refused`].
#[doc(hidden)]
pub fn upgrade<Old, R, P>(body: &[u8], function: fn(Old) -> R) -> Result<Vec<u8>, Refused>
where
    Old: DeserializeOwned,
    R: Upgraded<P>,
{
    let old = parse(body).map_err(Refused::Unfit)?;
    let next = function(old).next().map_err(Refused::Function)?;
    serde_json::to_vec(&next).map_err(|error| Refused::Function(error.to_string()))
}

/// The JSON Schema of what an upgrade function takes. For generated code.
#[doc(hidden)]
#[must_use]
pub fn upgraded_schema<Old: JsonSchema, R>(_: fn(Old) -> R) -> serde_json::Value {
    schemars::schema_for!(Old).to_value()
}

/// The second function takes what the first one makes. For generated code.
#[doc(hidden)]
pub fn assert_upgrades_next<Old, R: Upgraded<P>, Next, P>(_: fn(Old) -> R, _: fn(R::Next) -> Next) {}

/// The function makes `M`. For generated code.
#[doc(hidden)]
pub fn assert_upgrades_to<M, Old, R: Upgraded<P, Next = M>, P>(_: fn(Old) -> R) {}

impl MessageType {
    /// The body of a stored message of `version` as one of this version.
    ///
    /// # Errors
    /// [`InvalidMessage`] where the version is newer than this program, too old, or does not fit its own type.
    pub fn upgraded<'a>(&self, version: u32, body: &'a [u8]) -> Result<Cow<'a, [u8]>, InvalidMessage> {
        if version == self.version {
            return Ok(Cow::Borrowed(body));
        }
        let whole = |reason: String| InvalidMessage { path: ".".to_owned(), reason };
        if version > self.version {
            return Err(whole(format!(
                "stored as version {version} of `{}`, and this program knows it up to version {}; start the newer program \
                 that wrote it, and resume the message there [iop E14]",
                self.name, self.version
            )));
        }
        let behind = usize::try_from(self.version - version).unwrap_or(usize::MAX);
        let Some(first) = self.upgrades.len().checked_sub(behind) else {
            return Err(whole(format!(
                "stored as version {version} of `{}`, and this program reads it from version {}; write `upgrade = \
                 [from_v{version}, …]` on `{}`, and resume the message [iop E14]",
                self.name,
                self.oldest_version(),
                self.rust_path
            )));
        };
        let mut body = Cow::Borrowed(body);
        for (upgrade, from) in self.upgrades.iter().skip(first).zip(version..) {
            body = Cow::Owned((upgrade.apply)(&body).map_err(|refused| self.not_upgraded(refused, from))?);
        }
        Ok(body)
    }

    fn not_upgraded(&self, refused: Refused, from: u32) -> InvalidMessage {
        let invalid = match refused {
            Refused::Unfit(unfit) => unfit.told(self),
            Refused::Function(reason) => InvalidMessage { path: ".".to_owned(), reason },
        };
        let reason = format!(
            "{}; the stored version {from} of `{}` cannot be upgraded to version {}: change the upgrade function, and \
             resume the message [iop E14]",
            invalid.reason,
            self.name,
            from + 1
        );
        InvalidMessage { reason, ..invalid }
    }
}
