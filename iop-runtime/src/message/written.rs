//! Values as JSON: written into memory that a thread uses again and again, and taken out of it in their size. A buffer that
//! grows with each value would be allocated three times for a body of some hundred bytes, and stay as large as it grew.

use std::cell::Cell;

use bytes::Bytes;
use serde::Serialize;

/// A thread keeps no more than this.
const KEPT: usize = 64 << 10;

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A value as JSON.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn written(value: &impl Serialize) -> serde_json::Result<Bytes> {
    // Taken out, since whoever writes itself may write something else meanwhile.
    let mut buffer = BUFFER.take();
    buffer.clear();
    let done = serde_json::to_writer(&mut buffer, value);
    let body = Bytes::copy_from_slice(&buffer);
    if buffer.capacity() <= KEPT {
        BUFFER.set(buffer);
    }
    done.map(|()| body)
}

#[cfg(test)]
mod tests {
    use serde::{Serializer, ser};

    use super::*;

    struct Nested(&'static str);

    impl Serialize for Nested {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let inner = written(&self.0).map_err(ser::Error::custom)?;
            to.serialize_str(&String::from_utf8_lossy(&inner))
        }
    }

    struct Broken;

    impl Serialize for Broken {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(ser::Error::custom("no"))
        }
    }

    #[test]
    fn what_is_written_inside_another_value_or_after_a_failure_is_whole() {
        assert_eq!(written(&("a", Nested("b"), "c")).unwrap(), r#"["a","\"b\"","c"]"#);
        assert!(written(&("begun", Broken)).is_err());
        assert_eq!(written(&[1, 2]).unwrap(), "[1,2]");
    }

    #[test]
    fn a_large_value_leaves_no_large_buffer() {
        assert_eq!(written(&"x".repeat(2 * KEPT)).unwrap().len(), 2 * KEPT + 2);
        let kept = BUFFER.take();
        assert!(kept.capacity() <= KEPT);
    }
}
