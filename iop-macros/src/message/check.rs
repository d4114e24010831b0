//! From [`ast`](super::ast) to [`model`](super::model): what a message may not be is reported here and nowhere else.
//!
//! Whether types fit (a response that is no message, a key without a text) is asked by rustc, in what is expanded.

use syn::{Attribute, LitInt, LitStr, Type};

use super::ast::{MarkedField, Message, Shape};
use super::json_name::{self, Case};
use super::model::{self, Arm, Key, Model};
use crate::attributes::{self, Argument};
use crate::component::MARKS;
use crate::errors::{Code, Errors};

const ARGUMENTS: [&str; 5] = ["response", "name", "version", "transient", "part"];

#[derive(Default)]
struct Arguments {
    response: Option<Type>,
    name: Option<LitStr>,
    version: Option<LitInt>,
    transient: bool,
    part: bool,
}

pub(crate) fn message(ast: &Message, errors: &mut Errors) -> Model {
    let arguments = arguments(&ast.arguments, errors);
    for attribute in ast.shapes.iter().flat_map(|shape| &shape.marked).flat_map(|marked| &marked.foreign) {
        let name = attributes::path_name(attribute);
        errors.report(
            attribute,
            Code::E12,
            format!("`#[{name}]` stands in a message"),
            "it gives a field of a component its role; a field of a message is a `#[key]`, is `#[sensitive]` or has no \
             attribute",
        );
    }
    if arguments.part {
        for marked in ast.shapes.iter().flat_map(|shape| &shape.marked) {
            for attribute in &marked.marks {
                let name = attributes::path_name(attribute);
                errors.report(
                    attribute,
                    Code::E12,
                    format!("`#[{name}]` stands in a type that is not a message"),
                    format!("mark the field of the message, or write `#[message]` without `part` on `{}`", ast.ident),
                );
            }
        }
        return Model::Part;
    }
    if !ast.generics.params.is_empty() {
        let ident = &ast.ident;
        errors.report(
            &ast.generics.params,
            Code::E12,
            format!("the message `{ident}` is generic, and a stored message needs one name and one form"),
            format!(
                "write one message type for each use, or `#[message(part)]` if `{ident}` only stands inside messages"
            ),
        );
        return Model::Broken;
    }
    let container = json_name::case(&ast.attributes, "rename_all");
    let of_variants = json_name::case(&ast.attributes, "rename_all_fields");
    let mut model = model::Message {
        name: arguments.name,
        version: arguments.version,
        transient: arguments.transient,
        response: arguments.response,
        doc: attributes::docs(&ast.attributes),
        arms: Vec::new(),
        keys: Vec::new(),
        sensitive: Vec::new(),
    };
    for shape in &ast.shapes {
        let case = if shape.variant.is_none() {
            container
        } else {
            json_name::case(&shape.attributes, "rename_all").or(of_variants)
        };
        shape_into(&mut model, shape, case.unwrap_or(Case::Unchanged), errors);
    }
    Model::Message(Box::new(model))
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
            "name" => read.name = argument.text(errors),
            "version" => read.version = version(argument, errors),
            "transient" => read.transient = argument.flag(errors),
            "part" => read.part = argument.flag(errors),
            _ => argument.unknown("message", &ARGUMENTS, errors),
        }
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

fn shape_into(model: &mut model::Message, shape: &Shape, case: Case, errors: &mut Errors) {
    let mut keys = Vec::new();
    for marked in &shape.marked {
        let marks = marks(&marked.marks, errors);
        let Some(ident) = &marked.ident else {
            unnamed(marked, errors);
            continue;
        };
        let name = json_name::field(&ident.to_string(), &marked.attributes, case);
        if marks.contains(&"key") {
            once(&mut model.keys, &name);
            let cfgs = attributes::cfgs(&marked.attributes);
            keys.push(Key { ident: ident.clone(), ty: marked.ty.clone(), name: name.clone(), cfgs });
        }
        if marks.contains(&"sensitive") {
            once(&mut model.sensitive, &name);
        }
    }
    model.arms.push(Arm { variant: shape.variant.clone(), keys });
}

fn marks(written: &[Attribute], errors: &mut Errors) -> Vec<&'static str> {
    let mut marks = Vec::new();
    for attribute in written {
        let Some(name) = attributes::meant(attribute, &MARKS, errors) else { continue };
        for argument in attributes::arguments_of(attribute, errors) {
            argument.unknown(name, &[], errors);
        }
        if marks.contains(&name) {
            errors.report(attribute, Code::E12, format!("`#[{name}]` is given twice"), "remove one");
        }
        marks.push(name);
    }
    marks
}

fn once(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

fn unnamed(marked: &MarkedField, errors: &mut Errors) {
    for attribute in &marked.marks {
        let name = attributes::path_name(attribute);
        errors.report(
            attribute,
            Code::E12,
            format!("`#[{name}]` stands on a field without a name"),
            "it is found by its name in the stored JSON: use named fields, `{ name: Type }`",
        );
    }
}
