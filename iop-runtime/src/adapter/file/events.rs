//! What the file adapters say in the log: one function for each event, so that each is worded once.
//!
//! Names of files come from outside: they are written escaped.

use std::ffi::OsStr;
use std::fmt::Display;
use std::path::Path;

/// A name as a log line may show it.
fn shown(name: &OsStr) -> String {
    name.to_string_lossy().escape_debug().to_string()
}

/// The file that was accepted is one that was processed before. Nothing is lost: `info`.
pub(super) fn processed_before(file: &str, archived: &Path) {
    tracing::info!(
        %file,
        archived = %archived.display(),
        "The same file (name and content) was processed before. It is archived and processed no second time."
    );
}

/// The message of the file is stored.
pub(super) fn archived(file: &str, archived: &Path) {
    tracing::debug!(%file, archived = %archived.display(), "The file is archived.");
}

/// The message of the file is stored, and the file is gone: somebody took it from the work folder.
pub(super) fn not_archived(file: &str, error: impl Display) {
    tracing::warn!(%file, "The file was taken from the work folder and cannot be archived: {error}.");
}

/// A file was left in the work folder when the process ended.
pub(super) fn taken_up_again(file: &OsStr) {
    tracing::info!(file = %shown(file), "The file was claimed when the process ended; it is taken up again.");
}

/// A file went to the errors folder: a person is needed.
pub(super) fn set_aside(file: &OsStr, aside: &Path, why: impl Display) {
    tracing::error!(file = %shown(file), aside = %aside.display(), "The file is set aside: {why}.");
}

/// A file is left where it is, and looked at again with every call.
pub(super) fn left(file: &OsStr, why: impl Display) {
    tracing::warn!(file = %shown(file), "The file is left where it is: {why}.");
}

/// Somebody else took the file.
pub(super) fn vanished(file: &OsStr) {
    tracing::debug!(file = %shown(file), "The file is gone again before it was claimed.");
}

/// The last line of a file was not written to its end.
pub(super) fn torn_line(file: &Path, bytes: u64, kept: &Path) {
    tracing::warn!(
        file = %file.display(),
        bytes,
        kept = %kept.display(),
        "The last line was not written to its end. It is cut off and kept beside the file."
    );
}
