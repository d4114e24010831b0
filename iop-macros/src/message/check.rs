//! From [`ast`](super::ast) to [`model`](super::model): what a message may not be is reported here and nowhere else.
//!
//! Whether types fit (a response that is no message, a key without a text, an upgrade to another type) is asked by rustc,
//! in what is expanded.

use syn::{Attribute, Expr, LitInt, LitStr, Path, Type};

use super::asked;
use super::ast::{Field, Message, Shape};
use super::json_name::{self, Case};
use super::model::{self, Arm, Key, Model, Note, Role};
use crate::attributes::{self, Argument};
use crate::component::MARKS;
use crate::errors::{Code, Errors};

const ARGUMENTS: [&str; 8] = ["response", "chunk", "input", "name", "version", "upgrade", "transient", "part"];

#[derive(Default)]
struct Arguments {
    response: Option<Type>,
    chunk: Option<Type>,
    input: Option<Type>,
    name: Option<LitStr>,
    version: Option<LitInt>,
    upgrades: Vec<Path>,
    transient: bool,
    part: bool,
}

pub(crate) fn message(ast: &Message, errors: &mut Errors) -> Model {
    let arguments = arguments(&ast.arguments, errors);
    foreign(ast, errors);
    stored(ast, errors);
    let mut model = model::Message {
        name: arguments.name,
        version: arguments.version,
        upgrades: arguments.upgrades,
        transient: arguments.transient,
        response: arguments.response,
        chunk: arguments.chunk,
        input: arguments.input,
        doc: attributes::docs(&ast.attributes),
        arms: Vec::new(),
        keys: Vec::new(),
        sensitive: Vec::new(),
    };
    let container = json_name::case(&ast.attributes, "rename_all");
    let of_variants = json_name::case(&ast.attributes, "rename_all_fields");
    let mut notes = Vec::new();
    for shape in &ast.shapes {
        let case = if shape.variant.is_none() {
            container
        } else {
            json_name::case(&shape.attributes, "rename_all").or(of_variants)
        };
        notes.push(shape_into(&mut model, shape, case.unwrap_or(Case::Unchanged), arguments.part, errors));
    }
    let role = if arguments.part {
        keys_of_a_part(ast, errors);
        Role::Part
    } else if !ast.generics.params.is_empty() {
        generic(ast, errors);
        Role::Broken
    } else {
        Role::Message(Box::new(model))
    };
    asked::ask(ast, &mut notes);
    let aliases = ast.shapes.iter().filter(|shape| shape.variant.is_some());
    Model { role, notes, aliases: aliases.map(|shape| json_name::aliases(&shape.attributes)).collect() }
}

fn fields(ast: &Message) -> impl Iterator<Item = &Field> {
    ast.shapes.iter().flat_map(|shape| &shape.fields)
}

/// Attributes that stand in components.
fn foreign(ast: &Message, errors: &mut Errors) {
    for attribute in fields(ast).flat_map(|field| &field.foreign) {
        let name = attributes::path_name(attribute);
        errors.report(
            attribute,
            Code::E12,
            format!("`#[{name}]` stands in a message"),
            "it gives a field of a component its role; a field of a message is a `#[key]`, is `#[sensitive]` or has no \
             attribute",
        );
    }
}

/// What is stored today is read by the program of tomorrow.
fn stored(ast: &Message, errors: &mut Errors) {
    if let Some(refuses) = json_name::flag(&ast.attributes, "deny_unknown_fields") {
        let ident = &ast.ident;
        errors.report(
            refuses,
            Code::E14,
            format!(
                "`{ident}` refuses unknown fields, so that its next version could not read what this one has stored"
            ),
            "remove `deny_unknown_fields`; a field that is not known is left out when the message is accepted",
        );
    }
}

fn generic(ast: &Message, errors: &mut Errors) {
    let ident = &ast.ident;
    errors.report(
        &ast.generics.params,
        Code::E12,
        format!("the message `{ident}` is generic, and a stored message needs one name and one form"),
        format!("write one message type for each use, or `#[message(part)]` if `{ident}` only stands inside messages"),
    );
}

fn keys_of_a_part(ast: &Message, errors: &mut Errors) {
    for attribute in fields(ast).flat_map(|field| &field.marks) {
        if attributes::path_name(attribute) == "key" {
            errors.report(
                attribute,
                Code::E12,
                "`#[key]` stands in a type that is not a message",
                format!("mark the field of the message, or write `#[message]` without `part` on `{}`", ast.ident),
            );
        }
    }
}

fn arguments(written: &[Argument], errors: &mut Errors) -> Arguments {
    let mut read = Arguments::default();
    for (index, argument) in written.iter().enumerate() {
        let key = argument.key.to_string();
        if written.iter().take(index).any(|earlier| earlier.key == argument.key) {
            errors.report(&argument.key, Code::E12, format!("`{key}` is given twice"), "remove one");
            continue;
        }
        match key.as_str() {
            "response" => read.response = argument.ty(errors),
            "chunk" => read.chunk = argument.ty(errors),
            "input" => read.input = argument.ty(errors),
            "name" => read.name = argument.text(errors),
            "version" => read.version = version(argument, errors),
            "upgrade" => read.upgrades = upgrades(argument, errors),
            "transient" => read.transient = argument.flag(errors),
            "part" => read.part = argument.flag(errors),
            _ => argument.unknown("message", &ARGUMENTS, errors),
        }
    }
    if let Some(argument) = written.iter().find(|argument| argument.key == "input")
        && !written.iter().any(|argument| argument.key == "chunk")
    {
        errors.report(
            &argument.key,
            Code::E12,
            "`input` stands without `chunk`, and who takes input while it works gives chunks",
            "write `chunk = …`, the type of what comes back while the exchange lasts",
        );
        read.input = None;
    }
    if read.part {
        for argument in written.iter().filter(|argument| argument.key != "part") {
            let key = &argument.key;
            errors.report(
                key,
                Code::E12,
                format!("`{key}` stands beside `part`, which makes no message"),
                format!("remove `part`, or remove `{key}`"),
            );
        }
    }
    older_versions(&read, errors);
    read
}

fn version(argument: &Argument, errors: &mut Errors) -> Option<LitInt> {
    let number = argument.value.clone().and_then(|value| syn::parse2::<LitInt>(value).ok());
    if let Some(number) = number
        && number.base10_parse::<u32>().is_ok_and(|version| version > 0)
    {
        return Some(number);
    }
    match &argument.value {
        Some(value) => errors.report(value, Code::E12, "`version` takes a number from 1", "write `version = 2`"),
        None => errors.report(&argument.key, Code::E12, "`version` has no value", "write `version = 2`"),
    }
    None
}

/// `upgrade = from_v1`, or `upgrade = [from_v1, from_v2]`.
fn upgrades(argument: &Argument, errors: &mut Errors) -> Vec<Path> {
    const HELP: &str =
        "write `upgrade = from_v1`, or `upgrade = [from_v1, from_v2]`, each from one version to the next";
    let written = match argument.value.clone().map(syn::parse2::<Expr>) {
        Some(Ok(Expr::Array(list))) => list.elems.into_iter().collect(),
        Some(Ok(one)) => vec![one],
        Some(Err(_)) => {
            errors.report(&argument.value, Code::E14, "`upgrade` takes functions", HELP);
            return Vec::new();
        }
        None => {
            errors.report(&argument.key, Code::E14, "`upgrade` has no value", HELP);
            return Vec::new();
        }
    };
    let mut functions = Vec::new();
    for function in written {
        match function {
            Expr::Path(path) => functions.push(path.path),
            other => errors.report(other, Code::E14, "`upgrade` takes the names of functions", HELP),
        }
    }
    functions
}

/// Each upgrade makes a version from the one before; version 1 has none before it.
fn older_versions(read: &Arguments, errors: &mut Errors) {
    let version = read.version.as_ref().map_or(Ok(1), LitInt::base10_parse::<usize>).unwrap_or(1);
    let Some(too_many) = read.upgrades.len().checked_sub(version).and_then(|index| read.upgrades.get(index)) else {
        return;
    };
    errors.report(
        too_many,
        Code::E14,
        format!("there is no version before 1 that it could upgrade; this type is version {version}"),
        format!("write `version = {}`, or remove a function: the last one makes this version", read.upgrades.len() + 1),
    );
}

fn shape_into(model: &mut model::Message, shape: &Shape, case: Case, part: bool, errors: &mut Errors) -> Vec<Note> {
    let mut keys = Vec::new();
    let mut notes = Vec::new();
    for field in &shape.fields {
        let marks = marks(&field.marks, errors);
        let mut note = Note { aliases: json_name::aliases(&field.attributes), ..Note::default() };
        note.sensitive = marks.sensitive && !flattened(field, errors);
        if let Some(key) = marks.key.filter(|_| !part) {
            let hashed = key.hashed;
            if marks.sensitive && !hashed {
                in_the_clear(key.attribute, field, errors);
            }
            match &field.ident {
                Some(ident) => {
                    let name = json_name::field(&ident.to_string(), &field.attributes, case);
                    let cfgs = attributes::cfgs(&field.attributes);
                    once(&mut model.keys, &name);
                    keys.push(Key { ident: ident.clone(), ty: field.ty.clone(), name, hashed, cfgs });
                    note.key = true;
                }
                None => unnamed(field, errors),
            }
        }
        if let (true, Some(ident)) = (note.sensitive, &field.ident) {
            once(&mut model.sensitive, &json_name::field(&ident.to_string(), &field.attributes, case));
        }
        notes.push(note);
    }
    model.arms.push(Arm { variant: shape.variant.clone(), keys });
    notes
}

/// What is written on a field.
#[derive(Default)]
struct Marks<'a> {
    key: Option<KeyMark<'a>>,
    sensitive: bool,
}

/// `#[key]` or `#[key(hashed)]`.
struct KeyMark<'a> {
    attribute: &'a Attribute,
    hashed: bool,
}

fn marks<'a>(written: &'a [Attribute], errors: &mut Errors) -> Marks<'a> {
    let mut marks = Marks::default();
    for attribute in written {
        let Some(name) = attributes::meant(attribute, &MARKS, errors) else { continue };
        let mut hashed = false;
        for argument in attributes::arguments_of(attribute, errors) {
            match name {
                "key" if argument.key == "hashed" => hashed = argument.flag(errors),
                "key" => argument.unknown(name, &["hashed"], errors),
                _ => argument.unknown(name, &[], errors),
            }
        }
        let twice = match name {
            "key" => marks.key.replace(KeyMark { attribute, hashed }).is_some(),
            _ => std::mem::replace(&mut marks.sensitive, true),
        };
        if twice {
            errors.report(attribute, Code::E12, format!("`#[{name}]` is given twice"), "remove one");
        }
    }
    marks
}

/// The index of keys is not masked anywhere.
fn in_the_clear(attribute: &Attribute, field: &Field, errors: &mut Errors) {
    let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
    errors.report(
        attribute,
        Code::E15,
        format!("`{name}` is sensitive, and the index of keys would have its value in the clear"),
        "write `#[key(hashed)]`: a message is found by the value all the same, and the index has only a hash of it",
    );
}

fn once(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

/// A flattened field has no place of its own in the JSON, so there is nothing to mask.
fn flattened(field: &Field, errors: &mut Errors) -> bool {
    if json_name::flag(&field.attributes, "flatten").is_none() {
        return false;
    }
    for attribute in &field.marks {
        if attributes::path_name(attribute) == "sensitive" {
            errors.report(
                attribute,
                Code::E12,
                "`#[sensitive]` stands on a flattened field, which has no place of its own in the JSON",
                "mark the fields of its type",
            );
        }
    }
    true
}

fn unnamed(field: &Field, errors: &mut Errors) {
    for attribute in &field.marks {
        if attributes::path_name(attribute) == "key" {
            errors.report(
                attribute,
                Code::E12,
                "`#[key]` stands on a field without a name",
                "it is found by its name in the stored JSON: use named fields, `{ name: Type }`",
            );
        }
    }
}
