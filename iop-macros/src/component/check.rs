//! From [`ast`](super::ast) to [`model`](super::model): what a component may not be is reported here.
//!
//! Whether types fit (a setting type, a target's messages) is asked by rustc, in what is expanded; whether it has the
//! handlers that its kind needs, by the traits and constants that the expansion names.

use quote::{ToTokens, quote};
use syn::{Attribute, GenericArgument, Ident, LitStr, PathArguments, Type, parse_quote};

use super::ast::{Component, Field, Kind};
use super::model::{self, Effect, Entrance, Implied, Role};
use super::parse::ROLES;
use crate::attributes::{self, Argument};
use crate::errors::{Code, Errors};
use crate::suggest;

/// Settings of the engine for every item: the fields of `iop::component::ItemOptions`.
pub(crate) const RESERVED: [&str; 13] = [
    "pool_size",
    "enabled",
    "active",
    "timeout",
    "attempts",
    "backoff",
    "backoff_cap",
    "failure_timeout",
    "throttle",
    "breaker",
    "breaker_pause",
    "category",
    "request_timeout",
];

#[derive(Default)]
struct Arguments {
    name: Option<LitStr>,
    poll: bool,
    adapter: Option<Type>,
    effect: Option<Effect>,
    errors: Option<Type>,
    correlate: Option<Ident>,
}

/// `None` where nothing of use can be generated.
pub(crate) fn component(ast: &Component, errors: &mut Errors) -> Option<model::Component> {
    let arguments = arguments(ast, errors);
    if !ast.item.generics.params.is_empty() {
        let ident = &ast.item.ident;
        errors.report(
            &ast.item.generics.params,
            Code::E12,
            format!("the component `{ident}` is generic, and the catalogue needs one type for one name"),
            "write one component for each use, around what they share",
        );
        return None;
    }
    let entrance = match (ast.kind, arguments.poll, &arguments.adapter) {
        (Kind::Service, _, Some(adapter)) => Entrance::Adapter(Box::new(adapter.clone())),
        (Kind::Service, true, None) => Entrance::Poll,
        (Kind::Service, false, None) => Entrance::Plain,
        (Kind::Process, ..) => Entrance::Process,
        (Kind::Operation, ..) => Entrance::Operation,
    };
    let called = matches!(entrance, Entrance::Poll | Entrance::Adapter(_));
    let fields: Vec<model::Field> =
        ast.fields.iter().filter_map(|field| self::field(ast.kind, called, field, errors)).collect();
    let implied = implied(&entrance, &fields);
    let Arguments { name, effect, errors, correlate, .. } = arguments;
    let doc = attributes::docs(&ast.item.attrs);
    Some(model::Component { name, effect, errors, correlate, entrance, doc, fields, implied })
}

fn arguments(ast: &Component, errors: &mut Errors) -> Arguments {
    let known: &[&str] = match ast.kind {
        Kind::Service => &["poll", "adapter", "name"],
        Kind::Process => &["correlate", "name"],
        Kind::Operation => &["effect", "errors", "name"],
    };
    let mut read = Arguments::default();
    for (index, argument) in ast.arguments.iter().enumerate() {
        let key = argument.key.to_string();
        if ast.arguments.iter().take(index).any(|earlier| earlier.key == argument.key) {
            errors.report(&argument.key, Code::E12, format!("`{key}` is given twice"), "remove one");
            continue;
        }
        match key.as_str() {
            "name" => read.name = argument.text(errors),
            "poll" if ast.kind == Kind::Service => read.poll = argument.flag(errors),
            "adapter" if ast.kind == Kind::Service => read.adapter = argument.ty(errors),
            "effect" if ast.kind == Kind::Operation => read.effect = effect(argument, errors),
            "errors" if ast.kind == Kind::Operation => read.errors = argument.ty(errors),
            "correlate" if ast.kind == Kind::Process => read.correlate = correlate(argument, errors),
            "correlate" => errors.report(
                &argument.key,
                Code::E12,
                "`correlate` stands on what is not a process",
                "only a `#[business_process]` has a state in which it gathers",
            ),
            "effect" => errors.report(
                &argument.key,
                Code::E12,
                "`effect` stands on what is not an operation",
                "only a `#[business_operation]` acts on the outside",
            ),
            "errors" => errors.report(
                &argument.key,
                Code::E12,
                "`errors` stands on what is not an operation",
                "only a `#[business_operation]` acts on the outside; elsewhere the handler says `Error::fatal` or \
                 `Error::unavailable`",
            ),
            "poll" | "adapter" => errors.report(
                &argument.key,
                Code::E12,
                format!("`{key}` stands on what is not a service"),
                "only a `#[business_service]` gets input from outside",
            ),
            _ => argument.unknown(ast.kind.attribute(), known, errors),
        }
    }
    if read.poll
        && read.adapter.is_some()
        && let Some(poll) = ast.arguments.iter().find(|argument| argument.key == "poll")
    {
        errors.report(
            &poll.key,
            Code::E12,
            "`poll` stands beside `adapter`, which is polled already",
            "remove `poll`; `call_interval` says how often",
        );
    }
    read
}

/// The name of a `#[key]` field.
fn correlate(argument: &Argument, errors: &mut Errors) -> Option<Ident> {
    let field = argument.value.clone().and_then(|value| syn::parse2(value).ok());
    if field.is_none() {
        errors.report(
            argument.value.as_ref().map_or_else(|| argument.key.to_token_stream(), Clone::clone),
            Code::E12,
            "`correlate` takes the name of a `#[key]` field",
            "write `correlate = order_number`, a `#[key]` of every message that the process handles",
        );
    }
    field
}

fn effect(argument: &Argument, errors: &mut Errors) -> Option<Effect> {
    const WORDS: [&str; 3] = ["idempotent", "keyed", "at_most_once"];
    let text = argument.text(errors)?;
    match text.value().as_str() {
        "idempotent" => Some(Effect::Idempotent),
        "keyed" => Some(Effect::Keyed),
        "at_most_once" => Some(Effect::AtMostOnce),
        other => {
            let help = match suggest::closest(other, WORDS) {
                Some(meant) => format!("did you mean `\"{meant}\"`?"),
                None => {
                    "write `\"idempotent\"` where a second execution does the same as the first, `\"keyed\"` where the \
                         outside knows the idempotency key, `\"at_most_once\"` where it would do harm"
                        .to_owned()
                }
            };
            errors.report(&text, Code::E12, format!("`effect` cannot be `\"{other}\"`"), help);
            None
        }
    }
}

/// What the engine reads of a service that it calls.
fn implied(entrance: &Entrance, fields: &[model::Field]) -> Vec<Implied> {
    let mut implied = Vec::new();
    if matches!(entrance, Entrance::Poll | Entrance::Adapter(_)) {
        implied.push(Implied {
            name: "call_interval",
            doc: "The pause between two calls.",
            ty: quote!(::core::time::Duration),
        });
    }
    if matches!(entrance, Entrance::Poll) {
        implied.push(Implied {
            name: "first_call",
            doc: "When the first call is: `at_once` or `after_interval`.",
            ty: quote!(::iop::__private::FirstCall),
        });
    }
    implied.retain(|setting| !fields.iter().any(|field| field.ident == setting.name));
    implied
}

fn field(kind: Kind, called: bool, field: &Field, errors: &mut Errors) -> Option<model::Field> {
    for attribute in &field.foreign {
        let name = attributes::path_name(attribute);
        errors.report(
            attribute,
            Code::E12,
            format!("`#[{name}]` stands in a component"),
            "it marks a field of a `#[message]`; a field of a component is a `#[setting]`, a `#[target]`, a `#[state]` \
             or has no attribute",
        );
    }
    let Some(ident) = &field.ident else {
        errors.report(
            &field.ty,
            Code::E12,
            "a field of a component has no name",
            "write a struct with named fields, `struct Name { field: Type }`, or without any, `struct Name;`",
        );
        return None;
    };
    let mut role = role(kind, ident, field, errors);
    if matches!(role, Role::Setting(_)) && RESERVED.iter().any(|name| ident == name) {
        errors.report(
            ident,
            Code::E12,
            format!("every item has a setting `{ident}` of the engine's"),
            "give the field another name",
        );
        role = Role::Refused;
    }
    let engine = called && ident == "call_interval";
    if engine && !matches!(role, Role::Setting(_)) {
        errors.report(
            ident,
            Code::E12,
            "`call_interval` is a setting that the engine reads",
            "put `#[setting(default = \"5s\")]` on it, or give it another name",
        );
        role = Role::Refused;
    }
    let mut ty = field.ty.clone();
    if matches!(role, Role::Setting(_))
        && let Type::Reference(reference) = &ty
    {
        let owned = owned(&reference.elem);
        let fact = format!("the setting `{ident}` is a reference, and who would own its value?");
        errors.report(reference, Code::E12, fact, format!("write `{}`", owned.to_token_stream()));
        ty = owned;
    }
    if matches!(&role, Role::Target(target) if target.never_awaited) {
        never_awaited(&mut ty);
    }
    Some(model::Field {
        ident: ident.clone(),
        ty,
        cfgs: attributes::cfgs(&field.attributes),
        doc: attributes::docs(&field.attributes),
        duration: engine && matches!(role, Role::Setting(_)),
        role,
    })
}

fn role(kind: Kind, ident: &Ident, field: &Field, errors: &mut Errors) -> Role {
    let mut roles = field.roles.iter().filter_map(|attribute| {
        let name = attributes::meant(attribute, &ROLES, errors)?;
        Some((name, attribute, attributes::arguments_of(attribute, errors)))
    });
    let Some((name, attribute, arguments)) = roles.next() else { return without_attribute(ident, &field.ty, errors) };
    let others: Vec<_> = roles.map(|(name, attribute, _)| (name, attribute)).collect();
    for (other, attribute) in others {
        let fact = if other == name {
            format!("`#[{name}]` is given twice")
        } else {
            format!("the field `{ident}` is a `#[{name}]` and a `#[{other}]`")
        };
        errors.report(attribute, Code::E12, fact, "a field has one role; remove one");
    }
    match name {
        "setting" => Role::Setting(Box::new(setting(&arguments, errors))),
        "target" => {
            let (mut never_awaited, mut when) = (false, None);
            for argument in &arguments {
                match argument.key.to_string().as_str() {
                    "async" => never_awaited = argument.flag(errors),
                    "when" => when = argument.text(errors),
                    _ => argument.unknown("target", &["async", "when"], errors),
                }
            }
            let mut role = target(&field.ty, never_awaited, errors);
            if let Role::Target(target) = &mut role {
                target.when = when;
            }
            role
        }
        _ => {
            for argument in &arguments {
                argument.unknown("state", &[], errors);
            }
            state(kind, attribute, errors)
        }
    }
}

/// A target without its attribute would be filled by nobody.
fn without_attribute(ident: &Ident, ty: &Type, errors: &mut Errors) -> Role {
    let inner = argument_of(ty, "Option").unwrap_or(ty);
    if argument_of(inner, "Target").or_else(|| argument_of(inner, "Targets")).is_none() {
        return Role::Plain;
    }
    let fact = format!("the target `{ident}` has no attribute, and `production!` would not wire it");
    errors.report(ty, Code::E12, fact, format!("write `#[target]` in front of `{ident}`"));
    target(ty, false, errors)
}

fn state(kind: Kind, attribute: &Attribute, errors: &mut Errors) -> Role {
    if kind == Kind::Process {
        return Role::State;
    }
    errors.report(
        attribute,
        Code::E12,
        "`#[state]` stands in what is not a process",
        "only a process has a state that is stored with its request; a field without an attribute starts as `Default` in \
         each worker",
    );
    Role::Refused
}

/// `Target<…>`, `Option<Target<…>>` or `Targets<…>`, under whatever path. It is read as it is written, so that rustc can
/// point at the one message in it that is none.
fn target(ty: &Type, never_awaited: bool, errors: &mut Errors) -> Role {
    let (optional, inner) = match argument_of(ty, "Option") {
        Some(inner) => (true, inner),
        None => (false, ty),
    };
    let (many, set) = match (argument_of(inner, "Target"), argument_of(inner, "Targets")) {
        (Some(set), _) => (false, set),
        (None, Some(set)) if !optional => (true, set),
        (None, Some(_)) => {
            errors.report(
                ty,
                Code::E12,
                "a list of targets that may be left out",
                "write `Targets<…>`; it may be empty",
            );
            return Role::RefusedTarget;
        }
        (None, None) => {
            errors.report(
                ty,
                Code::E12,
                "the type of a `#[target]` is not a target",
                "write `Target<Message>`, `Option<Target<Message>>` where it may be left unwired, or `Targets<Message>` \
                 for a list",
            );
            return Role::RefusedTarget;
        }
    };
    let members = match set {
        Type::Tuple(tuple) => tuple.elems.iter().cloned().collect(),
        _ => Vec::new(),
    };
    Role::Target(Box::new(model::Target { many, never_awaited, when: None, set: set.clone(), members }))
}

/// What is written for a reference: `String` for `&str`.
pub(crate) fn owned(ty: &Type) -> Type {
    match ty {
        Type::Path(path) if path.path.is_ident("str") => parse_quote!(String),
        ty => ty.clone(),
    }
}

/// `Target<M>` becomes `Target<M, NeverAwaited>`, also in an `Option`.
fn never_awaited(ty: &mut Type) {
    let Type::Path(path) = ty else { return };
    let Some(segment) = path.path.segments.last_mut() else { return };
    let PathArguments::AngleBracketed(arguments) = &mut segment.arguments else { return };
    match arguments.args.first_mut() {
        Some(GenericArgument::Type(inner)) if segment.ident == "Option" => never_awaited(inner),
        _ => arguments.args.push(parse_quote!(::iop::__private::NeverAwaited)),
    }
}

/// The `T` of `Name<T>`.
fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(argument)) if arguments.args.len() == 1 => Some(argument),
        _ => None,
    }
}

fn setting(arguments: &[Argument], errors: &mut Errors) -> model::Setting {
    let mut setting = model::Setting::default();
    for (index, argument) in arguments.iter().enumerate() {
        let key = argument.key.to_string();
        if arguments.iter().take(index).any(|earlier| earlier.key == argument.key) {
            errors.report(&argument.key, Code::E12, format!("`{key}` is given twice"), "remove one");
            continue;
        }
        let slot = match key.as_str() {
            "default" => &mut setting.default,
            "min" => &mut setting.min,
            "max" => &mut setting.max,
            "unit" => {
                setting.unit = argument.text(errors);
                continue;
            }
            _ => {
                argument.unknown("setting", &["default", "min", "max", "unit"], errors);
                continue;
            }
        };
        match &argument.value {
            Some(value) => *slot = Some(value.to_token_stream()),
            None => errors.report(
                &argument.key,
                Code::E12,
                format!("`{key}` has no value"),
                format!(
                    "write `#[setting({key} = …)]`; a setting without a default must be given, one of type `Option<…>` may \
                     be left out"
                ),
            ),
        }
    }
    setting
}
