//! The example productions as a library: their programs are a line each, and tests run them in process.

#![allow(missing_docs, missing_debug_implementations, reason = "examples are to be read, not looked up")]

pub mod earthquakes;
pub mod hl7;
pub mod mllp;
pub mod patterns;
pub mod seed;
