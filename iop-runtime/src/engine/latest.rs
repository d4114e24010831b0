//! What a reload replaces while others use it: each reads the latest, and who has one keeps it.

use std::ops::Deref;
use std::sync::OnceLock;

/// A value and those that came after it. Reloads are rare and their values small, so that old ones are kept: a reader
/// needs no lock and no copy.
#[derive(Debug)]
pub(crate) struct Latest<T> {
    value: T,
    later: OnceLock<Box<Self>>,
}

impl<T> Latest<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value, later: OnceLock::new() }
    }

    /// From now on this is the latest.
    pub(crate) fn replace(&self, value: T) {
        let mut node = Box::new(Self::new(value));
        let mut last = self;
        loop {
            match last.later.get() {
                Some(later) => last = later,
                None => match last.later.set(node) {
                    Ok(()) => return,
                    Err(refused) => node = refused,
                },
            }
        }
    }
}

impl<T> Deref for Latest<T> {
    type Target = T;

    fn deref(&self) -> &T {
        let mut last = self;
        while let Some(later) = last.later.get() {
            last = later;
        }
        &last.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reads_anew_has_the_latest_and_who_has_read_keeps_what_it_has() {
        let value = Latest::new(1);
        let had: &i32 = &value;
        value.replace(2);
        value.replace(3);
        assert_eq!((*had, *value), (1, 3));
    }
}
