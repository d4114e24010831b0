//! The pages, a file each, and the addresses that they are found at.

pub(super) mod production;
mod trace;

use crate::console::frame::Problem;
use crate::director::Role;
use crate::director::http::Route;

/// Every page but the first.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/messages/{id}", Role::Viewer, trace::message),
        Route::get("/trace/{session}", Role::Viewer, trace::trace),
        Route::get("/trace/{session}/picture.svg", Role::Viewer, trace::picture),
    ]
}

/// How this program is called, for commands to copy.
fn program() -> String {
    let path = std::env::current_exe().ok();
    let name = path.as_deref().and_then(std::path::Path::file_name).map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "cargo run --".to_owned())
}
