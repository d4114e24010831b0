//! `#[key]`: the text under which a message is found.

use std::borrow::Cow;
use std::sync::Arc;

/// The type of a `#[key]` field: its value as the index keeps it.
///
/// Implement it for a type of your own whose text identifies something:
///
/// ```
/// # use iop::message::KeyValue;
/// struct Mrn(String);
///
/// impl KeyValue for Mrn {
///     fn key(&self) -> Option<String> {
///         Some(self.0.clone())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key",
    label = "not a key",
    note = "a `#[key]` field is a text, an integer, a `bool`, a `Uuid` or an `Option` of one; for a type of your own, implement `iop::message::KeyValue` [iop E12]"
)]
pub trait KeyValue {
    /// The text; `None` leaves the key out.
    fn key(&self) -> Option<String>;
}

impl<T: KeyValue> KeyValue for Option<T> {
    fn key(&self) -> Option<String> {
        self.as_ref().and_then(KeyValue::key)
    }
}

macro_rules! texts {
    ($($ty:ty),*) => { $(
        impl KeyValue for $ty {
            fn key(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )* };
}

texts!(String, Box<str>, Arc<str>, Cow<'_, str>, char, bool);
texts!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);
texts!(super::MessageId, super::SessionId, uuid::Uuid, std::net::IpAddr, std::net::Ipv4Addr, std::net::Ipv6Addr);

/// What stands in the index of keys for a value of a `#[key(hashed)]` field: the same for the same value, and of no use to
/// whoever does not know the value. Who can guess it, can check the guess: a number of few digits is not hidden by this.
pub(crate) fn hashed(name: &str, value: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("iop #[key(hashed)] 1");
    hasher.update(&(name.len() as u64).to_le_bytes());
    hasher.update(name.as_bytes());
    hasher.update(value.as_bytes());
    let hex = hasher.finalize().to_hex();
    format!("hash:{}", hex.get(..32).unwrap_or_default())
}

/// The value of a `#[key(hashed)]` field of type `T`. For generated code.
#[doc(hidden)]
pub fn hashed_key<T: KeyValue>(name: &'static str) -> impl Fn(&T) -> Option<String> {
    move |value| value.key().map(|value| hashed(name, &value))
}

/// The keys of a message, without those that are left out. For generated code.
#[doc(hidden)]
#[must_use]
pub fn keys<const N: usize>(values: [(&'static str, Option<String>); N]) -> Vec<(&'static str, String)> {
    values.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
}
