//! What a path leads to, and what is wrong with one that leads to nothing. Constant functions: the compiler runs them for
//! `hl7!`, and [`Path::parse`](super::super::Path::parse) runs them for paths that are data.
#![allow(
    clippy::result_large_err,
    reason = "an error text is put together while compiling, where nothing is allocated"
)]

use super::suggest::{distance, limit};
use super::{Dictionary, Field, Row};
use crate::production::proof::{Text, same};

/// The types that are a single text.
const TEXTS: [&str; 11] = ["ST", "NM", "ID", "IS", "SI", "DT", "TM", "DTM", "TX", "FT", "GTS"];

/// A result while compiling. The text says what is wrong, without the code of its page.
pub(crate) type Looked<T> = Result<T, Text>;

/// How a field or component is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Wanted<'a> {
    Number(u16),
    Name(&'a str),
}

impl Dictionary {
    /// The name of a segment, as the dictionary has it.
    pub(crate) const fn segment(&self, name: &str) -> Looked<&'static str> {
        match self.segment_within(name, 0) {
            Some(found) => Ok(found),
            // What was meant is looked for only where there is an error to be worded: this takes its time.
            None => Err(self.no_segment(name)),
        }
    }

    /// The first segment whose name is so near, in this dictionary or the one that it extends.
    const fn segment_within(&self, name: &str, limit: usize) -> Option<&'static str> {
        let mut dictionary = Some(self);
        while let Some(here) = dictionary {
            let mut chapter = 0;
            while chapter < here.segments.len() {
                let rows = here.segments[chapter];
                let mut index = 0;
                while index < rows.len() {
                    let other = rows[index].name;
                    if if limit == 0 { same(other, name) } else { distance(other, name, limit).is_some() } {
                        return Some(other);
                    }
                    index += 1;
                }
                chapter += 1;
            }
            dictionary = here.extends;
        }
        None
    }

    const fn no_segment(&self, name: &str) -> Text {
        let text = Text::new().add("there is no segment ").name(name).add(" in ").add(self.name);
        match self.segment_within(name, 1) {
            Some(near) => text.add("; did you mean ").name(near).add("?"),
            None => text
                .add("; declare what your site has with `hl7_dictionary! { pub SITE extends V251 { ")
                .add(name)
                .add(" { field: ST } } }`, and write ` in SITE` behind the path"),
        }
    }

    /// A field of a segment that the dictionary has, and its number.
    pub(crate) const fn field(&self, segment: &str, wanted: Wanted<'_>) -> Looked<(u16, &'static Field)> {
        let mut dictionary = Some(self);
        while let Some(here) = dictionary {
            let mut chapter = 0;
            while chapter < here.segments.len() {
                let rows = here.segments[chapter];
                let mut index = 0;
                while index < rows.len() {
                    if same(rows[index].name, segment)
                        && let Some(found) = rows[index].find(wanted)
                    {
                        return Ok(found);
                    }
                    index += 1;
                }
                chapter += 1;
            }
            dictionary = here.extends;
        }
        Err(self.no_field(segment, wanted))
    }

    const fn no_field(&self, segment: &str, wanted: Wanted<'_>) -> Text {
        let text = Text::new().add(segment).add(" has no field ");
        let mut text = match wanted {
            Wanted::Number(number) => text.number(number as u32).add("; it has "),
            Wanted::Name(name) => text.name(name),
        };
        let mut near = Near::NONE;
        let mut first = true;
        let mut dictionary = Some(self);
        while let Some(here) = dictionary {
            let mut chapter = 0;
            while chapter < here.segments.len() {
                let rows = here.segments[chapter];
                let mut index = 0;
                while index < rows.len() {
                    if same(rows[index].name, segment) {
                        match wanted {
                            Wanted::Number(_) => text = rows[index].range(text, first),
                            Wanted::Name(name) => near = rows[index].nearest(name, near),
                        }
                        first = false;
                    }
                    index += 1;
                }
                chapter += 1;
            }
            dictionary = here.extends;
        }
        match wanted {
            Wanted::Number(_) => text,
            Wanted::Name(_) => near.suggested(text),
        }
    }

    /// A component of a data type, and its number.
    pub(crate) const fn component(&self, of: &str, wanted: Wanted<'_>) -> Option<(u16, Field)> {
        match (self.data_type(of), wanted) {
            (Some(row), _) => match row.find(wanted) {
                Some((number, field)) => Some((number, *field)),
                None => None,
            },
            // Another field says which type it is, or the standard no longer does.
            (None, Wanted::Number(number)) if number > 0 && open(of) => Some((number, ANYTHING)),
            (None, _) => None,
        }
    }

    /// Why there is no such component. `place` is the path up to there.
    pub(crate) const fn no_component(&self, of: &str, place: &Text, wanted: Wanted<'_>) -> Text {
        let text = Text::new().add(place.as_str()).add(" is of the type ").add(of);
        let Some(row) = self.data_type(of) else {
            return text.add(", which has no components; write ").name(place.as_str());
        };
        let text = text.add(", which has no component ");
        match wanted {
            Wanted::Number(number) => row.range(text.number(number as u32).add("; it has "), true),
            Wanted::Name(name) => row.nearest(name, Near::NONE).suggested(text.name(name)),
        }
    }

    const fn data_type(&self, name: &str) -> Option<&'static Row> {
        let mut dictionary = Some(self);
        while let Some(here) = dictionary {
            let mut index = 0;
            while index < here.types.len() {
                if same(here.types[index].name, name) {
                    return Some(&here.types[index]);
                }
                index += 1;
            }
            dictionary = here.extends;
        }
        None
    }

    /// Whether what it declares is sound; the dictionary that it extends was asked where it was declared.
    pub(crate) const fn declared(&self) -> Looked<()> {
        let mut chapter = 0;
        while chapter < self.segments.len() {
            let rows = self.segments[chapter];
            let mut index = 0;
            while index < rows.len() {
                if rows[index].name.len() != 3 {
                    return Err(Text::new()
                        .add("the name of a segment has three letters, which ")
                        .name(rows[index].name)
                        .add(" has not"));
                }
                if let Err(text) = self.sound(&rows[index]) {
                    return Err(text);
                }
                index += 1;
            }
            chapter += 1;
        }
        let mut index = 0;
        while index < self.types.len() {
            if let Err(text) = self.sound(&self.types[index]) {
                return Err(text);
            }
            index += 1;
        }
        Ok(())
    }

    const fn sound(&self, row: &Row) -> Looked<()> {
        let mut index = 0;
        while index < row.fields.len() {
            let field = &row.fields[index];
            let place = Text::new().add("field ").name(field.name).add(" of ").name(row.name);
            let mut other = 0;
            while other < index {
                if same(row.fields[other].name, field.name) {
                    return Err(place.add(" is declared twice"));
                }
                other += 1;
            }
            if !self.known(field.of) {
                let text = place.add(" is of the type ").name(field.of).add(", which ").add(self.name);
                return Err(text.add(" does not have; declare it with `type ").add(field.of).add(" { part: ST }`"));
            }
            index += 1;
        }
        Ok(())
    }

    const fn known(&self, of: &str) -> bool {
        self.data_type(of).is_some() || crate::production::proof::contains(&TEXTS, of) || open(of)
    }
}

/// What a component of a field without a declared type may be.
const ANYTHING: Field = Field { name: "", of: "varies", required: false, repeats: true };

/// Whether a type says nothing of its components.
const fn open(of: &str) -> bool {
    same(of, "varies") || same(of, "withdrawn")
}

/// The closest name so far.
#[derive(Clone, Copy)]
struct Near {
    name: &'static str,
    distance: usize,
}

impl Near {
    const NONE: Self = Self { name: "", distance: usize::MAX };

    const fn suggested(self, text: Text) -> Text {
        if self.distance == usize::MAX {
            return text.add("; the names are those of the standard in lower case, or write its number");
        }
        text.add("; did you mean ").name(self.name).add("?")
    }
}

impl Row {
    const fn find(&'static self, wanted: Wanted<'_>) -> Option<(u16, &'static Field)> {
        let mut index = match wanted {
            Wanted::Number(number) if number < self.first => return None,
            Wanted::Number(number) => (number - self.first) as usize,
            Wanted::Name(_) => 0,
        };
        while index < self.fields.len() {
            let field = &self.fields[index];
            match wanted {
                Wanted::Name(name) if !same(name, field.name) => index += 1,
                _ => return Some((self.first + index as u16, field)),
            }
        }
        None
    }

    const fn nearest(&self, name: &str, mut near: Near) -> Near {
        let mut index = 0;
        while index < self.fields.len() {
            let other = self.fields[index].name;
            if let Some(distance) = distance(name, other, limit(name))
                && distance < near.distance
            {
                near = Near { name: other, distance };
            }
            index += 1;
        }
        near
    }

    /// Adds the numbers that it has.
    const fn range(&self, text: Text, first: bool) -> Text {
        let text = if first { text } else { text.add(", and ") };
        let last = self.first as u32 + self.fields.len() as u32 - 1;
        let text = text.number(self.first as u32);
        if last == self.first as u32 { text } else { text.add(" to ").number(last) }
    }
}
