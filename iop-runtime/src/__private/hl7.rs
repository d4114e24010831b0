//! What `hl7!` and `hl7_dictionary!` ask while the user's crate is compiled. A `panic!` in here is a compile error in the
//! user's source, at the token that a function was called for; its text is ours.

pub use crate::hl7::Draft;
use crate::hl7::{Dictionary, Field, Path, SegmentName, Wanted};
use crate::production::proof::{Text, same};

/// Begins a path.
///
/// # Panics
/// Where the dictionary does not have the segment.
#[must_use]
#[track_caller]
pub const fn segment(dictionary: &'static Dictionary, name: &str) -> Draft {
    found(Draft::of(dictionary, name, None))
}

/// The same segment, the so-many-eth of its name.
///
/// # Panics
/// Where they are not counted so.
#[must_use]
#[track_caller]
pub const fn occurrence(draft: Draft, number: u16) -> Draft {
    found(draft.nth(number))
}

/// A field or component by its number.
///
/// # Panics
/// Where the dictionary does not have it.
#[must_use]
#[track_caller]
pub const fn numbered(draft: Draft, number: u16) -> Draft {
    found(draft.step(Wanted::Number(number)))
}

/// A field or component by its name.
///
/// # Panics
/// Where the dictionary does not have it.
#[must_use]
#[track_caller]
pub const fn named(draft: Draft, name: &str) -> Draft {
    found(draft.step(Wanted::Name(name)))
}

/// A repetition of the field.
///
/// # Panics
/// Where it does not repeat.
#[must_use]
#[track_caller]
pub const fn repetition(draft: Draft, number: u16) -> Draft {
    found(draft.repetition(number))
}

/// The path that was looked up.
#[must_use]
pub const fn path(draft: Draft) -> Path {
    draft.path()
}

/// The name of the segment that was looked up.
#[must_use]
pub const fn segment_name(draft: Draft) -> SegmentName {
    SegmentName::of(draft)
}

#[track_caller]
const fn found(looked: Result<Draft, Text>) -> Draft {
    match looked {
        Ok(draft) => draft,
        Err(text) => panic!("{}", text.add(" [iop E16]").as_str()),
    }
}

/// A field of a row, with the words that stand behind its type.
///
/// # Panics
/// Where such a word means nothing.
#[must_use]
#[track_caller]
pub const fn field(name: &'static str, of: &'static str, flags: &[&str]) -> Field {
    let mut field = Field { name, of, required: false, repeats: false };
    let mut index = 0;
    while index < flags.len() {
        if same(flags[index], "required") {
            field.required = true;
        } else if same(flags[index], "repeats") {
            field.repeats = true;
        } else {
            let text = Text::new().name(flags[index]).add(" says nothing about field ").name(name);
            panic!("{}", text.add("; write `required`, `repeats`, both or none [iop E16]").as_str());
        }
        index += 1;
    }
    field
}

/// What a dictionary declares is sound.
///
/// # Panics
/// Where it is not.
#[track_caller]
pub const fn assert_declared(dictionary: &Dictionary) {
    if let Err(text) = dictionary.declared() {
        panic!("{}", text.add(" [iop E16]").as_str());
    }
}
