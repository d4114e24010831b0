//! What the file adapters say, in one place, so that one thing is always said the same way.
//!
//! Names of files come from outside: they are written escaped.

use std::ffi::OsStr;
use std::fmt::Display;
use std::path::Path;

use tracing::{debug, error, info, warn};

/// A name as a line of the log may show it.
fn shown(name: &OsStr) -> String {
    name.to_string_lossy().escape_debug().to_string()
}

/// The message of the file is stored, now or when the same file was processed before.
pub(super) fn archived(file: &str, archived: &Path, duplicate: bool) {
    let which = if duplicate { ", a file that was processed before," } else { "" };
    debug!("{file}{which} is archived as {}", archived.display());
}

/// The message of the file is stored, and somebody took the file from the work folder.
pub(super) fn not_archived(file: &str, error: impl Display) {
    warn!("{file} is stored, but cannot be archived: {error}");
}

/// A file was left in the work folder when the process ended.
pub(super) fn taken_up_again(file: &OsStr) {
    info!("{} was claimed when the process ended; it is taken up again", shown(file));
}

/// A file cannot be taken and went to the errors folder: a person is needed.
pub(super) fn set_aside(file: &OsStr, aside: &Path, why: impl Display) {
    error!("{} is set aside as {}: {why}", shown(file), aside.display());
}

/// The service failed on a file, as the engine has said; this is where the file went.
pub(super) fn kept_aside(file: &str, aside: &Path) {
    info!("{file} lies in {}", aside.display());
}

/// A file is left where it is, and tried again with every call.
pub(super) fn left(file: &OsStr, why: impl Display) {
    warn!("{} is left where it is: {why}", shown(file));
}

/// Somebody else took the file.
pub(super) fn vanished(file: &OsStr) {
    debug!("{} is gone before it was taken", shown(file));
}

/// The last line of a file was not written to its end.
pub(super) fn torn_line(file: &Path, bytes: u64, kept: &Path) {
    warn!(
        "{}: the last line was not written to its end; {bytes} bytes are cut off and kept in {}",
        file.display(),
        kept.display()
    );
}
