//! The `#[state]` of a process as it is stored: one JSON object by field name.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::component::{Error, Result};

/// The type of a `#[state]` field.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be the state of a process",
    label = "cannot be stored as state",
    note = "state is stored between turns: it needs `Default`, `Serialize` and `Deserialize` (`#[message(part)]` derives the last two) [iop E12]"
)]
pub trait StateValue: Serialize + DeserializeOwned {
    /// Before the first turn.
    fn start() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default + Serialize + DeserializeOwned> StateValue for T {
    fn start() -> Self {
        T::default()
    }
}

/// A state field before the first turn.
#[must_use]
pub fn state_default<T: StateValue>() -> T {
    T::start()
}

/// Collects the fields.
#[derive(Debug, Default)]
pub struct StateWriter(Map<String, Value>);

impl StateWriter {
    /// Adds a field.
    ///
    /// # Errors
    /// Fatal where it cannot be written as JSON.
    pub fn field<T: Serialize>(&mut self, name: &'static str, value: &T) -> Result {
        let value = serde_json::to_value(value)
            .map_err(|error| Error::fatal(format!("state `{name}` is not JSON: {error}")))?;
        self.0.insert(name.to_owned(), value);
        Ok(())
    }

    /// The state.
    ///
    /// # Errors
    /// Fatal where it cannot be written as JSON.
    pub fn finish(self) -> Result<Bytes> {
        serde_json::to_vec(&self.0).map(Bytes::from).map_err(Error::fatal)
    }
}

/// Gives the fields.
#[derive(Debug)]
pub struct StateReader(Map<String, Value>);

impl StateReader {
    /// Reads a stored state.
    ///
    /// # Errors
    /// Fatal where it is not a JSON object.
    pub fn new(data: &[u8]) -> Result<Self> {
        serde_json::from_slice(data).map(Self).map_err(|error| Error::fatal(format!("the stored state: {error}")))
    }

    /// A field; its default where the state was stored before the field existed.
    ///
    /// # Errors
    /// Fatal where the value does not fit.
    pub fn field<T: StateValue>(&mut self, name: &'static str) -> Result<T> {
        match self.0.remove(name) {
            Some(value) => serde_json::from_value(value)
                .map_err(|error| Error::fatal(format!("the stored state `{name}`: {error}"))),
            None => Ok(T::start()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_comes_back_as_it_was_and_a_new_field_starts_at_its_default() {
        let mut writer = StateWriter::default();
        writer.field("seen", &vec![1, 2]).unwrap();
        let mut reader = StateReader::new(&writer.finish().unwrap()).unwrap();
        assert_eq!(reader.field::<Vec<u32>>("seen").unwrap(), [1, 2]);
        assert_eq!(reader.field::<Option<u32>>("added_later").unwrap(), None);
    }

    #[test]
    fn state_that_does_not_fit_is_fatal_and_names_the_field() {
        let mut reader = StateReader::new(br#"{"seen": "many"}"#).unwrap();
        let error = reader.field::<u32>("seen").unwrap_err();
        assert_eq!(error.disposition(), crate::component::Disposition::Fatal);
        assert!(error.to_string().starts_with("the stored state `seen`: "), "{error}");
    }
}
