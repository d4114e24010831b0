//! Values of settings: what they look like in text and in TOML.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::Feed;
use super::range::Measure;
use super::tables::TableKind;

/// A value before its type is known, as TOML and text give it.
pub type Raw = serde_json::Value;

/// A type that a setting may have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a setting",
    label = "not a setting type",
    note = "use a number, `bool`, `String`, `Duration`, `PathBuf`, `SocketAddr`, `ByteSize`, a `Secret`, an `Option` or `Vec` of them, or put `#[derive(iop::settings::Setting)]` on an enum of words [iop E12]"
)]
pub trait Setting: Sized + Send + 'static {
    /// The type, for people: `duration (5s, 10m)`.
    const TYPE: &'static str;
    /// May be left out without a default.
    const OPTIONAL: bool = false;
    /// Is never shown, and has no literal in code.
    const SECRET: bool = false;
    /// May have a `min` and a `max`: has [`measures`](Self::measures).
    const RANGED: bool = false;
    /// Sees a new value while the production runs.
    const LIVE: bool = false;

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

    /// Whether a value is written as it should be. What a value only refers to, such as a secret in a file, is not asked
    /// for: a layer that is replaced by a later one need not be at hand.
    ///
    /// # Errors
    /// See [`from_raw`](Self::from_raw).
    fn check(raw: &Raw) -> Result<(), String> {
        Self::from_raw(raw).map(drop)
    }

    /// What `min` and `max` are compared with: one for a single value, each of a list.
    fn measures(&self) -> Vec<Measure> {
        Vec::new()
    }

    /// Learns where later values come from. `name` is the setting's.
    #[doc(hidden)]
    fn follow(&mut self, name: &'static str, feed: &Feed) {
        let _ = (name, feed);
    }

    /// The lookup table that a value names.
    #[doc(hidden)]
    const TABLE: Option<TableKind> = None;

    /// What declarations take from the type.
    #[doc(hidden)]
    const KIND: SettingKind = SettingKind {
        type_name: Self::TYPE,
        optional: Self::OPTIONAL,
        secret: Self::SECRET,
        ranged: Self::RANGED,
        live: Self::LIVE,
        table: Self::TABLE,
        check: Self::check,
        read: |raw| Self::from_raw(raw).map(drop),
        measures: |raw| Self::from_raw(raw).map(|value| value.measures()),
    };
}

/// See [`Setting::KIND`].
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct SettingKind {
    pub(super) type_name: &'static str,
    pub(super) optional: bool,
    pub(super) secret: bool,
    pub(super) ranged: bool,
    pub(super) live: bool,
    pub(super) table: Option<TableKind>,
    pub(super) check: fn(&Raw) -> Result<(), String>,
    pub(super) read: fn(&Raw) -> Result<(), String>,
    pub(super) measures: fn(&Raw) -> Result<Vec<Measure>, String>,
}

pub(super) fn expected<T: Setting>(raw: &Raw) -> String {
    format!("expected {}, found {raw}", T::TYPE)
}

macro_rules! integers {
    ($($ty:ty)*) => { $(
        impl Setting for $ty {
            const TYPE: &'static str = concat!("integer (", stringify!($ty), ")");
            const RANGED: bool = true;

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

            fn measures(&self) -> Vec<Measure> {
                vec![Measure::from(*self)]
            }
        }
    )* };
}

integers!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

impl Setting for f64 {
    const TYPE: &'static str = "number";
    const RANGED: bool = true;

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

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::Real(*self)]
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
    const RANGED: bool = true;

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

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::Whole(i128::try_from(self.as_nanos()).unwrap_or(i128::MAX))]
    }
}
