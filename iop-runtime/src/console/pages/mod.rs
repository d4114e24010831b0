//! The pages, a file each, and the addresses that they are found at.

pub(super) mod production;

use crate::director::http::Route;

/// Every page but the first.
pub(super) fn routes() -> Vec<Route> {
    Vec::new()
}
