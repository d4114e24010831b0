//! What fields of a component start with, and what its hooks return.

use crate::component::{HandlerResult, IntoSetting, NoValue, Result};
use crate::settings::Raw;

/// A default for a setting, as `#[setting(default = …)]` writes it.
pub fn default<T, V: IntoSetting<T>>(value: V) -> Raw {
    value.into_raw()
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

/// The first value of a field without attribute.
#[must_use]
pub fn fresh<T: StartsAsDefault>() -> T {
    T::start()
}

/// The return value of `on_init` and `on_teardown`.
///
/// # Errors
/// The hook's failure.
pub fn finished<R>(returned: R) -> Result
where
    R: HandlerResult,
    R::Value: NoValue,
{
    returned.into_result().map(drop)
}

/// Stands in for a function whose signature has been refused; no program that contains it compiles.
pub async fn refused<T>() -> T {
    std::future::pending().await
}

/// Stands in for the value of a field whose type has been refused; no program that contains it compiles.
pub fn refused_value<T>() -> T {
    loop {
        std::thread::park();
    }
}
