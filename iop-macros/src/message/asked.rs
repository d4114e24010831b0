//! Of which fields a message asks rustc whether their types can be stored: those of types that the macro does not know.
//!
//! A type that cannot would be refused by every derive for itself, in the words of serde and of schemars. What is asked about
//! is told once, on the type, what to write: see `stored.rs`. Where an attribute changes what the derives make of the item or
//! of a field, nothing is asked, and the derives say what they say.

use quote::ToTokens;
use syn::{Attribute, GenericArgument, PathArguments, Type};

use super::ast::{Field, Message};
use super::json_name;
use super::model::Note;
use crate::attributes;

/// Types that can be stored. Where somebody calls a type of his own so, the derives have the word.
const PLAIN_TYPES: [&str; 18] = [
    "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
    "f64", "String", "Duration",
];
/// Types that can be stored where what they hold can.
const WRAPPERS: [&str; 8] = ["Option", "Box", "Vec", "VecDeque", "HashMap", "BTreeMap", "HashSet", "BTreeSet"];
/// Attributes of the item beside which the derives make what they make without them.
const OF_ITEMS: [&str; 11] =
    ["doc", "derive", "allow", "expect", "warn", "deny", "must_use", "deprecated", "non_exhaustive", "repr", "serde"];
/// What `#[serde(…)]` may say of the item.
const OF_ITEMS_IN_SERDE: [&str; 5] = ["rename_all", "rename_all_fields", "tag", "content", "untagged"];
/// What `#[serde(…)]` says of a field that then goes a way of its own.
const OF_FIELDS_IN_SERDE: [&str; 9] = [
    "with",
    "serialize_with",
    "deserialize_with",
    "skip",
    "skip_serializing",
    "skip_deserializing",
    "bound",
    "borrow",
    "getter",
];

/// Notes for each field what is asked of its type.
pub(super) fn ask(ast: &Message, notes: &mut [Vec<Note>]) {
    if !ast.generics.params.is_empty() || !plain_item(&ast.attributes) || !ast.shapes.iter().all(plain_shape) {
        return;
    }
    for (shape, notes) in ast.shapes.iter().zip(notes) {
        for (field, note) in shape.fields.iter().zip(notes) {
            if !goes_its_own_way(field) {
                note.asked = leaves(&field.ty);
            }
        }
    }
}

fn plain_item(written: &[Attribute]) -> bool {
    written.iter().all(|attribute| OF_ITEMS.contains(&attributes::path_name(attribute).as_str()))
        && json_name::words(written).iter().all(|word| OF_ITEMS_IN_SERDE.contains(&word.as_str()))
        && !derived(written).any(|name| ["Serialize", "Deserialize", "JsonSchema"].contains(&name.as_str()))
}

/// What is there only sometimes cannot be asked about; and in a copy of the type, `Self` would be another.
fn plain_shape(shape: &super::ast::Shape) -> bool {
    let conditional = |attribute: &Attribute| {
        let name = attributes::path_name(attribute);
        name == "cfg" || name == "cfg_attr"
    };
    let names_self = |field: &Field| words(&field.ty).split_whitespace().any(|word| word == "Self");
    !shape.attributes.iter().any(conditional)
        && !shape.fields.iter().any(|field| field.attributes.iter().any(conditional) || names_self(field))
}

fn goes_its_own_way(field: &Field) -> bool {
    let words = json_name::words(&field.attributes);
    words.iter().any(|word| OF_FIELDS_IN_SERDE.contains(&word.as_str()))
        || field.attributes.iter().any(|attribute| attribute.path().is_ident("schemars"))
}

/// The words in the `#[derive(…)]` attributes.
pub(super) fn derived(written: &[Attribute]) -> impl Iterator<Item = String> {
    let lists = written.iter().filter(|attribute| attribute.path().is_ident("derive"));
    let tokens = lists.filter_map(|attribute| attribute.meta.require_list().ok()).flat_map(|list| list.tokens.clone());
    tokens.map(|token| token.to_string())
}

/// What is asked about in a type: the type, or what its wrappers hold. Nothing where all of it is known, or where it cannot
/// be written down once more, as a type that a macro has named by `$crate`.
fn leaves(ty: &Type) -> Vec<Type> {
    let mut found = Vec::new();
    if words(ty).contains('$') || !collect(ty, &mut found) {
        found.clear();
    }
    found
}

fn words(ty: &Type) -> String {
    ty.to_token_stream().to_string()
}

/// `false` where something is in it that is no type of a name.
fn collect(ty: &Type, found: &mut Vec<Type>) -> bool {
    match ty {
        Type::Array(array) => collect(&array.elem, found),
        Type::Group(group) => collect(&group.elem, found),
        Type::Paren(paren) => collect(&paren.elem, found),
        Type::Tuple(tuple) => tuple.elems.iter().all(|element| collect(element, found)),
        Type::Path(path) if path.qself.is_none() => {
            let Some(last) = path.path.segments.last() else { return false };
            let name = last.ident.to_string();
            match &last.arguments {
                PathArguments::None if PLAIN_TYPES.contains(&name.as_str()) => true,
                PathArguments::AngleBracketed(held) if WRAPPERS.contains(&name.as_str()) => {
                    held.args.iter().all(|held| matches!(held, GenericArgument::Type(held) if collect(held, found)))
                }
                _ => {
                    found.push(ty.clone());
                    true
                }
            }
        }
        _ => false,
    }
}
