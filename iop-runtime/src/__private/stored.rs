//! Whether the type of a field of a message can be stored: one question in place of the many that derives would ask.
//!
//! What is generated for a message must compile where a field's type can not be stored, so that this question alone is left.

use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use crate::production::proof::Text;

/// The type of a field of a message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in a message",
    label = "cannot be stored",
    note = "put `#[message(part)]` on `{Self}`; a type of another crate needs `Serialize`, `Deserialize` and `JsonSchema`, which many crates have as features [iop E12]"
)]
pub trait Part {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema> Part for T {}

/// The question.
pub const fn assert_part<T: Part>() {}

/// What a [`Part`] can do, without saying by which traits: a bound on it is one bound. The lifetime means nothing; with one
/// that is bound in it, rustc believes the bound where it stands, and looks at it where it is needed.
pub trait Stored<'x> {
    /// The type.
    type Itself: JsonSchema;

    /// Serialises it.
    ///
    /// # Errors
    /// Those of the serializer.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema> Stored<'_> for T {
    type Itself = T;

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

/// Serialises a field.
///
/// # Errors
/// Those of the serializer.
pub fn write_stored<T: for<'x> Stored<'x>, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

// The schema of a field: that of its type. Were this a doc comment, it would be a description and another schema.
#[allow(missing_docs, reason = "see above")]
#[derive(Debug, JsonSchema)]
#[schemars(with = "<T as Stored<'static>>::Itself", bound = "T: for<'x> Stored<'x>")]
pub struct SchemaOf<T>(PhantomData<T>);

/// What is known of a type where it is named; where it is not, [`Otherwise`] has the word.
#[derive(Debug)]
pub struct Asked<T>(PhantomData<T>);

impl<T: Serialize + DeserializeOwned + JsonSchema> Asked<T> {
    /// It can be stored.
    pub const STORED: bool = true;
}

impl<T: JsonSchema> Asked<T> {
    /// The schema of the type.
    pub fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// What rustc finds of a type that cannot be stored. It is refused, so none of this is ever run.
pub trait Otherwise {
    /// It cannot be stored.
    const STORED: bool = false;

    /// No schema.
    #[must_use]
    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        Schema::default()
    }
}

impl<T> Otherwise for Asked<T> {}

/// A type can be stored where all can that it holds.
///
/// # Panics
/// Where it cannot; of what it holds, [`assert_part`] is asked.
#[track_caller]
pub const fn assert_held(ty: &str, stored: bool, held: &[bool]) {
    let mut index = 0;
    while index < held.len() {
        if !held[index] {
            return;
        }
        index += 1;
    }
    if !stored {
        let text = Text::new().add("`").add(ty).add("` cannot stand in a message, though what it holds can; ");
        panic!("{}", text.add("write a type that is `Serialize`, `Deserialize` and `JsonSchema` [iop E12]").as_str());
    }
}
