#![deny(warnings, missing_docs)]
#![deny(future_incompatible, keyword_idents, let_underscore, nonstandard_style, refining_impl_trait, rust_2018_idioms)]
#![deny(
    rust_2021_compatibility,
    rust_2024_compatibility,
    unused,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements
)]
#![deny(meta_variable_misuse, non_ascii_idents, redundant_lifetimes, single_use_lifetimes, trivial_casts)]
#![deny(trivial_numeric_casts, unit_bindings, unreachable_pub, unused_import_braces, unused_lifetimes)]
#![deny(unused_macro_rules, unused_qualifications, unused_results, variant_size_differences, clippy::pedantic)]
#![forbid(unsafe_code)]
#![allow(missing_debug_implementations, reason = "no strict project asks it of every struct")]
//! Types that stand inside messages, wherever they may stand, with whatever may stand beside them.

use std::collections::{BTreeMap, HashMap};

use iop::message;

/// A part.
#[message(part)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ward {
    /// Its name.
    pub name: String,
}

/// A part with parts, and with itself.
#[message(part)]
#[derive(Clone, Debug)]
#[must_use]
#[non_exhaustive]
pub struct House {
    /// Its wards.
    pub wards: Vec<Ward>,
    /// Houses in it.
    pub annexes: Vec<House>,
    /// And behind a box.
    pub next: Option<Box<House>>,
}

/// A part of any type.
#[message(part)]
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
}

/// Another name for a type that may be missing.
pub type Perhaps = Option<Ward>;

/// A message with all of them.
#[message(version = 3)]
#[derive(Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Admit {
    /// A key.
    #[key]
    pub record_number: String,
    /// One.
    pub ward: Ward,
    /// By another name.
    pub earlier: Perhaps,
    /// Not for every eye, and another name.
    #[sensitive]
    #[serde(alias = "later", default)]
    pub next: Option<Ward>,
    /// Held twice.
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub by_day: HashMap<String, Vec<(Ward, u8)>>,
    /// As a key.
    pub beds: BTreeMap<u32, [Ward; 2]>,
    /// With its fields here.
    #[serde(flatten)]
    pub house: House,
    /// Of any type.
    pub page: Page<Ward>,
    /// With an attribute of the schema.
    #[schemars(description = "said otherwise")]
    pub note: Ward,
    /// Not stored.
    #[serde(skip)]
    pub cached: std::cell::Cell<u8>,
    #[deprecated]
    #[allow(missing_docs, reason = "it is on its way out")]
    pub old: Ward,
}

/// An enum of them.
#[message]
#[serde(tag = "kind")]
pub enum Change {
    /// Alone.
    In(Ward),
    /// With others.
    Out {
        /// From.
        from: Ward,
    },
    /// None.
    #[serde(other)]
    Nothing,
}

/// By place.
#[message]
#[derive(Clone)]
pub struct Pair(pub Ward, #[sensitive] pub Option<House>);

/// Written where it is needed.
pub fn inside() {
    /// A part of a message that only this function knows.
    #[message(part)]
    struct Local {
        _a: u8,
    }

    /// A message that only this function knows.
    #[message]
    struct Told {
        _local: Local,
    }
}

macro_rules! told {
    ($name:ident, $ty:ty) => {
        /// Made by a macro.
        #[message]
        pub struct $name {
            /// What the macro was told.
            pub what: $ty,
            /// What it knows itself.
            pub own: $crate::Ward,
        }
    };
}

told!(Made, Vec<Ward>);
