//! Values of settings: what they look like in text and in TOML.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A value before its type is known, as TOML and text give it.
pub type Raw = serde_json::Value;

/// A type that a setting may have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a setting",
    label = "not a setting type",
    note = "use a number, `bool`, `String`, `Duration`, `PathBuf`, `SocketAddr`, an `Option` or `Vec` of them, or implement `iop::settings::Setting` [iop E12]"
)]
pub trait Setting: Sized + Send + 'static {
    /// The type, for people: `duration (5s, 10m)`.
    const TYPE: &'static str;
    /// May be left out without a default.
    const OPTIONAL: bool = false;
    /// Is never shown.
    const SECRET: bool = false;

    /// Reads a value; text is accepted for every type, since the environment and `--set` have nothing else.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence that names the key.
    fn from_raw(raw: &Raw) -> Result<Self, String>;

    /// The value as it is shown and as [`from_raw`](Self::from_raw) reads it.
    fn to_raw(&self) -> Raw;

    /// The value of a setting that is left out.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }

    /// What declarations take from the type.
    #[doc(hidden)]
    const KIND: SettingKind = SettingKind {
        type_name: Self::TYPE,
        optional: Self::OPTIONAL,
        secret: Self::SECRET,
        check: |raw| Self::from_raw(raw).map(drop),
    };
}

/// See [`Setting::KIND`].
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct SettingKind {
    pub(super) type_name: &'static str,
    pub(super) optional: bool,
    pub(super) secret: bool,
    pub(super) check: fn(&Raw) -> Result<(), String>,
}

pub(super) fn expected<T: Setting>(raw: &Raw) -> String {
    format!("expected {}, found {raw}", T::TYPE)
}

macro_rules! integers {
    ($($ty:ty)*) => { $(
        impl Setting for $ty {
            const TYPE: &'static str = concat!("integer (", stringify!($ty), ")");

            fn from_raw(raw: &Raw) -> Result<Self, String> {
                match raw {
                    Raw::Number(number) => serde_json::from_value(Raw::Number(number.clone())).ok(),
                    Raw::String(text) => text.trim().parse().ok(),
                    _ => None,
                }
                .ok_or_else(|| expected::<Self>(raw))
            }

            fn to_raw(&self) -> Raw {
                Raw::from(*self)
            }
        }
    )* };
}

integers!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

impl Setting for f64 {
    const TYPE: &'static str = "number";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Number(number) => number.as_f64(),
            Raw::String(text) => text.trim().parse().ok().filter(|number: &Self| number.is_finite()),
            _ => None,
        }
        .ok_or_else(|| expected::<Self>(raw))
    }

    fn to_raw(&self) -> Raw {
        Raw::from(*self)
    }
}

impl Setting for bool {
    const TYPE: &'static str = "true or false";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Bool(value) => Some(*value),
            Raw::String(text) => text.trim().parse().ok(),
            _ => None,
        }
        .ok_or_else(|| expected::<Self>(raw))
    }

    fn to_raw(&self) -> Raw {
        Raw::from(*self)
    }
}

impl Setting for String {
    const TYPE: &'static str = "text";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::String(text) => Ok(text.clone()),
            _ => Err(expected::<Self>(raw)),
        }
    }

    fn to_raw(&self) -> Raw {
        Raw::from(self.as_str())
    }
}

impl Setting for PathBuf {
    const TYPE: &'static str = "path";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::String(text) if !text.is_empty() => Ok(Self::from(text)),
            _ => Err(expected::<Self>(raw)),
        }
    }

    fn to_raw(&self) -> Raw {
        Raw::from(self.to_string_lossy())
    }
}

impl Setting for SocketAddr {
    const TYPE: &'static str = "address (127.0.0.1:4100)";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::String(text) => text.trim().parse().ok(),
            _ => None,
        }
        .ok_or_else(|| expected::<Self>(raw))
    }

    fn to_raw(&self) -> Raw {
        Raw::from(self.to_string())
    }
}

impl Setting for Duration {
    const TYPE: &'static str = "duration (500ms, 5s, 10m, 1h30m)";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let text = raw.as_str().ok_or_else(|| expected::<Self>(raw))?;
        text.trim()
            .parse::<jiff::SignedDuration>()
            .ok()
            .and_then(|duration| Self::try_from(duration).ok())
            .ok_or_else(|| expected::<Self>(raw))
    }

    fn to_raw(&self) -> Raw {
        match jiff::SignedDuration::try_from(*self) {
            Ok(duration) => Raw::from(format!("{duration:#}")),
            Err(_) => Raw::from(format!("{}s", self.as_secs())),
        }
    }
}

impl<T: Setting> Setting for Option<T> {
    const TYPE: &'static str = T::TYPE;
    const OPTIONAL: bool = true;
    const SECRET: bool = T::SECRET;

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        if raw.is_null() { Ok(None) } else { T::from_raw(raw).map(Some) }
    }

    fn to_raw(&self) -> Raw {
        self.as_ref().map_or(Raw::Null, T::to_raw)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Setting> Setting for Vec<T> {
    const TYPE: &'static str = "list";
    const SECRET: bool = T::SECRET;

    /// A TOML array, or text with commas.
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Array(values) => values.iter().map(T::from_raw).collect(),
            Raw::String(text) if text.trim().is_empty() => Ok(Self::new()),
            Raw::String(text) => text.split(',').map(|part| T::from_raw(&Raw::from(part.trim()))).collect(),
            _ if T::SECRET => Err("expected a list of secrets".to_owned()),
            _ => Err(expected::<Self>(raw)),
        }
    }

    fn to_raw(&self) -> Raw {
        Raw::Array(self.iter().map(T::to_raw).collect())
    }
}

/// A text that is never shown: a password, a token. It has no default in code and no literal in `production!`; give it
/// in the environment or in a file that only the program may read.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for whoever must send it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Setting for Secret {
    const TYPE: &'static str = "secret text";
    const SECRET: bool = true;

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        // The value is in no message: a mistake in a secret is shown on the same terminal as any other.
        raw.as_str().map(Self::new).ok_or_else(|| "expected text".to_owned())
    }

    fn to_raw(&self) -> Raw {
        Raw::from(self.0.as_str())
    }
}
