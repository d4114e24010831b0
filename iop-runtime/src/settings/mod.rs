//! Settings: typed values with an origin.
//!
//! A setting is declared on a component with a default in code, may be given in `production!`, and then, each over the
//! one before, in `iop.toml`, in the environment (`IOP__CLOCK__CALL_INTERVAL`) and on the command line
//! (`--set clock.call_interval=1s`).
//!
//! [`Layers`] are read as they stand; [`resolve`] makes of them, of a production's graph and of its wiring the effective
//! value of every setting, or the list of all mistakes.

pub(crate) mod closest;
mod collections;
mod collector;
mod entrance;
mod error;
mod layers;
mod live;
pub(crate) mod options;
mod proofs;
mod range;
mod rate;
mod reload;
mod resolve;
mod schedule;
mod secret;
mod size;
mod tables;
mod value;
mod watching;

pub use collector::Collector;
#[cfg(not(feature = "tls"))]
pub(crate) use entrance::WITHOUT_TLS;
pub(crate) use entrance::missing_outside;
pub use entrance::{HttpChoice, TlsFiles};
pub use error::{Origin, SettingError};
/// Makes a setting type of an enum of words: `enum Mode { Fast, VerySlow }` is `fast` or `very_slow` in every layer.
///
/// `#[setting(name = "…")]` on a variant gives it another word.
///
/// ```
/// use iop::settings::{Raw, Setting};
///
/// #[derive(Setting, Debug, Clone, Copy, PartialEq)]
/// enum Mode {
///     Fast,
///     VerySlow,
///     #[setting(name = "off")]
///     Never,
/// }
///
/// assert_eq!(Mode::TYPE, "fast, very_slow or off");
/// assert_eq!(Mode::from_raw(&Raw::from("very_slow")), Ok(Mode::VerySlow));
/// assert_eq!(Mode::Never.to_raw(), Raw::from("off"));
/// assert_eq!(Mode::from_raw(&Raw::from("fats")).unwrap_err(), "unknown word \"fats\"; did you mean `fast`?");
/// ```
pub use iop_macros::Setting;
pub use layers::{DEFAULT_FILE, ENVIRONMENT_PREFIX, LayerSources, Layers};
pub use live::{Feed, Live};
pub(crate) use options::LogFilter;
pub use options::{EngineSettings, FirstCall, ItemSettings, StoreChoice};
pub use range::{Measure, is_no_duration, measure_of};
pub use rate::Rate;
pub(crate) use reload::changes;
pub use reload::{Reloaded, SettingChange, SettingsSource};
pub use resolve::{Reload, ResolvedItem, ResolvedProduction, ShownSetting, resolve, resolve_engine};
pub use schedule::{Active, CallSchedule};
pub use secret::{Secret, is_reference};
pub use size::ByteSize;
pub use tables::{Lookup, LookupError, Snapshot, TableKind, TableUse, Tables};
pub use value::{Raw, Setting, SettingKind};

use range::Limit;
pub use watching::{AlertSettings, Keep, Retention};

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
    /// A reload changes it while its item runs.
    pub live: bool,
    /// `#[setting(unit = "…")]`.
    pub unit: Option<&'static str>,
    /// The types of the lookup table that it names.
    #[doc(hidden)]
    pub table: Option<TableKind>,
    /// Whether a value is written as it should be.
    pub check: fn(&Raw) -> Result<(), String>,
    /// Whether a value can be had: also what it only refers to.
    pub read: fn(&Raw) -> Result<(), String>,
    ranged: bool,
    min: Option<Limit>,
    max: Option<Limit>,
    measures: fn(&Raw) -> Result<Vec<Measure>, String>,
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
        let SettingKind { type_name, optional, secret, ranged, live, table, check, read, measures } = kind;
        Self {
            name,
            doc,
            type_name,
            default,
            optional,
            secret,
            live,
            unit: None,
            table,
            check,
            read,
            ranged,
            min: None,
            max: None,
            measures,
        }
    }

    /// A reload changes it while its item runs: said of settings that the engine reads each time anew.
    #[must_use]
    pub(crate) const fn live(mut self) -> Self {
        self.live = true;
        self
    }

    /// Everything that can be said of a value before what it refers to is read.
    pub(crate) fn fits(&self, raw: &Raw) -> Result<(), String> {
        (self.check)(raw)?;
        // A secret has no range, and its reference no measure.
        self.within(raw)
    }
}
