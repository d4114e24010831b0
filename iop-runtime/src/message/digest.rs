//! Short numbers for message types, so that a constant can compare a thousand of them: it runs in an interpreter.

use super::SourceLocation;

/// What is compared of a message type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Digest {
    /// Of its name.
    pub(crate) name: u64,
    /// Of the type itself: two with the same are one.
    pub(crate) itself: u64,
}

impl Digest {
    pub(super) const fn of(name: &str, rust_path: &str, location: SourceLocation) -> Self {
        let itself = digest(digest(START, rust_path), location.file);
        Self { name: digest(START, name), itself: mix(itself, location.line as u64) }
    }
}

/// FNV-1a.
const START: u64 = 0xcbf2_9ce4_8422_2325;

const fn digest(mut so_far: u64, text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        so_far = mix(so_far, bytes[index] as u64);
        index += 1;
    }
    // What follows does not continue this text.
    mix(so_far, 0x100)
}

const fn mix(so_far: u64, more: u64) -> u64 {
    (so_far ^ more).wrapping_mul(0x0100_0000_01b3)
}
