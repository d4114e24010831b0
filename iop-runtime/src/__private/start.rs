//! What stands in generated code for values that a component starts with.

use crate::component::{Accepted, Error, IntoSetting, Result};
use crate::settings::Raw;
use crate::settings::closest::closest;

/// A default for a setting, as `#[setting(default = …)]` writes it.
pub fn default<T, V: IntoSetting<T>>(value: V) -> Raw {
    value.into_raw()
}

/// One of the words of an enum that is a setting.
///
/// # Errors
/// Where it is none of them.
pub fn word<T>(raw: &Raw, of: impl Fn(&str) -> Option<T>, words: &[&str]) -> std::result::Result<T, String> {
    let written = raw.as_str().map(str::trim).unwrap_or_default();
    of(written).ok_or_else(|| match closest(written, words.iter().copied()) {
        Some(near) => format!("unknown word {raw}; did you mean `{near}`?"),
        None => format!("unknown word {raw}; write {}", words.join(", ")),
    })
}

/// The type of a field without attribute.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` does not say what it starts with",
    label = "has no `Default`",
    note = "a field without attribute starts as `Default` in each worker: write `Option<{Self}>` and fill it in `on_init`, or put `#[setting]`, `#[target]` or `#[state]` on it [iop E12]"
)]
pub trait StartsAsDefault {
    /// The first value.
    fn start() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> StartsAsDefault for T {
    fn start() -> Self {
        T::default()
    }
}

/// The type of a setting `call_interval` that a component declares itself.
#[diagnostic::on_unimplemented(
    message = "the setting `call_interval` is a `{Self}`",
    label = "not a `Duration`",
    note = "the engine reads it: write `call_interval: Duration`, or give the setting another name [iop E12]"
)]
pub trait CallInterval {
    /// Shows rustc that the field is not unused.
    fn is_read(&self);
}

impl CallInterval for std::time::Duration {
    fn is_read(&self) {}
}

/// Stands in for the value of a field that has been refused.
///
/// # Errors
/// Always; no program that contains it compiles.
pub fn refused<T>() -> Result<T> {
    Err(Error::fatal("this field has been refused"))
}

/// Stands in for what a refused target carries: every item accepts it.
#[derive(Debug)]
pub struct Refused;

impl<C> Accepted<C> for Refused {}
