//! Settings: typed values with an origin.
//!
//! A setting is declared on a component with a default in code, may be given in `production!`, and then, each over the
//! one before, in `iop.toml`, in the environment (`IOP__CLOCK__CALL_INTERVAL`) and on the command line
//! (`--set clock.call_interval=1s`).

mod value;

pub use value::{Raw, Setting};

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
    /// Whether a value fits.
    pub check: fn(&Raw) -> Result<(), String>,
}

impl SettingDecl {
    /// Describes a setting of type `T`.
    #[must_use]
    pub const fn new<T: Setting>(name: &'static str, doc: &'static str, default: Option<fn() -> Raw>) -> Self {
        Self { name, doc, type_name: T::TYPE, default, optional: T::OPTIONAL, check: |raw| T::from_raw(raw).map(drop) }
    }
}
