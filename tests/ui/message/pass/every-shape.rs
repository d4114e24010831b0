#![deny(warnings, missing_docs)]
#![allow(missing_debug_implementations, reason = "the macros ask for none")]
//! Passes.
#[path = "../../parts.rs"]
#[allow(missing_docs, reason = "what the cases are made of")]
mod parts;
use iop::prelude::*;
use parts::*;

/// Part of a message.
#[message(part)]
#[derive(Clone, PartialEq)]
pub struct Line {
    /// Text.
    pub text: String,
}

/// A message that is an enum.
#[message(name = "acme.order", version = 2, response = Greeting)]
#[derive(Clone)]
pub enum Order {
    /// By number.
    Number(u64),
    /// By lines.
    Lines {
        /// The lines.
        lines: Vec<Line>,
    },
    /// None.
    Nothing,
}

/// Keys and what is not shown.
#[message(transient)]
pub struct Patient {
    /// Record number.
    #[key]
    pub mrn: String,
    /// Ward, where there is one.
    #[key]
    pub ward: Option<u32>,
    /// Not for every eye.
    #[sensitive]
    #[serde(default)]
    pub name: String,
}

/// No fields.
#[message]
pub struct Ping;

/// By place.
#[message]
pub struct Pair(pub u8, pub Option<Line>);
