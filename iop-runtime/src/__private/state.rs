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
pub trait StateValue: Sized {
    /// Before the first turn.
    fn start() -> Self;

    /// As it is stored.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    fn save(&self) -> Result<Value, serde_json::Error>;

    /// As it was stored.
    ///
    /// # Errors
    /// Where the value does not fit.
    fn load(value: Value) -> Result<Self, serde_json::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: Default + Serialize + DeserializeOwned> StateValue for T {
    fn start() -> Self {
        T::default()
    }

    fn save(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn load(value: Value) -> Result<Self, serde_json::Error> {
        serde_json::from_value(value)
    }
}

/// Collects the fields.
#[derive(Debug, Default)]
pub struct StateWriter(Map<String, Value>);

impl StateWriter {
    /// Adds a field, as [`StateValue::save`] gives it.
    ///
    /// # Errors
    /// Fatal where it cannot be written as JSON.
    pub fn field(&mut self, name: &'static str, value: Result<Value, serde_json::Error>) -> Result {
        let value = value.map_err(|error| Error::fatal(format!("state `{name}` is not JSON: {error}")))?;
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

    /// A field, by [`StateValue::start`] and [`StateValue::load`]: its default where the state was stored before the field
    /// existed.
    ///
    /// # Errors
    /// Fatal where the value does not fit.
    pub fn field<T>(
        &mut self,
        name: &'static str,
        start: fn() -> T,
        load: fn(Value) -> Result<T, serde_json::Error>,
    ) -> Result<T> {
        match self.0.remove(name) {
            Some(value) => load(value).map_err(|error| Error::fatal(format!("the stored state `{name}`: {error}"))),
            None => Ok(start()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field<T: StateValue>(reader: &mut StateReader, name: &'static str) -> Result<T> {
        reader.field(name, T::start, T::load)
    }

    #[test]
    fn state_comes_back_as_it_was_and_a_new_field_starts_at_its_default() {
        let mut writer = StateWriter::default();
        writer.field("seen", vec![1, 2].save()).unwrap();
        let mut reader = StateReader::new(&writer.finish().unwrap()).unwrap();
        assert_eq!(field::<Vec<u32>>(&mut reader, "seen").unwrap(), [1, 2]);
        assert_eq!(field::<Option<u32>>(&mut reader, "added_later").unwrap(), None);
    }

    #[test]
    fn state_that_does_not_fit_is_fatal_and_names_the_field() {
        let mut reader = StateReader::new(br#"{"seen": "many"}"#).unwrap();
        let error = field::<u32>(&mut reader, "seen").unwrap_err();
        assert_eq!(error.disposition(), crate::component::Disposition::Fatal);
        assert!(error.to_string().starts_with("the stored state `seen`: "), "{error}");
    }
}
