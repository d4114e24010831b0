//! Shared fixtures of the tests.

#[cfg(unix)]
pub mod broken;
pub mod child;
pub mod http;
pub mod lab;
pub mod program;
pub mod rig;
pub mod small_disk;

/// The programs in the documents compile.
#[cfg(doctest)]
#[doc = include_str!("../docs/how-to/poll-a-folder.md")]
mod poll_a_folder {}

/// The same.
#[cfg(doctest)]
#[doc = include_str!("../docs/how-to/route-split-aggregate.md")]
mod route_split_aggregate {}

/// The same.
#[cfg(doctest)]
#[doc = include_str!("../docs/how-to/read-hl7.md")]
mod read_hl7 {}

/// The same.
#[cfg(doctest)]
#[doc = include_str!("../docs/how-to/hl7-over-mllp.md")]
mod hl7_over_mllp {}
