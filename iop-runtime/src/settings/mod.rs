//! Settings: typed values with an origin.
//!
//! A setting is declared on a component with a default in code, may be given in `production!`, and then, each over the
//! one before, in `iop.toml`, in the environment (`IOP__CLOCK__CALL_INTERVAL`) and on the command line
//! (`--set clock.call_interval=1s`).

//!
//! [`Layers`] are read as they stand; [`resolve`] makes of them, of a production's graph and of its wiring the effective
//! value of every setting, or the list of all mistakes.

pub(crate) mod closest;
mod error;
mod layers;
pub(crate) mod options;
mod proofs;
mod rate;
mod resolve;
mod value;

pub use error::{Origin, SettingError};
pub use layers::{DEFAULT_FILE, ENVIRONMENT_PREFIX, LayerSources, Layers};
pub(crate) use options::LogFilter;
pub use options::{EngineSettings, FirstCall, HttpChoice, ItemSettings, StoreChoice};
pub use rate::Rate;
pub use resolve::{ResolvedItem, ResolvedProduction, ShownSetting, resolve, resolve_engine};
pub use value::{Raw, Secret, Setting, SettingKind};

/// A declared setting.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SettingDecl {
    /// The field's name, and the key under the item's.
    pub name: &'static str,
    /// The doc comment.
    pub doc: &'static str,
    /// The type, for people.
    pub type_name: &'static str,
    /// `#[setting(default = …)]`.
    pub default: Option<fn() -> Raw>,
    /// May be left out without a default (`Option<T>`).
    pub optional: bool,
    /// Its value is never shown.
    pub secret: bool,
    /// Whether a value fits.
    pub check: fn(&Raw) -> Result<(), String>,
}

impl SettingDecl {
    /// Describes a setting of type `T`.
    #[must_use]
    pub const fn new<T: Setting>(name: &'static str, doc: &'static str, default: Option<fn() -> Raw>) -> Self {
        Self::of(T::KIND, name, doc, default)
    }

    /// Describes a setting by [`Setting::KIND`]: what generated code calls, so that the type is named in one way only.
    #[doc(hidden)]
    #[must_use]
    pub const fn of(kind: SettingKind, name: &'static str, doc: &'static str, default: Option<fn() -> Raw>) -> Self {
        let SettingKind { type_name, optional, secret, check } = kind;
        Self { name, doc, type_name, default, optional, secret, check }
    }
}
