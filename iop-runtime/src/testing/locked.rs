//! The lock of the messages as a test of the user's own.

use std::path::PathBuf;

use crate::production::Production;
use crate::production::lock::{LOCK_FILE, MessagesLock, breaks, types};

/// Compares the message types of `P` with `messages.lock` beside the `Cargo.toml` of the crate that is tested.
///
/// ```no_run
/// # use iop::prelude::*;
/// # production! { Lab {} }
/// #[test]
/// fn stored_messages_can_be_read() {
///     iop::testing::assert_messages_locked::<Lab>();
/// }
/// ```
///
/// # Panics
/// Where stored messages could not be read, with the type, the field and what to write; and where the file is missing or not
/// up to date.
pub fn assert_messages_locked<P: Production>() {
    // cargo sets it for tests that it runs; without it, the folder in which they run is the crate's.
    let crate_folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    assert_messages_locked_in::<P>(crate_folder.join(LOCK_FILE));
}

/// As [`assert_messages_locked`], with the lock in a file of another name: several programs of one crate.
///
/// # Panics
/// As [`assert_messages_locked`].
pub fn assert_messages_locked_in<P: Production>(file: impl Into<PathBuf>) {
    let file = file.into();
    let types = types(P::GRAPH);
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!(
            "cannot read {}: {error}\n  help: write it with the program's command `lock`, and commit it",
            file.display()
        )
    });
    let older =
        MessagesLock::parse(&text).unwrap_or_else(|error| panic!("{} is no lock of messages: {error}", file.display()));
    let broken: Vec<String> = breaks(&types, &older).iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "stored messages could not be read:\n{}", broken.join("\n"));
    let changed = MessagesLock::of(&types).changed_since(&older);
    assert!(
        changed.is_empty(),
        "{} is not up to date: {}\n  help: write it again with the program's command `lock`, and commit it",
        file.display(),
        changed.join(", ")
    );
}
